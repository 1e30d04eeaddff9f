from __future__ import annotations

from ctypes import c_float

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cod.cdi.scalars import (
    Scalar,
    UnreadableScalar,
    as_integer,
    as_key,
    as_text,
    float32_text,
    number_text,
    resolve,
    resolve_tagged,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((text, True) for text in ("y", "Y", "yes", "On", "TRUE")),
        *((text, False) for text in ("n", "No", "off", "False")),
        *((text, None) for text in ("", "~", "null", "NULL")),
        *(
            (text, text)
            for text in ("nUll", "yES", "<<", ".", "-", "+", "0x", "0b2", "1.2.3", "a", "é", "_1")
        ),
        *(
            ("0", 0),
            ("-0", 0),
            ("+7", 7),
            ("010", 8),
            ("0o17", 15),
            ("0x1F", 31),
            ("-0b11", -3),
            ("1_000", 1000),
        ),
        *(("08", 8.0), ("1.10", 1.1), ("1e3", 1000.0), (".5", 0.5), ("5.", 5.0), (".inf", float("inf"))),
        *(("18446744073709551615", 2**64 - 1), ("18446744073709551616", 2.0**64)),
        *(("-9223372036854775808", -(2**63)), ("-9223372036854775809", -(2.0**63))),
        *(("2001-01-01", "2001-01-01"), ("1:30", "1:30"), ("1e999", "1e999"), ("0" * 5000 + "7", 7)),
    ],
)
def test_a_plain_scalar_is(text: str, value: Scalar) -> None:
    found = resolve(text)
    assert (type(found), found) == (type(value), value)


def test_an_endless_number_is_text() -> None:
    assert resolve("9" * 5000) == "9" * 5000
    assert resolve("-0x" + "f" * 5000) == "-0x" + "f" * 5000


@pytest.mark.parametrize(
    ("tag", "text", "value"),
    [
        *(
            ("str", "1", "1"),
            ("int", "0x10", 16),
            ("float", "1", 1.0),
            ("bool", "on", True),
            ("null", "~", None),
        ),
        *(("binary", "aGk=", "hi"), ("binary", "/w==", "\ufffd"), ("timestamp", "2001-01-01", "2001-01-01")),
    ],
)
def test_a_tagged_scalar_is(tag: str, text: str, value: Scalar) -> None:
    found = resolve_tagged(f"tag:yaml.org,2002:{tag}", text)
    assert (type(found), found) == (type(value), value)


def test_a_tag_of_other_people_s_making_is_passed_over() -> None:
    assert resolve_tagged("!mine", "1") == "1"


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("int", "1.5"),
        ("int", "a"),
        ("bool", "1"),
        ("null", "a"),
        ("float", "a"),
        ("binary", "?"),
        ("timestamp", "x"),
    ],
)
def test_a_tag_that_does_not_fit_is_refused(tag: str, text: str) -> None:
    with pytest.raises(UnreadableScalar):
        resolve_tagged(f"tag:yaml.org,2002:{tag}", text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *(
            (None, ""),
            (True, "true"),
            (False, "false"),
            (12, "12"),
            ("a", "a"),
            (1.1, "1.1"),
            (1e21, "1e+21"),
        ),
        *(
            (16777217.5, "1.6777218e+07"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (-0.0, "-0"),
            (100000.0, "100000"),
        ),
        *((1e6, "1e+06"), (1e39, "+Inf"), (float("-inf"), "-Inf"), (float("nan"), "NaN")),
    ],
)
def test_a_scalar_becomes_text(value: Scalar, text: str) -> None:
    assert as_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(float("inf"), ".inf"), (float("-inf"), "-.inf"), (float("nan"), ".nan"), (1.5, "1.5")],
)
def test_a_scalar_becomes_a_key(value: Scalar, text: str) -> None:
    assert as_key(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(1, "1"), (1.0, "1"), (1.5, "1.5"), (1e20, "100000000000000000000"), (1e21, "1e+21"), (1e-7, "1e-7")],
)
def test_a_number_is_written_as_go_writes_it(value: float, text: str) -> None:
    assert number_text(value) == text


@pytest.mark.parametrize(
    ("value", "number"),
    [(1.0, 1), (-3.0, -3), (1.5, None), (1e21, None), (2.0**62, 4611686018427388000), (5e-324, None)],
)
def test_a_float_stands_for_the_integer_that_go_prints(value: float, number: int | None) -> None:
    assert as_integer(value) == number


@given(st.integers(-(2**63), 2**64 - 1))
def test_an_integer_is_read_back_from_its_text(number: int) -> None:
    assert resolve(as_text(number)) == number


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_a_single_float_is_read_back_from_its_text(value: float) -> None:
    assert c_float(float(str(resolve(float32_text(value))))).value == value


@given(st.text())
def test_any_text_is_a_scalar(text: str) -> None:
    assert isinstance(resolve(text), str | int | float | None)

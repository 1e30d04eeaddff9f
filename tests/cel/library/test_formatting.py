from __future__ import annotations

import math
from typing import Any

import pytest

from cod.cel.functions import EvaluationError
from cod.cel.library.formatting import format_text
from cod.cel.library.text import text_of_double, text_of_duration
from cod.cel.types import INT
from cod.cel.values import Duration, Timestamp, TypeValue, Unsigned
from cod.resource import parse_quantity


@pytest.mark.parametrize(
    ("text", "values", "result"),
    [
        ("100%% of %s", ["it"], "100% of it"),
        ("%s %s %s", [None, True, b"x"], "null true x"),
        ("%d %d", [-3, Unsigned(3)], "-3 3"),
        ("%f", [1234567.5], "1,234,567.500000"),
        ("%.1f", [0.25], "0.2"),
        ("%f %f", ["NaN", -math.inf], "NaN -∞"),
        ("%e", [1052.032911275], "1.052033×10⁰³"),
        ("%e", [-5e-300], "-5.000000×10⁻³⁰⁰"),
        ("%e", [math.inf], "     ∞"),
        ("%b %b %o", [5, True, 8], "101 1 10"),
        ("%x %X %x", [-255, 255, "é"], "-ff FF c3a9"),
        ("%s", [1e6], "1e+06"),
        ("%s", [[1.5, "a\n\x00", b"b", [None]]], r'[1.500000, "a\n\x00", b"b", [null]]'),
        ("%s", [{"b": 1, 2: math.inf}], '{"b":1, 2:"+Inf"}'),
        (
            "%s",
            [[Duration(15 * 10**8), Timestamp(0)]],
            '[duration("1.5s"), timestamp("1970-01-01T00:00:00Z")]',
        ),
        ("%s", [TypeValue(INT)], "int"),
    ],
)
def test_a_clause_is_replaced_by_its_value(text: str, values: list[Any], result: str) -> None:
    assert format_text(text, values) == result


@pytest.mark.parametrize(
    ("text", "values", "why"),
    [
        ("%s", [], "index 0 out of range"),
        ("a%", [1], "unexpected end of string"),
        ("%q", [1], 'could not parse formatting clause: unrecognized formatting clause "q"'),
        ("%.", [1], "could not find end of precision specifier"),
        ("%.999999999f", [1.0], "precision 999999999 exceeds maximum allowed precision 100"),
        (
            "%d",
            [1.0],
            "error during formatting: decimal clause can only be used on integers, was given double",
        ),
        ("%f", [1], "fixed-point clause can only be used on doubles, was given int"),
        ("%s", [b"\xff"], 'could not convert argument "invalid UTF-8 in bytes, cannot convert to string"'),
        ("%s", [parse_quantity("1")], "was given kubernetes.Quantity"),
        ("%s", [{1.5: 1}], "no formatting function for map key of type double"),
    ],
)
def test_a_value_without_a_form_is_named(text: str, values: list[Any], why: str) -> None:
    with pytest.raises(EvaluationError) as raised:
        format_text(text, values)
    assert why in raised.value.text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1.0, "1"),
        (-0.0, "-0"),
        (999999.0, "999999"),
        (1234567.0, "1.234567e+06"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (5e-324, "5e-324"),
        (1e100, "1e+100"),
        (123456789012345680.0, "1.2345678901234568e+17"),
    ],
)
def test_a_double_is_written_with_the_fewest_digits(number: float, text: str) -> None:
    assert text_of_double(number) == text


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [(0, "0s"), (1, "0.000000001s"), (-3 * 10**9, "-3s"), (3600 * 10**9 + 1, "3600.000000001s")],
)
def test_a_duration_is_written_in_seconds(nanoseconds: int, text: str) -> None:
    assert text_of_duration(Duration(nanoseconds)) == text

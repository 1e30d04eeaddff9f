from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cod.cdi.names import (
    InvalidName,
    class_problem,
    device_name_problem,
    is_qualified_name,
    parse_qualified_name,
    qualified_name,
    split_device,
    split_kind,
    vendor_problem,
)
from cod.cdi.quote import quote

kind_parts = st.from_regex(r"[A-Za-z]([A-Za-z0-9_.-]{0,12}[A-Za-z0-9])?", fullmatch=True)
device_names = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9_.:-]{0,12}[A-Za-z0-9])?", fullmatch=True)


@given(kind_parts, kind_parts, device_names)
def test_a_name_that_was_joined_comes_apart_again(vendor: str, class_: str, name: str) -> None:
    assert parse_qualified_name(qualified_name(vendor, class_, name)) == (vendor, class_, name)


@given(st.text(alphabet="aB9_.-:=/ é\n", max_size=12) | st.text(max_size=12))
def test_any_text_is_a_qualified_name_or_is_refused_with_a_reason(text: str) -> None:
    if is_qualified_name(text):
        assert qualified_name(*parse_qualified_name(text)) == text
    else:
        with pytest.raises(InvalidName):
            parse_qualified_name(text)


@given(st.text(max_size=8))
def test_only_names_of_the_grammar_have_no_problem(name: str) -> None:
    """A regular expression says the same thing another way."""
    assert (vendor_problem(name) is None) == bool(
        re.fullmatch(r"[A-Za-z]([A-Za-z0-9_.-]*[A-Za-z0-9])?", name)
    )
    assert (device_name_problem(name) is None) == bool(
        re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9_.:-]*[A-Za-z0-9])?", name)
    )


@pytest.mark.parametrize(
    "text", ["", "gpu", "/dev/nvidia0", "vendor.com/gpu", "vendor.com=0", "=0", "a/=0", "a/b="]
)
def test_what_is_not_qualified_is_left_whole(text: str) -> None:
    assert split_device(text) == ("", "", text)
    with pytest.raises(InvalidName, match="missing vendor"):
        parse_qualified_name(text)


def test_a_kind_is_split_at_its_first_slash_and_a_name_at_its_first_equals_sign() -> None:
    assert split_kind("a/b/c") == ("a", "b/c")
    assert split_device("a/b=c=d/e") == ("a", "b", "c=d/e")


def test_problems_say_which_character_is_wrong() -> None:
    assert vendor_problem("ven dor") == "invalid vendor. invalid character ' ' in name \"ven dor\""
    assert class_problem("9pu") == 'invalid class. "9pu", should start with letter'
    assert class_problem("") == "invalid class. empty name"
    assert device_name_problem("") == "invalid (empty) device name"
    assert device_name_problem("0:") == 'invalid name "0:", should end with a letter or digit'


def test_letters_of_other_scripts_are_refused_and_named() -> None:
    assert device_name_problem("gérät1") == "invalid character 'é' in device name \"gérät1\""
    assert device_name_problem("٣") == 'invalid class "٣", should start with a letter or digit'


def test_a_last_letter_that_takes_two_bytes_shows_as_the_reference_cuts_it() -> None:
    assert vendor_problem("café") == "invalid vendor. invalid character '\ufffd' in name \"café\""


def test_names_that_are_not_utf8_are_refused_without_a_traceback() -> None:
    assert device_name_problem("gpu\udcff0") == "invalid character '\ufffd' in device name \"gpu\\xff0\""


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("", '""'),
        ("plain", '"plain"'),
        ('say "hi"\\', '"say \\"hi\\"\\\\"'),
        ("tab\there\n", '"tab\\there\\n"'),
        ("\x00\x7f\x1b", '"\\x00\\x7f\\x1b"'),
        ("é日😀", '"é日😀"'),
        ("\x85\u00a0\u2028\ufeff", '"\\u0085\\u00a0\\u2028\\ufeff"'),
        ("\U000e0001", '"\\U000e0001"'),
        ("\udcff", '"\\xff"'),
        ("\ud800", '"\\ufffd"'),
    ],
)
def test_text_is_quoted_as_in_go(text: str, quoted: str) -> None:
    assert quote(text) == quoted


@given(st.text())
def test_quoted_text_can_always_be_printed(text: str) -> None:
    assert quote(text).isprintable()

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cod.cel.functions import Price, Size
from cod.cel.library.strings import FUNCTIONS, join, split

from .call import call, cost, estimate

SOME = Size(0, 64)


@pytest.mark.parametrize(
    ("id_", "values", "result"),
    [
        ("string_char_at_int", ("αβ", 1), "β"),
        ("string_char_at_int", ("αβ", 2), ""),
        ("string_char_at_int", ("αβ", 3), "error: index out of range: 3"),
        ("string_index_of_string", ("banana", "an"), 1),
        ("string_index_of_string", ("", "x"), -1),
        ("string_index_of_string_int", ("banana", "an", 2), 3),
        ("string_index_of_string_int", ("banana", "an", 9), -1),
        ("string_index_of_string_int", ("banana", "an", -1), "error: index out of range: -1"),
        ("string_last_index_of_string", ("banana", "an"), 3),
        ("string_last_index_of_string", ("banana", ""), 6),
        ("string_last_index_of_string_int", ("banana", "an", 2), 1),
        ("string_last_index_of_string_int", ("banana", "an", 6), -1),
        ("string_lower_ascii", ("ÄAZ",), "Äaz"),
        ("string_upper_ascii", ("äaz",), "äAZ"),
        ("string_trim", ("\u2003 a b\x85\t",), "a b"),
        ("string_trim", ("\u200ba",), "\u200ba"),
        ("string_substring_int", ("straße", 4), "ße"),
        ("string_substring_int", ("straße", 7), "error: index out of range: 7"),
        ("string_substring_int_int", ("straße", 1, 3), "tr"),
        ("string_substring_int_int", ("straße", 3, 1), "error: invalid substring range. start: 3, end: 1"),
        ("string_replace_string_string", ("aaa", "a", "bb"), "bbbbbb"),
        ("string_replace_string_string_int", ("aaa", "a", "b", 2), "bba"),
        ("string_replace_string_string_int", ("aa", "", "-", 2), "-a-a"),
        ("string_split_string", ("a,b", ","), ["a", "b"]),
        ("string_split_string", ("", ","), [""]),
        ("string_split_string", ("añ", ""), ["a", "ñ"]),
        ("string_split_string_int", ("a,b,c", ",", 2), ["a", "b,c"]),
        ("string_split_string_int", ("a,b,c", ",", 0), []),
        ("string_split_string_int", ("abc", "", 2), ["a", "bc"]),
        ("list_join", (["a", "b"],), "ab"),
        ("list_join_string", (["a", "b"], "-"), "a-b"),
        ("list_join_string", (["a", 1], "-"), "error: join: invalid input: 1"),
        ("strings_quote", ('a"\n\\é',), '"a\\"\\n\\\\é"'),
    ],
)
def test_positions_count_characters(id_: str, values: tuple[Any, ...], result: Any) -> None:
    assert call(FUNCTIONS, id_, *values) == result


@given(st.text("ab,", max_size=12), st.sampled_from([",", "ab", "a", ""]), st.integers(-1, 5))
def test_what_is_split_is_joined_again(text: str, separator: str, limit: int) -> None:
    parts = split(text, separator, limit)
    if limit:
        assert join(parts, separator) == text
    assert limit < 0 or len(parts) <= limit


@pytest.mark.parametrize(
    ("id_", "sizes", "price"),
    [
        ("string_char_at_int", (SOME, None), Price(1, 1)),
        ("string_trim", (SOME,), Price(0, 7, SOME)),
        ("string_trim", (None,), Price(0, 1844674407370955264, Size(0, 2**64 - 1))),
        ("string_split_string", (SOME, Size(7, 7)), Price(0, 13, Size(0, 64))),
        ("string_split_string_int", (SOME, Size(7, 7), Size(1, 1, value=2)), Price(0, 13, Size(0, 2))),
        ("string_replace_string_string", (SOME, Size(1, 1), Size(2, 2)), Price(0, 13, Size(0, 128))),
        ("string_replace_string_string", (SOME, Size(0, 0), Size(2, 2)), Price(0, 13, Size(2, 194))),
        ("string_replace_string_string", (SOME, Size(3, 3), Size(1, 1)), Price(0, 13, Size(0, 64))),
        ("string_index_of_string", (SOME, None), Price(0, 7)),
        ("list_join_string", (Size(2, 3, Size(0, 10)), Size(1, 1)), Price(1, 4, Size(1, 32))),
        ("strings_quote", (SOME,), Price(0, 7, Size(2, 130))),
    ],
)
def test_what_a_call_may_cost_follows_the_sizes(id_: str, sizes: Any, price: Price) -> None:
    assert estimate(FUNCTIONS, id_, *sizes) == price


@pytest.mark.parametrize(
    ("id_", "values", "price"),
    [
        ("string_char_at_int", ("abc", 1), 1),
        ("string_trim", ("é" * 11,), 2),
        ("string_split_string", ("some_example_value", "example"), 4),
        ("list_join_string", (["a" * 10, "b"], ","), 3),
        ("string_index_of_string", ("é" * 19, "x"), 3),  # which counts bytes, and drops fractions
    ],
)
def test_what_a_call_cost_follows_the_values(id_: str, values: Any, price: int) -> None:
    assert cost(FUNCTIONS, id_, *values) == price

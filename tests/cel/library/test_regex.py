from __future__ import annotations

from cod.cel.functions import Price, Size
from cod.cel.library.regex import FUNCTIONS, MATCHING, matches

from .call import call, cost, estimate


def test_parts_of_a_text_are_found() -> None:
    assert call(FUNCTIONS, "string_find_string", "abc 123", "[0-9]+") == "123"
    assert call(FUNCTIONS, "string_find_string", "abc", "[0-9]+") == ""
    assert call(FUNCTIONS, "string_find_all_string", "1 22 3", "[0-9]+") == ["1", "22", "3"]
    assert call(FUNCTIONS, "string_find_all_string_int", "1 22 3", "[0-9]+", 2) == ["1", "22"]
    assert call(FUNCTIONS, "string_find_all_string_int", "1 22 3", "[0-9]+", 0) == []
    assert matches("asymetric", "[^a]?sym")


def test_an_expression_that_is_none_is_an_error() -> None:
    refused = "error: Illegal regex: error parsing regexp: missing closing ): `(`"
    assert call(FUNCTIONS, "string_find_string", "abc", "(") == refused


def test_matching_costs_the_text_times_the_expression() -> None:
    assert MATCHING.estimate([Size(0, 64), Size(8, 8)]) == Price(2, 14)
    assert MATCHING.cost(["asymetric", "[^a]?sym"], True) == 2
    assert cost(FUNCTIONS, "string_find_string", "abc", "[a-c]+") == 2
    assert estimate(FUNCTIONS, "string_find_string", Size(0, 64), Size(6, 6)) == Price(2, 14, Size(0, 64))

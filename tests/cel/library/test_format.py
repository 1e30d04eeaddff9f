from __future__ import annotations

import pytest

from cod.cel.functions import Price, Size
from cod.cel.library.format import FUNCTIONS, format_named
from cod.cel.values import NONE

from .call import call, cost, estimate

RIGHT = {
    "dns1123Label": ["a", "my-name", "0a"],
    "dns1123Subdomain": ["a.b-c.d"],
    "dns1035Label": ["a1", "my-name"],
    "qualifiedName": ["example.com/My_Name", "a.b"],
    "dns1123LabelPrefix": ["a-", "my-name"],
    "dns1123SubdomainPrefix": ["a.b-"],
    "dns1035LabelPrefix": ["a-"],
    "labelValue": ["", "My_Value"],
    "uri": ["http://a/b", "/p"],
    "uuid": ["123e4567-e89b-12d3-a456-426614174000", "123E4567E89B12D3A456426614174000"],
    "byte": ["aGVsbG8="],
    "date": ["2024-02-29", "0000-02-29"],
    "datetime": ["2021-01-01T00:00:00Z", "2021-01-01t23:59:59.123+05:30"],
}
WRONG = {
    "dns1123Label": ["", "A", "-a", "a" * 64],
    "dns1123Subdomain": ["a..b", "a" * 254],
    "dns1035Label": ["1a", "a" * 64],
    "qualifiedName": ["a/b/c", "/b", "a/", ""],
    "dns1123LabelPrefix": ["-"],
    "dns1123SubdomainPrefix": ["-"],
    "dns1035LabelPrefix": ["1x-"],
    "labelValue": ["a b", "-"],
    "uri": ["abc", "http://a b/"],
    "uuid": ["x", ""],
    "byte": ["", "aGVsbG8", "_-=="],
    "date": ["2021-02-29", "2021-13-01", "2021-1-1", "1900-02-29"],
    "datetime": ["2021-01-01", "2021-01-01T24:00:00Z", "2021-01-01T23:59:60Z", "2021-01-01T00:00:00"],
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in RIGHT.items() for text in texts])
def test_what_is_right_has_no_flaws(name: str, text: str) -> None:
    assert call(FUNCTIONS, "format-validate", call(FUNCTIONS, f"format.{name}"), text) == NONE


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in WRONG.items() for text in texts])
def test_what_is_wrong_has_flaws(name: str, text: str) -> None:
    flaws = call(FUNCTIONS, "format-validate", format_named(name).value, text)
    assert flaws.is_there
    assert all(isinstance(flaw, str) for flaw in flaws.value)


def test_all_flaws_are_said() -> None:
    flaws = call(FUNCTIONS, "format-validate", format_named("dns1123Label").value, "A" * 64)
    assert len(flaws.value) == 2
    assert call(FUNCTIONS, "format-validate", format_named("dns1123Label").value, "a.b").value == [
        "must not contain dots"
    ]


def test_a_format_that_is_not_known_is_none() -> None:
    assert call(FUNCTIONS, "format-named", "email") == NONE


def test_validating_costs_like_a_regular_expression() -> None:
    assert cost(FUNCTIONS, "format-validate", format_named("dns1123Label").value, "abc") == 8
    assert cost(FUNCTIONS, "format-validate", format_named("uri").value, "http://a b/") == 552
    assert estimate(FUNCTIONS, "format-validate", None, Size(0, 64)) == Price(0, 224)

from __future__ import annotations

from typing import Any

import pytest

from cod.cel.functions import Price, Size
from cod.cel.library import quantity, semver
from cod.resource import parse_quantity, parse_version

from .call import call, cost, estimate


@pytest.mark.parametrize(
    ("id_", "texts", "result"),
    [
        ("quantity_is_greater_than", ("80Gi", "79Gi"), True),
        ("quantity_is_less_than", ("1500m", "1.5"), False),
        ("quantity_compare_to", ("1Ki", "1024"), 0),
        ("quantity_compare_to", ("1k", "1Ki"), -1),
        ("quantity_sign", ("-3",), -1),
        ("quantity_get_int", ("50k",), 50000),
        ("quantity_get_int", ("1500m",), "error: cannot convert value to integer"),
        ("quantity_is_integer", ("9999999999999999999999",), False),
        ("quantity_get_float", ("1500m",), 1.5),
        ("quantity_add", ("1Gi", "1Gi"), parse_quantity("2Gi")),
        ("quantity_sub", ("1k", "1"), parse_quantity("999")),
    ],
)
def test_quantities_are_counted_with(id_: str, texts: tuple[str, ...], result: Any) -> None:
    assert call(quantity.FUNCTIONS, id_, *map(parse_quantity, texts)) == result


def test_an_int_is_added_to_a_quantity() -> None:
    assert str(call(quantity.FUNCTIONS, "quantity_add_int", parse_quantity("1k"), 1)) == "1001"
    assert str(call(quantity.FUNCTIONS, "quantity_sub_int", parse_quantity("1k"), 1)) == "999"


def test_a_text_that_is_no_quantity_says_so() -> None:
    assert call(quantity.FUNCTIONS, "is_quantity_string", "ten") is False
    assert "must match the regular expression" in call(quantity.FUNCTIONS, "string_to_quantity", "ten")


@pytest.mark.parametrize(
    ("id_", "values", "result"),
    [
        ("semver_is_greater_than", ("1.10.0", "1.9.0"), True),
        ("semver_is_less_than", ("1.0.0-rc.1", "1.0.0"), True),
        ("semver_compare_to", ("1.0.0+a", "1.0.0+b"), 0),
        ("semver_major", ("3.2.1",), 3),
        ("semver_minor", ("3.2.1",), 2),
        ("semver_patch", ("3.2.1",), 1),
        ("semver_major", ("18446744073709551615.0.0",), -1),
    ],
)
def test_versions_are_compared(id_: str, values: tuple[str, ...], result: Any) -> None:
    assert call(semver.FUNCTIONS, id_, *map(parse_version, values)) == result


def test_a_version_may_be_written_carelessly_where_that_is_allowed() -> None:
    assert call(semver.FUNCTIONS, "string_bool_to_semver", "v01.2", True) == parse_version("1.2.0")
    assert call(semver.FUNCTIONS, "is_semver_string_bool", "v1", True) is True
    assert call(semver.FUNCTIONS, "is_semver_string_bool", "v1", False) is False
    assert call(semver.FUNCTIONS, "is_semver_string", "1.2") is False
    assert call(semver.FUNCTIONS, "string_to_semver", "v1").startswith("error: invalid version 'v1'")


def test_parsing_costs_by_the_character_and_all_else_one() -> None:
    assert estimate(quantity.FUNCTIONS, "string_to_quantity", Size(0, 64)) == Price(0, 7)
    assert cost(semver.FUNCTIONS, "is_semver_string", "1.2.3-alpha") == 2
    assert cost(quantity.FUNCTIONS, "quantity_compare_to", *map(parse_quantity, "12")) == 1

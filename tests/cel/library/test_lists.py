from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cod.cel.functions import Price, Size
from cod.cel.library import attributes, items, lists
from cod.cel.library.lists import FUNCTIONS, distinct, flatten, sort, sort_by
from cod.cel.values import Duration, Unsigned

from .call import call, cost, estimate

ANY = Size(0, 2**64 - 1)


@pytest.mark.parametrize(
    ("id_", "values", "result"),
    [
        ("list_slice", ([1, 2, 3], 1, 3), [2, 3]),
        ("list_slice", ([1], -1, 1), "error: cannot slice(-1, 1), negative indexes not supported"),
        (
            "list_slice",
            ([1], 1, 0),
            "error: cannot slice(1, 0), start index must be less than or equal to end index",
        ),
        ("list_slice", ([1], 0, 2), "error: cannot slice(0, 2), list is length 1"),
        ("list_flatten", ([1, [2, [3]], [], 4],), [1, 2, [3], 4]),
        ("list_flatten_int", ([1, [2, [3, [4]]]], 2), [1, 2, 3, [4]]),
        ("list_flatten_int", ([[1]], -1), "error: level must be non-negative"),
        ("list_reverse", ([1, 2],), [2, 1]),
        ("list_distinct", ([1, 1.0, True, "a", "a", [1], [Unsigned(1)]],), [1, True, "a", [1]]),
        ("list_int_sort", ([3, 1, 2],), [1, 2, 3]),
        ("list_int_sort", ([],), []),
        ("list_int_sort", ([1, "a"],), "error: list elements must have the same type"),
        ("list_int_sort", ([[1]],), "error: list elements must be comparable"),
        ("list_string_sortByAssociatedKeys", ([1, 2, 3], ["b", "a", "b"]), [2, 1, 3]),
        ("lists_range", (3,), [0, 1, 2]),
        ("lists_range", (-3,), []),
        ("lists_range", (2**62,), f"error: lists.range: size {2**62} exceeds maximum allowed (1000000)"),
    ],
)
def test_lists_are_cut_flattened_and_sorted(id_: str, values: tuple[Any, ...], result: Any) -> None:
    assert call(FUNCTIONS, id_, *values) == result


@given(st.lists(st.integers(-9, 9)) | st.lists(st.text("abc", max_size=3)))
def test_what_is_sorted_is_sorted(values: list[Any]) -> None:
    assert items.is_sorted(sort(values))
    assert sorted(values) == sort(values) == sort_by(values, values)
    assert sort(distinct(values)) == sorted(set(values))


@given(
    st.recursive(st.integers(0, 3), lambda inner: st.lists(inner, max_size=3), max_leaves=20).filter(
        lambda v: isinstance(v, list)
    )
)
def test_flattening_once_and_once_more_is_flattening_twice(values: list[Any]) -> None:
    assert flatten(flatten(values)) == flatten(values, 2)


def test_a_list_that_grows_without_end_is_no_result() -> None:
    nested: list[Any] = [1] * 1000
    for _ in range(9):
        nested = [nested] * 1000
    assert call(FUNCTIONS, "list_flatten_int", nested, 20) == "error: flatten: more than 1000000 items"


@pytest.mark.parametrize(
    ("id_", "values", "result"),
    [
        ("list_int_sum_int", ([1, 2],), 3),
        ("list_uint_sum_uint", ([],), Unsigned(0)),
        ("list_double_sum_double", ([0.5, 1.5],), 2.0),
        ("list_duration_sum_duration", ([Duration(1), Duration(2)],), Duration(3)),
        ("list_int_sum_int", ([2**63 - 1, 1],), "error: integer overflow"),
        ("list_uint_sum_uint", ([Unsigned(2**64 - 1), Unsigned(1)],), "error: unsigned integer overflow"),
        ("list_int_sum_int", ([1, "a"],), "error: no such overload"),
        ("list_int_min_int", ([2, 1],), 1),
        ("list_double_max_double", ([1, 2.5],), 2.5),
        ("list_int_max_int", ([],), "error: max called on empty list"),
        ("list_int_is_sorted_bool", ([1, 1, 2],), True),
        ("list_int_is_sorted_bool", ([2, 1],), False),
        ("list_bool_is_sorted_bool", ([False, True],), True),
        ("list_a_index_of_int", ([True, 1.0, 1], 1), 1),
        ("list_a_last_index_of_int", ([1, 2, 1.0], 1), 2),
        ("list_a_index_of_int", ([math.nan], math.nan), -1),
    ],
)
def test_items_are_summed_and_found(id_: str, values: tuple[Any, ...], result: Any) -> None:
    found = call(items.FUNCTIONS, id_, *values)
    assert (found, type(found)) == (result, type(result))


@pytest.mark.parametrize(
    ("value", "wanted", "result"),
    [
        (["fish", "bird"], "fish", True),
        ([1, 2], 3, False),
        ("fish", "fish", True),
        (True, 1, False),
        ([0] * 47 + [1, 2], 1, True),
        ([0] * 48 + [1], 1, "error: 'includes' function cannot be applied to lists longer than 48 values"),
    ],
)
def test_an_attribute_includes_its_value_or_one_of_its_values(value: Any, wanted: Any, result: Any) -> None:
    assert call(attributes.FUNCTIONS, "dra_includes_dyn_dyn", value, wanted) == result
    assert estimate(attributes.FUNCTIONS, "dra_includes_dyn_dyn", None, None) == Price(0, 48)


@pytest.mark.parametrize(
    ("id_", "sizes", "price"),
    [
        ("list_slice", (Size(1, 48), Size(1, 1, value=1), Size(1, 1, value=3)), Price(13, 13, Size(2, 2))),
        ("list_slice", (Size(1, 48), None, None), Price(59, 59, Size(48, 48))),
        ("list_reverse", (Size(1, 48),), Price(12, 59, Size(1, 48))),
        ("list_distinct", (Size(1, 48),), Price(13, 4619, Size(1, 2304))),
        ("list_string_sort", (Size(1, 48),), Price(14, 4850, Size(1, 2304))),
        ("lists_range", (Size(1, 1, value=3),), Price(14, 14, Size(3, 3))),
        ("lists_range", (Size(1, 1),), Price(2**64 - 1, 2**64 - 1, Size(2**64 - 1, 2**64 - 1))),
    ],
)
def test_a_list_may_cost_what_it_holds(id_: str, sizes: Any, price: Price) -> None:
    assert estimate(lists.FUNCTIONS, id_, *sizes) == price


@pytest.mark.parametrize(
    ("size", "price"),
    [
        (Size(1, 48), Price(1, 5)),  # of a type that says nothing of items
        (Size(1, 48, Size(0, 0)), Price(1, 48)),
        (Size(1, 48, ANY), Price(1, 2**64 - 1)),
        (Size(1, 48, Size(0, 20)), Price(1, 144)),
    ],
)
def test_a_search_costs_more_where_items_are_texts(size: Size, price: Price) -> None:
    assert estimate(items.FUNCTIONS, "list_a_index_of_int", size, None) == price


def test_a_list_costs_what_it_holds() -> None:
    assert cost(lists.FUNCTIONS, "list_string_sort", ["b", "a"]) == 19
    assert cost(lists.FUNCTIONS, "list_int_sort", []) == 11
    assert cost(lists.FUNCTIONS, "list_flatten_int", [[1], [2]], 3) == 17
    assert cost(items.FUNCTIONS, "list_int_sum_int", [1, 2]) == 2
    assert cost(items.FUNCTIONS, "list_string_max_string", ["a" * 19, "b"]) == 1

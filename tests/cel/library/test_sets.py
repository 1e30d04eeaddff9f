from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cod.cel.equality import equal, key_of, order
from cod.cel.functions import Price, Size
from cod.cel.library.sets import FUNCTIONS, contains, equivalent, intersects
from cod.cel.values import Duration, Unsigned

from .call import cost, estimate

SCALARS = st.sampled_from([0, 1, 1.0, Unsigned(1), True, False, "1", b"1", None, 0.5, Duration(1)])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=1), inner),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("one", "other", "result"),
    [
        ([], [], (True, True, False)),
        ([], [1], (False, False, False)),
        ([1, 2], [2.0], (True, False, True)),
        ([1], [True], (False, False, False)),
        ([1, 1], [Unsigned(1)], (True, True, True)),
        ([[1]], [[1.0]], (True, True, True)),
        ([{"a": 1}], [{"a": Unsigned(1)}], (True, True, True)),
        ([float("nan")], [float("nan")], (False, False, False)),
    ],
)
def test_lists_are_compared_as_sets(
    one: list[Any], other: list[Any], result: tuple[bool, bool, bool]
) -> None:
    assert (contains(one, other), equivalent(one, other), intersects(one, other)) == result


@given(VALUES, VALUES)
def test_values_are_equal_where_their_keys_are(one: Any, other: Any) -> None:
    assert equal(one, one)
    assert equal(one, other) == equal(other, one) == (key_of(one) == key_of(other))


@given(st.lists(VALUES, max_size=4), st.lists(VALUES, max_size=4))
def test_a_set_that_contains_all_of_another_is_met_by_it(one: list[Any], other: list[Any]) -> None:
    assert contains(one, other) == all(any(equal(a, b) for a in one) for b in other)
    assert intersects(one, other) == any(any(equal(a, b) for a in one) for b in other)


@given(SCALARS, SCALARS)
def test_order_is_the_same_from_both_sides(one: Any, other: Any) -> None:
    there, back = order(one, other), order(other, one)
    assert (there is None) == (back is None)
    assert there is None or back is None or there == -back
    assert (there == 0) == equal(one, other) or there is None


def test_large_sets_are_compared_quickly() -> None:
    numbers = list(range(200_000))
    start = time.perf_counter()
    assert equivalent(numbers, numbers[::-1])
    assert time.perf_counter() - start < 5


def test_the_price_is_each_with_each() -> None:
    assert estimate(FUNCTIONS, "list_sets_contains_list", Size(1, 48), Size(2, 2)) == Price(3, 97)
    assert estimate(FUNCTIONS, "list_sets_equivalent_list", Size(1, 48), Size(2, 2)) == Price(5, 193)
    assert cost(FUNCTIONS, "list_sets_equivalent_list", [1, 2], [1, 2, 3]) == 13

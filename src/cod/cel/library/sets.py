"""Lists as sets.

Source: cel-go `ext/sets.go`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cod.cel.equality import key_of
from cod.cel.functions import Function, Price, Size
from cod.cel.library.declare import Charge, function
from cod.cel.library.price import ONE, known, product_of, scale, size_of, sum_of
from cod.cel.types import BOOL, T, list_of


def contains(items: Sequence[Any], wanted: Sequence[Any]) -> bool:
    """Whether every wanted value is among the items."""
    keys = set(map(key_of, items))
    return all(key_of(value) in keys for value in wanted)


def equivalent(one: Sequence[Any], other: Sequence[Any]) -> bool:
    """Whether each value of either list is in the other."""
    return contains(one, other) and contains(other, one)


def intersects(one: Sequence[Any], other: Sequence[Any]) -> bool:
    """Whether a value is in both."""
    return not set(map(key_of, one)).isdisjoint(map(key_of, other))


def _each_with_each(times: int) -> Charge:
    def estimate(sizes: Sequence[Size | None]) -> Price:
        pairs = product_of(known(sizes[0]), known(sizes[1]))
        return sum_of(Price(scale(pairs.least, times), scale(pairs.most, times)), ONE)

    return Charge(estimate, lambda args, _: 1 + times * size_of(args[0]) * size_of(args[1]))


_LIST = list_of(T)
_ONCE, _TWICE = _each_with_each(1), _each_with_each(2)

FUNCTIONS: tuple[Function, ...] = (
    Function("sets.contains", (function("list_sets_contains_list", (_LIST, _LIST), BOOL, contains, _ONCE),)),
    Function(
        "sets.equivalent", (function("list_sets_equivalent_list", (_LIST, _LIST), BOOL, equivalent, _TWICE),)
    ),
    Function(
        "sets.intersects", (function("list_sets_intersects_list", (_LIST, _LIST), BOOL, intersects, _ONCE),)
    ),
)

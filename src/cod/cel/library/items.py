"""What is asked of the items of a list: their sum, the least, where one stands, whether they are sorted.

Source: Kubernetes `apiserver/pkg/cel/library/lists.go` and `cost.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from cod.cel.equality import equal, order
from cod.cel.functions import EvaluationError, Function, Overload
from cod.cel.library.declare import SEARCHING, method
from cod.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    INT,
    STRING,
    TIMESTAMP,
    UINT,
    A,
    Type,
    list_of,
)
from cod.cel.values import LEAST, MOST, MOST_UNSIGNED, Duration, Unsigned

_COMPARABLE = (INT, UINT, DOUBLE, BOOL, DURATION, TIMESTAMP, STRING, BYTES)
_ZEROS: dict[Type, Any] = {INT: 0, UINT: Unsigned(0), DOUBLE: 0.0, DURATION: Duration(0)}


def is_sorted(items: Sequence[Any]) -> bool:
    """Whether no item comes before the one that stands before it."""
    return all(order(one, other) != 1 for one, other in pairwise(items))


def total(items: Sequence[Any], zero: Any) -> Any:
    """The sum of items that are all of one type, within 64 bits."""
    kind = type(items[0]) if items else type(zero)
    if kind not in (int, Unsigned, float, Duration) or any(type(item) is not kind for item in items):
        raise EvaluationError("no such overload")
    if kind is float:
        return sum(items, 0.0)
    numbers = [item.nanoseconds for item in items] if kind is Duration else items
    least, most = (0, MOST_UNSIGNED) if kind is Unsigned else (LEAST, MOST)
    amount = 0
    for number in numbers:
        amount += int(number)
        if not least <= amount <= most:
            raise EvaluationError(f"{'unsigned ' if kind is Unsigned else ''}integer overflow")
    return amount if kind is int else kind(amount)


def _extreme(items: Sequence[Any], name: str, worse: int) -> Any:
    if not items:
        raise EvaluationError(f"{name} called on empty list")
    best = items[0]
    for item in items[1:]:
        if order(best, item) == worse:
            best = item
    return best


def least(items: Sequence[Any]) -> Any:
    """The item that comes first in their order."""
    return _extreme(items, "min", 1)


def most(items: Sequence[Any]) -> Any:
    """The item that comes last in their order."""
    return _extreme(items, "max", -1)


def index_of(items: Sequence[Any], wanted: Any) -> int:
    """Where a value stands first; -1 if nowhere."""
    return next((index for index, item in enumerate(items) if equal(item, wanted)), -1)


def last_index_of(items: Sequence[Any], wanted: Any) -> int:
    """Where a value stands last; -1 if nowhere."""
    last = len(items) - 1
    return next((last - back for back, item in enumerate(reversed(items)) if equal(item, wanted)), -1)


def _name(items: Type) -> str:
    return items.name or items.kind


def _sum(items: Type) -> Overload:
    name = _name(items)
    return method(
        f"list_{name}_sum_{name}", (list_of(items),), items, lambda of: total(of, _ZEROS[items]), SEARCHING
    )


def _of_each(what: str, call: Callable[[Sequence[Any]], Any]) -> tuple[Overload, ...]:
    return tuple(
        method(f"list_{_name(items)}_{what}_{_name(items)}", (list_of(items),), items, call, SEARCHING)
        for items in _COMPARABLE
    )


FUNCTIONS: tuple[Function, ...] = (
    Function(
        "isSorted",
        tuple(
            method(f"list_{_name(items)}_is_sorted_bool", (list_of(items),), BOOL, is_sorted, SEARCHING)
            for items in _COMPARABLE
        ),
    ),
    Function("sum", tuple(map(_sum, _ZEROS))),
    Function("min", _of_each("min", least)),
    Function("max", _of_each("max", most)),
    Function("indexOf", (method("list_a_index_of_int", (list_of(A), A), INT, index_of, SEARCHING),)),
    Function(
        "lastIndexOf", (method("list_a_last_index_of_int", (list_of(A), A), INT, last_index_of, SEARCHING),)
    ),
)

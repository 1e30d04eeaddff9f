"""Functions of lists: what a list becomes when it is cut, flattened, sorted or turned round.

`x.sortBy(e, key)` is a macro for `x.@sortByAssociatedKeys(x.map(e, key))`. What is asked of the items is in
`items`. Source: cel-go `ext/lists.go`, version 3, as Kubernetes has it since 1.34.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cod.cel.effort import spend
from cod.cel.equality import key_of, order
from cod.cel.functions import EvaluationError, Function, Overload, Price, Size
from cod.cel.library.declare import Charge, function, method
from cod.cel.library.price import CHARACTER, MOST_COST, NEW_LIST, add, known, product_of, scale, size_of
from cod.cel.library.text import type_name
from cod.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    UINT,
    T,
    Type,
    list_of,
)

_LONGEST = 1_000_000  # whatever is longer costs more than an expression may
_COMPARABLE = (INT, UINT, DOUBLE, BOOL, DURATION, TIMESTAMP, STRING, BYTES)
_PROTOBUF = {"duration": "google.protobuf.Duration", "timestamp": "google.protobuf.Timestamp"}


def cut(items: Sequence[Any], start: int, end: int) -> Sequence[Any]:
    """The items from `start` on, and before `end`."""
    if start < 0 or end < 0:
        raise EvaluationError(f"cannot slice({start}, {end}), negative indexes not supported")
    if start > end:
        why = "start index must be less than or equal to end index"
        raise EvaluationError(f"cannot slice({start}, {end}), {why}")
    if end > len(items):
        raise EvaluationError(f"cannot slice({start}, {end}), list is length {len(items)}")
    spend(end - start)
    return items[start:end]


def flatten(items: Sequence[Any], depth: int = 1) -> list[Any]:
    """The items, with lists among them replaced by their items, `depth` times."""
    if depth < 0:
        raise EvaluationError("level must be non-negative")
    flat, waiting = [], [(iter(items), depth)]
    while waiting:
        rest, left = waiting[-1]
        for item in rest:
            spend(1)
            if left and isinstance(item, (list, tuple)):
                waiting.append((iter(item), left - 1))
                break
            flat.append(item)
            if len(flat) > _LONGEST:
                raise EvaluationError(f"flatten: more than {_LONGEST} items")
        else:
            waiting.pop()
    return flat


def distinct(items: Sequence[Any]) -> list[Any]:
    """The items, of those that are equal only the first."""
    found: dict[Any, Any] = {}
    for item in items:
        found.setdefault(key_of(item), item)
    return list(found.values())


def sort_by(items: Sequence[Any], keys: Sequence[Any]) -> list[Any]:
    """The items in the order of their keys, all of one type; those with equal keys stay as they were."""
    if len(items) != len(keys):
        what = "@sortByAssociatedKeys() expected a list of the same size as the associated keys list"
        raise EvaluationError(f"{what}, but got {len(items)} and {len(keys)} elements respectively")
    if not keys:
        return []
    kind = type_name(keys[0])
    if order(keys[0], keys[0]) is None and not isinstance(keys[0], float):
        raise EvaluationError("list elements must be comparable")
    if any(type_name(key) != kind for key in keys):
        raise EvaluationError("list elements must have the same type")
    return [items[index] for index in sorted(range(len(keys)), key=keys.__getitem__)]


def sort(items: Sequence[Any]) -> list[Any]:
    """The items in order, all of one type."""
    return sort_by(items, items)


def numbers(count: int) -> list[int]:
    """The ints from 0 on, and before `count`."""
    if count > _LONGEST:
        limit = f"exceeds maximum allowed ({_LONGEST})"
        raise EvaluationError(f"lists.range: size {count} {limit}")
    spend(count)
    return list(range(count))


def _new_list(size: Size | Price, factor: float) -> Price:
    """The price of a call, of a new list, and of each of so many items."""
    least, most = (add(scale(number, factor), 1 + NEW_LIST) for number in (size.least, size.most))
    return Price(least, most, Size(size.least, size.most))


def _written_out(size: Size | None, otherwise: int) -> int:
    value = known(size).value
    return otherwise if value is None else max(value, 0)


def _estimated_cut(sizes: Sequence[Size | None]) -> Price:
    """As many items as the numbers say; they count modulo 2^64, as upstream."""
    start, end = _written_out(sizes[1], 0), _written_out(sizes[2], known(sizes[0]).most)
    count = (end - start) % (MOST_COST + 1)
    return _new_list(Size(count, count), 1)


def _estimated_range(sizes: Sequence[Size | None]) -> Price:
    count = _written_out(sizes[0], MOST_COST)
    return _new_list(Size(count, count), 1)


def _estimated_flatten(sizes: Sequence[Size | None]) -> Price:
    depth = _written_out(sizes[1], MOST_COST) if len(sizes) > 1 else 1
    return _new_list(known(sizes[0]), depth)


def _each_with_each(of: int, factor: float) -> Charge:
    """All items of an argument compared with all."""

    def estimate(sizes: Sequence[Size | None]) -> Price:
        size = known(sizes[of])
        return _new_list(product_of(size, size), factor)

    return Charge(estimate, lambda args, _: _compared(args[of]))


def _compared(items: Sequence[Any]) -> int:
    factor = 2.0 + CHARACTER if items and isinstance(items[0], (str, bytes)) else 2.0
    return int(len(items) ** 2 * factor) + 1 + NEW_LIST


def _flattened(args: Sequence[Any], _: Any) -> int:
    depth = args[1] if len(args) > 1 else 1
    return min(int(size_of(args[0]) * float(depth)), MOST_COST) + 1 + NEW_LIST


def _cost_of_result(_: Sequence[Any], result: Any) -> int:
    return size_of(result) + 1 + NEW_LIST


def _sorting(items: Type, of: int) -> Charge:
    return _each_with_each(of, 2.0 + CHARACTER if items in (STRING, BYTES) else 2.0)


def _name(items: Type) -> str:
    return _PROTOBUF.get(items.name, items.kind)


_LIST = list_of(T)
_CUTTING = Charge(_estimated_cut, _cost_of_result)
_RANGING = Charge(_estimated_range, _cost_of_result)
_TURNING = Charge(lambda sizes: _new_list(known(sizes[0]), 1), _cost_of_result)
_FLATTENING = Charge(_estimated_flatten, _flattened)
_DISTINGUISHING = _each_with_each(0, 2.0)


def _sort(items: Type) -> Overload:
    of = list_of(items)
    return method(f"list_{_name(items)}_sort", (of,), of, sort, _sorting(items, 0))


def _sort_by(keys: Type) -> Overload:
    id_ = f"list_{_name(keys)}_sortByAssociatedKeys"
    return method(id_, (_LIST, list_of(keys)), _LIST, sort_by, _sorting(keys, 1))


FUNCTIONS: tuple[Function, ...] = (
    Function("slice", (method("list_slice", (_LIST, INT, INT), _LIST, cut, _CUTTING),)),
    Function(
        "flatten",
        (
            method("list_flatten", (list_of(_LIST),), _LIST, flatten, _FLATTENING),
            method("list_flatten_int", (list_of(DYN), INT), list_of(DYN), flatten, _FLATTENING),
        ),
    ),
    Function("sort", tuple(map(_sort, _COMPARABLE))),
    Function("@sortByAssociatedKeys", tuple(map(_sort_by, _COMPARABLE))),
    Function("lists.range", (function("lists_range", (INT,), list_of(INT), numbers, _RANGING),)),
    Function("reverse", (method("list_reverse", (_LIST,), _LIST, lambda items: items[::-1], _TURNING),)),
    Function("distinct", (method("list_distinct", (_LIST,), _LIST, distinct, _DISTINGUISHING),)),
)

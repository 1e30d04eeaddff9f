"""How the libraries write down their overloads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cod.cel.effort import spend
from cod.cel.functions import Overload, Price, Size
from cod.cel.library.price import known, passing, passing_twice, search, traversal, walking
from cod.cel.types import Type


class Charge(Struct, frozen=True):
    """What a call costs: from the sizes of its arguments, or from them and the result."""

    estimate: Callable[[Sequence[Size | None]], Price]
    cost: Callable[[Sequence[Any], Any], int]


PASSING = Charge(lambda sizes: traversal(sizes[0]), lambda args, _: passing(args[0]))
COPYING = Charge(lambda sizes: traversal(sizes[0], gives=known(sizes[0])), lambda args, _: passing(args[0]))
PASSING_TWICE = Charge(lambda sizes: traversal(sizes[0], 0.2), lambda args, _: passing_twice(args[0]))
SEARCHING = Charge(lambda sizes: search(sizes[0]), lambda args, _: walking(args[0]))


def function(
    id_: str,
    parameters: tuple[Type, ...],
    result: Type,
    call: Callable[..., Any],
    charge: Charge | None = None,
) -> Overload:
    """An overload without a receiver; it costs 1 unless there is a charge."""
    if charge is None:
        return Overload(id_, parameters, result, call)
    call = _walking(call) if parameters[0].kind == "list" else call
    return Overload(id_, parameters, result, call, estimate=charge.estimate, cost=charge.cost)


def method(
    id_: str,
    parameters: tuple[Type, ...],
    result: Type,
    call: Callable[..., Any],
    charge: Charge | None = None,
) -> Overload:
    """An overload whose first parameter is the receiver."""
    return replace(function(id_, parameters, result, call, charge), is_member=True)


def _walking(call: Callable[..., Any]) -> Callable[..., Any]:
    """A call that passes over all items of its first argument."""

    def walk(items: Sequence[Any], *others: Any) -> Any:
        spend(len(items))
        return call(items, *others)

    return walk

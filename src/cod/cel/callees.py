"""What the calls of an expression call, while the cost of its evaluation is counted."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import Any

from msgspec import Struct

from cod.cel import lookup
from cod.cel.charges import charged
from cod.cel.check import Checked
from cod.cel.closures import dispatch
from cod.cel.equality import equal, equals
from cod.cel.functions import Overload
from cod.cel.syntax import Call, Expression

_OPERATORS = ("+", "-", "*", "/", "%", "<", "<=", ">", ">=", "==", "!=")
_BINARY = {f"_{operator}_" for operator in _OPERATORS} | {"@in"}
_DYNAMIC: dict[str, Callable[..., Any]] = {
    "_==_": equals,
    "_!=_": lambda one, other: not equal(one, other),
    "@in": lookup.is_in,
}


class Callee(Struct, frozen=True):
    """A function with its arguments; `cost` tells what a call did cost, None for 1.

    One that `stops` does without its other arguments after one that failed, and then costs nothing.
    """

    args: Sequence[Expression]
    call: Callable[..., Any]
    cost: Callable[[Sequence[Any], Any], int] | None
    stops: bool


def callee_of(node: Call, checked: Checked, known: Container[int]) -> Callee:
    """What a call calls; `known` has the ids of what is known beforehand."""
    is_qualified = node.id in checked.names or node.target is None
    args = node.args if is_qualified or node.target is None else (node.target, *node.args)
    overloads = checked.overloads[node.id]
    call = _DYNAMIC.get(node.function) or dispatch(checked.names.get(node.id, node.function), overloads)
    return Callee(args, call, charged(overloads), _stops(node, args, overloads, known))


def _stops(
    node: Call, args: Sequence[Expression], overloads: Sequence[Overload], known: Container[int]
) -> bool:
    if len(args) != 2 or node.function in _BINARY:
        return len(args) > 2
    if node.function == "matches":
        return args[1].id in known
    return len(overloads) > 1 or overloads[0].id == "string_format"

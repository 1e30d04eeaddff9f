"""What looks like a function and is none: `has`, `all`, `map`, `cel.bind` … become comprehensions.

What they become is what cel-go makes of them, node for node, so that an expression costs the same; but a
receiver of `optMap` that is more than a name is evaluated once. Source: cel-go `parser/macro.go`,
`ext/comprehensions.go`, `ext/bindings.go`, `ext/lists.go`, `cel/library.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from cod.cel.syntax import (
    Call,
    Comprehension,
    Entry,
    Expression,
    Identifier,
    ListLiteral,
    Literal,
    MapLiteral,
    Message,
    Select,
)

ACCUMULATOR = "@result"
UNUSED = "#unused"
SORTED = "@__sortBy_input__"
_NO_NAME = "argument is not an identifier"


class Maker(Protocol):
    """Who gives out the ids of nodes, and hears of what is wrong."""

    def new_id(self) -> int:
        """An id that no other node has."""

    def wrong(self, at: int, text: str) -> None:
        """A flaw."""


Expansion = Callable[["_Nodes", Expression, Sequence[Expression]], Expression | None]


class _Nodes:
    """Makes nodes that all stand where the macro stands."""

    __slots__ = ("at", "maker")

    def __init__(self, maker: Maker, at: int) -> None:
        self.maker = maker
        self.at = at

    def literal(self, value: object) -> Literal:
        return Literal(self.maker.new_id(), self.at, value)

    def name(self, name: str) -> Identifier:
        return Identifier(self.maker.new_id(), self.at, name)

    def call(self, function: str, *args: Expression) -> Call:
        return Call(self.maker.new_id(), self.at, function, None, args)

    def method(self, target: Expression, function: str, *args: Expression) -> Call:
        return Call(self.maker.new_id(), self.at, function, target, args)

    def list_of(self, *items: Expression) -> ListLiteral:
        return ListLiteral(self.maker.new_id(), self.at, items)

    def loop(
        self,
        over: Expression,
        variables: Sequence[str],
        start: Expression,
        condition: Expression,
        step: Expression,
        result: Expression | None = None,
        accumulator: str = ACCUMULATOR,
    ) -> Comprehension:
        variable, variable2 = (*variables, "")[:2]
        result = result or self.name(accumulator)
        return Comprehension(
            self.maker.new_id(),
            self.at,
            variable,
            variable2,
            over,
            accumulator,
            start,
            condition,
            step,
            result,
        )

    def variables(
        self, args: Sequence[Expression], flaw: str = "argument must be a simple name"
    ) -> list[str] | None:
        """The names that a loop binds; None, and a problem, where they are none."""
        names = []
        for arg in args:
            if not isinstance(arg, Identifier) or arg.name.startswith("."):
                self.maker.wrong(arg.at, flaw)
                return None
            if arg.name in (ACCUMULATOR, "__result__"):
                self.maker.wrong(arg.at, "iteration variable overwrites accumulator variable")
                return None
            names.append(arg.name)
        if len(set(names)) < len(names):
            self.maker.wrong(args[1].at, f"duplicate variable name: {names[1]}")
            return None
        return names


def expanded(
    maker: Maker, function: str, target: Expression | None, args: Sequence[Expression], at: int
) -> Expression | None:
    """What a call becomes if it is a macro's, else None."""
    expansion = MACROS.get((function, len(args), target is not None))
    if expansion is None:
        return None
    return expansion(_Nodes(maker, at), target or Literal(0, at, None), args)


def _has(make: _Nodes, _: Expression, args: Sequence[Expression]) -> Expression | None:
    (arg,) = args
    if not isinstance(arg, Select) or arg.is_test:
        make.maker.wrong(make.at, "invalid argument to has() macro")
        return None
    return Select(make.maker.new_id(), make.at, arg.operand, arg.field, True, arg.is_optional)


def _all(make: _Nodes, over: Expression, args: Sequence[Expression]) -> Expression | None:
    if (variables := make.variables(args[:-1])) is None:
        return None
    start = make.literal(True)
    condition = make.call("@not_strictly_false", make.name(ACCUMULATOR))
    step = make.call("_&&_", make.name(ACCUMULATOR), args[-1])
    return make.loop(over, variables, start, condition, step)


def _exists(make: _Nodes, over: Expression, args: Sequence[Expression]) -> Expression | None:
    if (variables := make.variables(args[:-1])) is None:
        return None
    start = make.literal(False)
    condition = make.call("@not_strictly_false", make.call("!_", make.name(ACCUMULATOR)))
    step = make.call("_||_", make.name(ACCUMULATOR), args[-1])
    return make.loop(over, variables, start, condition, step)


def _exists_one(make: _Nodes, over: Expression, args: Sequence[Expression]) -> Expression | None:
    if (variables := make.variables(args[:-1])) is None:
        return None
    start, condition = make.literal(0), make.literal(True)
    more = make.call("_+_", make.name(ACCUMULATOR), make.literal(1))
    step = make.call("_?_:_", args[-1], more, make.name(ACCUMULATOR))
    result = make.call("_==_", make.name(ACCUMULATOR), make.literal(1))
    return make.loop(over, variables, start, condition, step, result)


def _gather(
    make: _Nodes,
    over: Expression,
    variables: list[str] | None,
    start: Expression,
    filtered: Sequence[Expression],
    step: Expression,
) -> Expression | None:
    if variables is None:
        return None
    for condition in filtered:
        step = make.call("_?_:_", condition, step, make.name(ACCUMULATOR))
    return make.loop(over, variables, start, make.literal(True), step)


def _map(make: _Nodes, over: Expression, args: Sequence[Expression]) -> Expression | None:
    step = make.call("_+_", make.name(ACCUMULATOR), make.list_of(args[-1]))
    return _gather(make, over, make.variables(args[:1], _NO_NAME), make.list_of(), args[1:-1], step)


def _filter(make: _Nodes, over: Expression, args: Sequence[Expression]) -> Expression | None:
    if (variables := make.variables(args[:1], _NO_NAME)) is None:
        return None
    step = make.call("_+_", make.name(ACCUMULATOR), make.list_of(args[0]))
    return _gather(make, over, variables, make.list_of(), args[1:], step)


def _transform_list(make: _Nodes, over: Expression, args: Sequence[Expression]) -> Expression | None:
    step = make.call("_+_", make.name(ACCUMULATOR), make.list_of(args[-1]))
    return _gather(make, over, make.variables(args[:2]), make.list_of(), args[2:-1], step)


def _transform_map(make: _Nodes, over: Expression, args: Sequence[Expression]) -> Expression | None:
    if (variables := make.variables(args[:2])) is None:
        return None
    key = make.name(variables[0])
    step = make.call("cel.@mapInsert", make.name(ACCUMULATOR), key, args[-1])
    return _gather(make, over, variables, _map_of(make), args[2:-1], step)


def _transform_map_entry(make: _Nodes, over: Expression, args: Sequence[Expression]) -> Expression | None:
    step = make.call("cel.@mapInsert", make.name(ACCUMULATOR), args[-1])
    return _gather(make, over, make.variables(args[:2]), _map_of(make), args[2:-1], step)


def _map_of(make: _Nodes, *entries: Entry) -> MapLiteral:
    return MapLiteral(make.maker.new_id(), make.at, entries)


def _bind(make: _Nodes, target: Expression, args: Sequence[Expression]) -> Expression | None:
    if not isinstance(target, Identifier) or target.name != "cel":
        return None
    if (variables := make.variables(args[:1])) is None:
        return None
    return _bound(make, variables[0], args[1], args[2])


def _bound(make: _Nodes, name: str, value: Expression, result: Expression) -> Expression:
    return make.loop(
        make.list_of(), (UNUSED,), value, make.literal(False), make.name(name), result, accumulator=name
    )


def _sort_by(make: _Nodes, target: Expression, args: Sequence[Expression]) -> Expression | None:
    if isinstance(target, (Literal, MapLiteral, Message)):
        what = "a list, identifier, comprehension, call or select expression"
        make.maker.wrong(target.at, f"sortBy can only be applied to {what}")
        return None
    keys = _map(make, make.name(SORTED), args)
    if keys is None:
        return None
    return _bound(make, SORTED, target, make.method(make.name(SORTED), "@sortByAssociatedKeys", keys))


def _opt_map(make: _Nodes, target: Expression, args: Sequence[Expression]) -> Expression | None:
    return _opt(make, target, args, lambda inner: make.method(make.name("optional"), "of", inner))


def _opt_flat_map(make: _Nodes, target: Expression, args: Sequence[Expression]) -> Expression | None:
    return _opt(make, target, args, lambda inner: inner)


def _opt(
    make: _Nodes,
    target: Expression,
    args: Sequence[Expression],
    wrap: Callable[[Expression], Expression],
) -> Expression | None:
    if (variables := make.variables(args[:1])) is None:
        return None
    is_simple = isinstance(target, Identifier)
    held = "@target"
    first, second = (target, target) if is_simple else (make.name(held), make.name(held))
    value = _bound(make, variables[0], make.method(second, "value"), args[1])
    none = make.method(make.name("optional"), "none")
    chosen = make.call("_?_:_", make.method(first, "hasValue"), wrap(value), none)
    return chosen if is_simple else _bound(make, held, target, chosen)


MACROS: dict[tuple[str, int, bool], Expansion] = {
    ("has", 1, False): _has,
    ("bind", 3, True): _bind,
    ("map", 2, True): _map,
    ("map", 3, True): _map,
    ("filter", 2, True): _filter,
    ("sortBy", 2, True): _sort_by,
    ("optMap", 2, True): _opt_map,
    ("optFlatMap", 2, True): _opt_flat_map,
    ("transformList", 3, True): _transform_list,
    ("transformList", 4, True): _transform_list,
    ("transformMap", 3, True): _transform_map,
    ("transformMap", 4, True): _transform_map,
    ("transformMapEntry", 3, True): _transform_map_entry,
    ("transformMapEntry", 4, True): _transform_map_entry,
    **{("all", count, True): _all for count in (2, 3)},
    **{("exists", count, True): _exists for count in (2, 3)},
    **{(name, count, True): _exists_one for name in ("exists_one", "existsOne") for count in (2, 3)},
}

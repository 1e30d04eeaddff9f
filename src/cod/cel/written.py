"""What Kubernetes asks of that which is written out in an expression.

The items of a list, and the keys and values of a map, have one type, but for what stands in a call of
`format`; a text is the duration, timestamp, regular expression or format that it is taken for. Source: cel-go
`cel/validator.go`, `ext/formatting.go`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cod.cel.check import Checked
from cod.cel.functions import EvaluationError
from cod.cel.library.formatting import Clause, pieces, refusal
from cod.cel.library.text import text_of_type
from cod.cel.problem import Problem
from cod.cel.syntax import Call, Expression, ListLiteral, Literal, MapLiteral
from cod.cel.types import Type, optional_of

_INTEGERS = ("int", "uint")
_PLAIN = ("bool", *_INTEGERS, "double", "string", "bytes")
_TAKES = {
    "s": (*_PLAIN, "list", "map", "type", "null_type", "timestamp", "duration"),
    "d": _INTEGERS,
    "f": ("double", "string"),
    "e": ("double", "string"),
    "b": (*_INTEGERS, "bool"),
    "x": (*_INTEGERS, "string", "bytes"),
    "o": _INTEGERS,
}


def flaws(checked: Checked, written: Iterable[Call | ListLiteral | MapLiteral]) -> Iterator[Problem]:
    """What is wrong with these literals, and these calls of functions that read a notation."""
    for node in written:
        if isinstance(node, ListLiteral):
            types = [_held(checked, item, i in node.optional) for i, item in enumerate(node.items)]
            yield from list(_unlike(checked, node.items, types))[:1]
        elif isinstance(node, MapLiteral):
            keys, values = [[*part] for part in zip(*((e.key, e.value) for e in node.entries), strict=True)]
            yield from _unlike(checked, keys, [checked.types[key.id] for key in keys])
            held = [_held(checked, entry.value, entry.is_optional) for entry in node.entries]
            yield from _unlike(checked, values, held)
        elif node.function == "format":
            yield from _misformatted(checked, node)
        else:
            yield from _unreadable(checked, node)


def _held(checked: Checked, item: Expression, is_optional: bool) -> Type | None:
    """The type that an item has if it is there; None where it may be no optional value at all."""
    type_ = checked.types[item.id]
    if not is_optional:
        return type_
    return type_.parameters[0] if type_.name == "optional_type" else None


def _unlike(checked: Checked, items: Sequence[Expression], types: Sequence[Type | None]) -> Iterator[Problem]:
    """Those of some items whose type is not that of the first."""
    first = types[0]
    for item, type_ in zip(items, types, strict=True):
        if type_ is None or type_ != first:
            given = checked.types[item.id]
            wanted = optional_of(given) if type_ is None else first
            given = given if type_ is None else type_
            yield Problem(item.at, f"expected type '{wanted}' but found '{given}'")


def _unreadable(checked: Checked, node: Call) -> Iterator[Problem]:
    """Literals that are no duration, timestamp or regular expression."""
    overload = checked.overloads[node.id][0]
    unknown = len(overload.parameters) - 1
    for arg in node.args:
        if isinstance(arg, Literal) and isinstance(arg.value, str):
            try:
                overload.call(*[""] * unknown, arg.value)
            except EvaluationError:
                yield Problem(arg.at, f"invalid {node.function} argument")


def _misformatted(checked: Checked, node: Call) -> Iterator[Problem]:
    """The first thing that is wrong with a format that is written out, and its values."""
    values = node.args[0]
    text = node.target.value if isinstance(node.target, Literal) else None
    if not isinstance(text, str) or not isinstance(values, ListLiteral):
        return
    used = 0
    try:
        for piece in pieces(text, len(values.items)):
            if not isinstance(piece, Clause):
                continue
            wrong = _wrong(checked, values.items[used], piece.verb)
            if wrong is not None:
                why = refusal(piece.verb, text_of_type(checked.types[wrong.id]))
                yield Problem(wrong.at, f"error during formatting: {why}")
                return
            used += 1
    except EvaluationError as error:
        yield Problem(node.at, error.text)
        return
    if used < len(values.items):
        what = "too many arguments supplied to string.format"
        yield Problem(node.at, f"{what} (expected {used}, got {len(values.items)})")


def _wrong(checked: Checked, value: Expression, verb: str) -> Expression | None:
    """What a clause cannot write of a value: the value, or for `%s` an item that is written out in it."""
    waiting = [value]
    while waiting:
        node = waiting.pop()
        type_ = checked.types[node.id]
        if type_.kind != "dyn" and not {type_.kind, type_.name}.intersection(_TAKES[verb.lower()]):
            return node
        if verb == "s" and isinstance(node, ListLiteral):
            waiting.extend(reversed(node.items))
        elif verb == "s" and isinstance(node, MapLiteral):
            waiting.extend(part for entry in reversed(node.entries) for part in (entry.value, entry.key))
    return None

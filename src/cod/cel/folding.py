"""What cel-go computes before it evaluates an expression, which therefore costs nothing.

Lists and maps of what is known, conversions of it, and `in` lists of plain values. Source: cel-go
`interpreter/decorators.go`, decOptimize.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from msgspec import Struct

from cod.cel.check import Checked
from cod.cel.closures import Constant, dispatch, mapped
from cod.cel.functions import EvaluationError
from cod.cel.syntax import (
    Call,
    Comprehension,
    Expression,
    Identifier,
    ListLiteral,
    Literal,
    MapLiteral,
    Message,
    Select,
)

_CONVERSIONS = ("bool", "bytes", "double", "duration", "dyn", "int", "string", "timestamp", "type", "uint")
_PLAIN = (bool, int, float, str)


class Folded(Struct, frozen=True):
    """By the ids of nodes: the `values` that are known, and the `memberships` that are only looked up."""

    values: dict[int, Any]
    memberships: frozenset[int]


def folded(checked: Checked) -> Folded:
    """What is known of an expression beforehand."""
    folding = _Folding(checked)
    folding.visit(checked.parsed.expression)
    return Folded(folding.values, frozenset(folding.memberships))


class _Folding:
    def __init__(self, checked: Checked) -> None:
        self.checked = checked
        self.constants = checked.environment.constants
        self.values: dict[int, Any] = {}
        self.memberships: set[int] = set()
        self.locals: list[str] = []

    def visit(self, node: Expression) -> None:
        for part in _parts(node):
            self.visit(part)
        if isinstance(node, Comprehension):
            names = [name for name in (node.accumulator, node.variable, node.variable2) if name]
            self.locals.extend(names)
            for part in (node.condition, node.step, node.result):
                self.visit(part)
            del self.locals[-len(names) :]
        with suppress(EvaluationError):  # what fails here fails when it is evaluated, too
            self.fold(node)

    def fold(self, node: Expression) -> None:
        """Note the value of a node, if it is known."""
        match node:
            case Literal():
                self.values[node.id] = node.value
            case Identifier() if node.name not in self.locals and node.name in self.constants:
                self.values[node.id] = self.constants[node.name]
            case Select() if node.id in self.checked.names:
                name = self.checked.names[node.id]
                if name in self.constants:
                    self.values[node.id] = self.constants[name]
            case ListLiteral() if not node.optional and self.knows(*node.items):
                self.values[node.id] = [self.values[item.id] for item in node.items]
            case MapLiteral() if self.knows(*_parts(node)):
                entries = [
                    (Constant(self.values[entry.key.id]), Constant(self.values[entry.value.id]), False)
                    for entry in node.entries
                ]
                self.values[node.id] = mapped(entries, node.at)([])
            case Call() if node.target is None and node.function in _CONVERSIONS and self.knows(*node.args):
                call = dispatch(node.function, self.checked.overloads[node.id])
                self.values[node.id] = call(self.values[node.args[0].id])
            case Call() if node.function == "@in" and self.knows(node.args[1]):
                self.membership(node, self.values[node.args[1].id])

    def membership(self, node: Call, items: Any) -> None:
        if not isinstance(items, list):
            return
        if not items:
            self.values[node.id] = False
        elif all(isinstance(item, _PLAIN) for item in items):
            self.memberships.add(node.id)

    def knows(self, *nodes: Expression) -> bool:
        return all(node.id in self.values for node in nodes)


def _parts(node: Expression) -> Iterator[Expression]:
    match node:
        case Select():
            yield node.operand
        case Call():
            yield from ((node.target,) if node.target else ())
            yield from node.args
        case ListLiteral():
            yield from node.items
        case MapLiteral():
            for entry in node.entries:
                yield from (entry.key, entry.value)
        case Message():
            yield from (field.value for field in node.fields)
        case Comprehension():
            yield from (node.range, node.start)

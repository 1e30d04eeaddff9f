"""Types: what each part of an expression is, and which overload of a function each call means.

Gradual: what is dyn may be anything until it is evaluated. Source: cel-go `checker/checker.go`, whose words
the problems are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cod.cel.functions import Overload
from cod.cel.parse import DEEPEST, TOO_DEEP, Parsed, dotted
from cod.cel.problem import InvalidExpression, Problem, near
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
from cod.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DYN,
    ERROR,
    INT,
    NULL,
    STRING,
    UINT,
    Type,
    is_generic,
    list_of,
    map_of,
    optional_of,
)
from cod.cel.unify import Unifier
from cod.cel.values import Unsigned

if TYPE_CHECKING:
    from cod.cel.environment import Environment

_LITERALS: dict[type, Type] = {
    type(None): NULL,
    bool: BOOL,
    int: INT,
    Unsigned: UINT,
    float: DOUBLE,
    str: STRING,
    bytes: BYTES,
}

_TEXTS = ("duration", "timestamp", "matches", "format")  # functions of texts that have a notation


class Checked(Struct, frozen=True):
    """An expression with its types.

    By the ids of nodes: their `types`; the `overloads` that a call may mean, several where its arguments are
    dyn; and the `names` of variables and functions that are written with dots, such as `optional.of`.
    """

    parsed: Parsed
    environment: Environment
    types: dict[int, Type]
    overloads: dict[int, tuple[Overload, ...]]
    names: dict[int, str]

    @property
    def type(self) -> Type:
        """The type of the whole."""
        return self.types[self.parsed.expression.id]


def check(parsed: Parsed, environment: Environment) -> Checked:
    """The types of an expression. Raises InvalidExpression with all that is wrong."""
    checker = _Checker(environment)
    try:
        checker.visit(parsed.expression)
    except (RecursionError, _TooDeep):
        raise InvalidExpression(parsed.text, [Problem(0, TOO_DEEP)]) from None
    if checker.problems:
        raise InvalidExpression(parsed.text, checker.problems)
    types = checker.types
    if checker.unifier.count:
        types = {id_: checker.unifier.resolved(type_, is_final=True) for id_, type_ in types.items()}
    checked = Checked(parsed, environment, types, checker.overloads, checker.names)
    if environment.is_strict and checker.written:
        from cod.cel.written import flaws

        if found := list(flaws(checked, checker.written)):
            raise InvalidExpression(parsed.text, found)
    return checked


class _TooDeep(Exception):
    pass


class _Checker:
    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.unifier = Unifier()
        self.problems: list[Problem] = []
        self.types: dict[int, Type] = {}
        self.overloads: dict[int, tuple[Overload, ...]] = {}
        self.names: dict[int, str] = {}
        self.scopes: dict[str, list[Type]] = {}
        self.depth = 0
        self.formats = 0  # calls of `format` around what is visited: what stands in them may mix types
        self.written: list[Call | ListLiteral | MapLiteral] = []

    def wrong(self, at: int, text: str, hint: str = "") -> Type:
        self.problems.append(Problem(at, text, hint))
        return ERROR

    def visit(self, node: Expression) -> Type:
        self.depth += 1
        if self.depth > DEEPEST:
            raise _TooDeep
        type_: Type = _VISITS[type(node)](self, node)
        self.types[node.id] = type_
        self.depth -= 1
        return type_

    def literal(self, node: Literal) -> Type:
        return _LITERALS[type(node.value)]

    def variable(self, name: str) -> Type | None:
        scope = self.scopes.get(name)
        if scope:
            return scope[-1]
        return self.environment.variables.get(name.removeprefix("."))

    def identifier(self, node: Identifier) -> Type:
        found = self.variable(node.name)
        return self.undeclared(node.at, node.name) if found is None else found

    def undeclared(self, at: int, name: str, known: Sequence[str] | None = None) -> Type:
        known = [*self.environment.variables, *self.scopes] if known is None else known
        return self.wrong(at, f"undeclared reference to '{name}' (in container '')", near(name, known))

    def select(self, node: Select) -> Type:
        if not node.is_test and (name := self.environment.dotted_variable(node, self.scopes)):
            self.names[node.id] = name
            return self.environment.variables[name]
        operand = self.visit(node.operand)
        field = self.field(node.at, operand, node.field, is_optional=node.is_optional)
        return BOOL if node.is_test else field

    def field(self, at: int, operand: Type, name: str, *, is_optional: bool) -> Type:
        operand = self.unifier.resolved(operand)
        held = _held(operand)
        of = operand if held is None else self.unifier.resolved(held)
        result = DYN
        if of.kind == "map":
            result = of.parameters[1]
        elif of.kind == "message":
            fields = self.environment.fields.get(of.name, {})
            if name not in fields:
                return self.wrong(at, f"undefined field '{name}'", near(name, fields))
            result = fields[name]
        elif of.kind == "parameter":
            self.unifier.accepts([DYN], [of])
        elif of.kind == "error":
            return ERROR
        elif of.kind not in ("dyn", "any"):
            return self.wrong(at, f"type '{of}' does not support field selection")
        return result if held is None and not is_optional else optional_of(result)

    def call(self, node: Call) -> Type:
        function = node.function
        if function == "_?._":
            operand, field = node.args
            self.types[field.id] = STRING
            assert isinstance(field, Literal)
            return self.field(node.at, self.visit(operand), str(field.value), is_optional=True)
        name, args = function.removeprefix("."), node.args
        is_member = node.target is not None
        if node.target is not None:
            args = (node.target, *args)
            qualified = f"{dotted(node.target)}.{name}".removeprefix(".")
            if qualified in self.environment.functions:
                self.names[node.id] = name = qualified
                args, is_member = node.args, False
        self.formats += node.function == "format"
        given = tuple(map(self.visit, args))  # no frame of Python's between one level and the next
        self.formats -= node.function == "format"
        if node.function in _TEXTS:
            self.written.append(node)
        return self.resolve(node, name, given, is_member=is_member)

    def resolve(self, node: Call, name: str, given: tuple[Type, ...], *, is_member: bool) -> Type:
        """What a call means, by the types of its arguments; note it, and say what it gives."""
        if name not in self.environment.functions:
            return self.undeclared(node.at, name, list(self.environment.functions))
        if any(type_.kind == "error" for type_ in given):
            return ERROR
        found = self.environment.resolution(name, is_member, given)
        if found is None:
            before = dict(self.unifier.known)
            found = self.matching(self.environment.overloads(name, is_member, len(given)), given)
            if found is not None and not any(map(is_generic, (*given, found[1]))):
                self.environment.remember(name, is_member, given, found)
                self.unifier.known = before  # what the call's own parameters are is of no more use
        if found is None:
            shown = [str(self.unifier.resolved(type_, is_final=True)) for type_ in given]
            applied = f"({', '.join(shown[is_member:])})"
            applied = f"{shown[0]}.{applied}" if is_member else applied
            return self.wrong(node.at, f"found no matching overload for '{name}' applied to '{applied}'")
        self.overloads[node.id] = found[0]
        return found[1]

    def matching(
        self, overloads: Sequence[tuple[Overload, bool]], given: Sequence[Type]
    ) -> tuple[tuple[Overload, ...], Type] | None:
        """The overloads that take such arguments, and the type of their results: dyn where they differ."""
        matches: list[Overload] = []
        result: Type | None = None
        for overload, is_template in overloads:
            wanted: Sequence[Type] = overload.parameters
            gives = overload.result
            if is_template:
                *wanted, gives = self.unifier.instance([*wanted, gives])
            if not self.unifier.accepts(wanted, given):
                continue
            matches.append(overload)
            gives = self.unifier.resolved(gives)
            if result is None:
                result = gives
            elif result != gives:
                result = DYN
        return None if result is None else (tuple(matches), result)

    def held(self, item: Expression, type_: Type) -> Type:
        """What an item that may be left out gives if it is there."""
        type_ = self.unifier.resolved(type_)
        if type_.kind in ("dyn", "error"):
            return type_
        inner = self.unifier.fresh()
        if not self.unifier.accepts([optional_of(inner)], [type_]):
            return self.mismatch(item.at, optional_of(type_), type_)
        return self.unifier.resolved(inner)

    def mismatch(self, at: int, wanted: Type, given: Type) -> Type:
        shown = self.unifier.resolved(given, is_final=True)
        return self.wrong(at, f"expected type '{self.unifier.resolved(wanted)}' but found '{shown}'")

    def list(self, node: ListLiteral) -> Type:
        types = list(map(self.visit, node.items))
        for index in node.optional:
            types[index] = self.held(node.items[index], types[index])
        self.note(node, len(types))
        return list_of(self.common(types))

    def map(self, node: MapLiteral) -> Type:
        keys = [entry.key for entry in node.entries]
        values = [entry.value for entry in node.entries]
        key_types, value_types = list(map(self.visit, keys)), list(map(self.visit, values))
        for index, entry in enumerate(node.entries):
            if entry.is_optional:
                value_types[index] = self.held(entry.value, value_types[index])
        self.note(node, len(keys))
        return map_of(self.common(key_types), self.common(value_types))

    def note(self, node: ListLiteral | MapLiteral, count: int) -> None:
        """Remember a literal whose items may be of unlike types."""
        if count and not self.formats:
            self.written.append(node)

    def common(self, types: Sequence[Type]) -> Type:
        """The type that the items of a literal have together; dyn if they have none."""
        result: Type | None = None
        for type_ in types:
            result = self.unifier.joined(result, type_) or DYN
        return result or self.unifier.fresh()

    def message(self, node: Message) -> Type:
        for field in node.fields:
            self.types[field.key.id] = STRING
            self.visit(field.value)
        return self.undeclared(node.at, node.type_name, [])

    def comprehension(self, node: Comprehension) -> Type:
        key, value = self.ranged(node.range.at, self.visit(node.range), has_two=bool(node.variable2))
        accumulated = self.visit(node.start)
        self.enter(node.accumulator, accumulated)
        bound = [(node.variable, key if node.variable2 else value)]
        bound += [(node.variable2, value)] if node.variable2 else []
        for name, type_ in bound:
            self.enter(name, type_)
        condition = self.visit(node.condition)
        if not self.unifier.accepts([BOOL], [condition]):
            self.mismatch(node.condition.at, BOOL, condition)
        step = self.visit(node.step)
        if not self.unifier.accepts([accumulated], [step]):
            self.mismatch(node.step.at, accumulated, step)
        for name, _ in bound:
            self.leave(name)
        result = self.visit(node.result)
        self.leave(node.accumulator)
        return self.unifier.resolved(result)

    def ranged(self, at: int, range_: Type, *, has_two: bool) -> tuple[Type, Type]:
        """The types of index and item, or of key and value: what a loop's two variables get."""
        range_ = self.unifier.resolved(range_)
        if range_.kind == "list":
            return INT, range_.parameters[0]
        if range_.kind == "map":
            key, value = range_.parameters
            return key, value if has_two else key
        if range_.kind == "parameter":
            self.unifier.accepts([DYN], [range_])
        elif range_.kind not in ("dyn", "any", "error"):
            what = "cannot be range of a comprehension (must be list, map, or dynamic)"
            self.wrong(at, f"expression of type '{range_}' {what}")
            return ERROR, ERROR
        return DYN, DYN

    def enter(self, name: str, type_: Type) -> None:
        self.scopes.setdefault(name, []).append(type_)

    def leave(self, name: str) -> None:
        self.scopes[name].pop()
        if not self.scopes[name]:
            del self.scopes[name]


def _held(type_: Type) -> Type | None:
    """What an optional type holds; None of any other."""
    return type_.parameters[0] if type_.kind == "opaque" and type_.name == "optional_type" else None


_VISITS: dict[type, Callable[[_Checker, Any], Type]] = {
    Literal: _Checker.literal,
    Identifier: _Checker.identifier,
    Select: _Checker.select,
    Call: _Checker.call,
    ListLiteral: _Checker.list,
    MapLiteral: _Checker.map,
    Message: _Checker.message,
    Comprehension: _Checker.comprehension,
}

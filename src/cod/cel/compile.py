"""From a checked expression to closures: what is known beforehand is decided here, once.

Calls whose arguments are known are made here, so that `quantity("80Gi")` is parsed once; a call whose types
are known goes straight to its overload, one with a dyn argument looks at the values.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from cod.cel import closures, lookup, loops
from cod.cel.check import Checked
from cod.cel.closures import Closure, Constant, Frame
from cod.cel.environment import Environment
from cod.cel.equality import equal, equals, equals_text, equals_truth
from cod.cel.functions import EvaluationError, Overload
from cod.cel.parse import Parsed, dotted
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
from cod.cel.types import DYN, Type

_LOOSE = ("dyn", "any", "parameter", "error", "null_type")
_LONGEST = 1000  # characters or items of a value that calls are made with beforehand
_BY_PYTHON = ("string", "bytes", "int", "uint", "double", "bool")  # types whose == is Python's
_DYNAMIC: dict[str, Callable[..., Any]] = {
    "_[_]": lookup.index,
    "_[?_]": lookup.optional_field,
    "_?._": lookup.optional_field,
    "@in": lookup.is_in,
}


class Access(Protocol):
    """Who knows a shorter way to some values."""

    def closure(self, node: Expression, compiler: Compiler) -> Closure | None:
        """The closure of a node that this knows, else None."""

    def alias(self, name: str, value: Expression, compiler: Compiler) -> bool:
        """Whether a name that is bound to a value can stand for it; if so, `aliases` has what it means."""


class Compiler:
    """Makes the closures of one expression; without types where it was not checked.

    Afterwards `is_growing` says whether values may become larger than what is written, so that their
    evaluation has to be `bounded`.
    """

    def __init__(
        self,
        parsed: Parsed,
        environment: Environment,
        checked: Checked | None = None,
        *,
        slots: dict[str, int],
        access: Access | None = None,
    ) -> None:
        self.parsed = parsed
        self.environment = environment
        self.types: dict[int, Type] = checked.types if checked else {}
        self.overloads: dict[int, tuple[Overload, ...]] = checked.overloads if checked else {}
        self.slots = slots
        self.size = max(slots.values(), default=-1) + 1
        self.local: dict[str, list[Closure | None]] = {}
        self.aliases: dict[str, list[tuple[str, ...]]] = {}
        self.access = access
        self.is_growing = False

    def closure(self, node: Expression) -> Closure:
        """The closure of a node."""
        if self.access is not None and (found := self.access.closure(node, self)) is not None:
            return found
        return _COMPILES[type(node)](self, node)

    def _literal(self, node: Literal) -> Closure:
        return Constant(node.value)

    def _identifier(self, node: Identifier) -> Closure:
        local = self.local.get(node.name)
        if local and local[-1] is not None:
            return local[-1]
        return self._variable(node.name.removeprefix("."), node.at)

    def _variable(self, name: str, at: int) -> Closure:
        slot = self.slots.get(name)
        if slot is not None:
            return operator.itemgetter(slot)
        if name in self.environment.constants:
            return Constant(self.environment.constants[name])
        return closures.failing(f"undeclared reference to '{name}' (in container '')", at)

    def _select(self, node: Select) -> Closure:
        if not node.is_test and (name := self.environment.dotted_variable(node, self.local)):
            return self._variable(name, node.at)
        operand = self.closure(node.operand)
        if node.is_test:
            return closures.called(lookup.has_field, (operand, Constant(node.field)), node.at)
        return closures.string_field(operand, node.field, node.at)

    def _call(self, node: Call) -> Closure:
        special = _SPECIAL.get(node.function)
        if special is not None:
            return special(self, node)
        name, args = node.function.removeprefix("."), node.args
        is_member = node.target is not None
        if node.target is not None:
            args = (node.target, *args)
            qualified = f"{dotted(node.target)}.{name}".removeprefix(".")
            if qualified in self.environment.functions:
                name, args, is_member = qualified, node.args, False
        compiled = list(map(self.closure, args))  # no frame of Python's between one level and the next
        return self._called(node, name, args, compiled, is_member=is_member)

    def _called(
        self,
        node: Call,
        name: str,
        args: Sequence[Expression],
        compiled: Sequence[Closure],
        *,
        is_member: bool,
    ) -> Closure:
        overloads: Sequence[Overload] | None = self.overloads.get(node.id)
        if overloads is None:
            found = self.environment.overloads(name, is_member, len(args))
            overloads = [overload for overload, _ in found]
        if not overloads:
            unknown = name not in self.environment.functions
            return closures.failing(f"unbound function: {name}" if unknown else "no such overload", node.at)
        self.is_growing = self.is_growing or name == "replace"
        if len(overloads) == 1 and all(map(self._is_certain, args, overloads[0].parameters)):
            call = overloads[0].call
        elif node.function in _DYNAMIC:
            call = _DYNAMIC[node.function]
        else:
            call = closures.dispatch(name, overloads)
        if node.function in ("_[_]", "_[?_]") and not isinstance(compiled[1], Constant):
            return closures.indexed(call, compiled[0], compiled[1], node.at)
        return folded(call, compiled, node.at)

    def _is_certain(self, arg: Expression, parameter: Type) -> bool:
        """Whether an argument is sure to have a parameter's type when it is evaluated."""
        if parameter.kind in ("dyn", "parameter"):
            return True
        return self.types.get(arg.id, DYN).kind not in _LOOSE

    def _logical(self, node: Call) -> Closure:
        terms = list(map(self.closure, terms_of(node)))
        return closures.logical(terms, decisive=node.function == "_||_")

    def _conditional(self, node: Call) -> Closure:
        condition, one, other = map(self.closure, node.args)
        return closures.chosen(condition, one, other)

    def _equality(self, node: Call) -> Closure:
        types = [self.types.get(arg.id, DYN) for arg in node.args]
        is_plain = types[0] == types[1] and types[0].kind in _BY_PYTHON
        one, other = map(self.closure, node.args)
        call: Callable[[Any, Any], Any]
        if node.function == "_!=_":
            call = operator.ne if is_plain else _differ
        elif is_plain:
            call = operator.eq
        elif isinstance(one, Constant) and isinstance(one.value, (str, bool)):
            call = equal
            one, other = other, one  # a text and a truth are equal to the same, whichever comes first
        elif isinstance(other, Constant) and isinstance(other.value, (str, bool)):
            call = equals_text if isinstance(other.value, str) else equals_truth
        else:
            call = equals
        return folded(call, (one, other), node.at)

    def _not_strictly_false(self, node: Call) -> Closure:
        return self.closure(node.args[0])

    def _first_of(self, node: Call) -> Closure:
        if node.target is None or len(node.args) != 1:
            return closures.failing("no such overload", node.at)
        one, other = self.closure(node.target), self.closure(node.args[0])
        return closures.first_of(one, other, is_value=node.function == "orValue")

    def _optional_select(self, node: Call) -> Closure:
        return closures.called(lookup.optional_field, list(map(self.closure, node.args)), node.at)

    def _list(self, node: ListLiteral) -> Closure:
        items = list(map(self.closure, node.items))
        if not node.optional and all(isinstance(item, Constant) for item in items):
            return Constant([item.value for item in items if isinstance(item, Constant)])
        return closures.listed([(item, index in node.optional) for index, item in enumerate(items)])

    def _map(self, node: MapLiteral) -> Closure:
        keys = list(map(self.closure, [entry.key for entry in node.entries]))
        values = list(map(self.closure, [entry.value for entry in node.entries]))
        entries = list(zip(keys, values, [entry.is_optional for entry in node.entries], strict=True))
        made = closures.mapped(entries, node.at)
        known = all(isinstance(part, Constant) for part in (*keys, *values))
        return _evaluated(made) if known else made

    def _message(self, node: Message) -> Closure:
        return closures.failing(f"undeclared reference to '{node.type_name}' (in container '')", node.at)

    def _comprehension(self, node: Comprehension) -> Closure:
        if isinstance(node.condition, Literal) and node.condition.value is False:
            return self._bind(node)
        self.is_growing = True
        over = self.closure(node.range)
        names = [name for name in (node.variable, node.variable2) if name]
        slots = [self.enter(name) for name in names]
        made = self._loop(node, over, slots)
        for name in names:
            self.leave(name)
        return made

    def _loop(self, node: Comprehension, over: Closure, slots: Sequence[int]) -> Closure:
        """What a macro made, by the step that it takes."""
        step, at = node.step, node.range.at
        assert isinstance(step, Call)
        if step.function in ("_&&_", "_||_"):
            term = self.closure(step.args[1])
            return loops.every(over, slots, term, step.function == "_||_", at)
        condition = None
        if step.function == "_?_:_":
            condition = self.closure(step.args[0])
            step = step.args[1]
            assert isinstance(step, Call)
        if step.function == "cel.@mapInsert":
            *key, value = map(self.closure, step.args[1:])
            return loops.inserted(over, slots, condition, key[0] if key else None, value, at)
        more = step.args[1]
        if isinstance(more, ListLiteral):
            return loops.gathered(over, slots, condition, self.closure(more.items[0]), at)
        assert condition is not None
        return loops.single(over, slots, condition, at)

    def _bind(self, node: Comprehension) -> Closure:
        """What `cel.bind` made: the value has its place in the frame, or its name is only another name."""
        name = node.accumulator
        if self.access is not None and self.access.alias(name, node.start, self):
            self.local.setdefault(name, []).append(None)
            result = self.closure(node.result)
            self.leave(name)
            self.aliases[name].pop()
            return result
        self.is_growing = True
        value = self.closure(node.start)
        slot = self.enter(name)
        self.local[name][-1] = loops.bound_name(slot)
        result = self.closure(node.result)
        self.leave(name)
        return loops.bound(slot, value, result)

    def enter(self, name: str) -> int:
        """Give a local variable a place in the frame."""
        slot = self.size
        self.size += 1
        self.local.setdefault(name, []).append(operator.itemgetter(slot))
        return slot

    def leave(self, name: str) -> None:
        """Forget the innermost variable of a name."""
        self.local[name].pop()
        if not self.local[name]:
            del self.local[name]


def terms_of(node: Call) -> list[Expression]:
    """All that stands between the same `&&` or `||`, in the order it was written."""
    terms: list[Expression] = []
    left = [*reversed(node.args)]
    while left:
        term = left.pop()
        if isinstance(term, Call) and term.function == node.function:
            left.extend(reversed(term.args))
        else:
            terms.append(term)
    return terms


def _differ(one: Any, other: Any) -> bool:
    return not equal(one, other)


def folded(call: Callable[..., Any], args: Sequence[Closure], at: int) -> Closure:
    """A call, made at once if all its arguments are known; what fails, fails when it is evaluated."""
    made = closures.called(call, args, at)
    return _evaluated(made) if all(map(_is_known, args)) else made


def _is_known(arg: Closure) -> bool:
    """Whether an argument is known, and not long: a text may grow a hundredfold with each call."""
    return isinstance(arg, Constant) and (
        not isinstance(arg.value, (str, bytes, list, dict)) or len(arg.value) <= _LONGEST
    )


def _evaluated(closure: Closure) -> Closure:
    try:
        return Constant(closure([]))
    except EvaluationError:
        return closure


_COMPILES: dict[type, Callable[[Compiler, Any], Closure]] = {
    Literal: Compiler._literal,
    Identifier: Compiler._identifier,
    Select: Compiler._select,
    Call: Compiler._call,
    ListLiteral: Compiler._list,
    MapLiteral: Compiler._map,
    Message: Compiler._message,
    Comprehension: Compiler._comprehension,
}
_SPECIAL: dict[str, Callable[[Compiler, Call], Closure]] = {
    "_&&_": Compiler._logical,
    "_||_": Compiler._logical,
    "_?_:_": Compiler._conditional,
    "_==_": Compiler._equality,
    "_!=_": Compiler._equality,
    "_?._": Compiler._optional_select,
    "or": Compiler._first_of,
    "orValue": Compiler._first_of,
    "@not_strictly_false": Compiler._not_strictly_false,
}


class Program:
    """An expression that can be evaluated with values for its variables."""

    def __init__(self, compiler: Compiler) -> None:
        self._closure = compiler.closure(compiler.parsed.expression)
        self._slots = compiler.slots
        self._size = compiler.size

    def __call__(self, **values: Any) -> Any:
        """The value of the expression. Raises EvaluationError."""
        frame: Frame = [None] * self._size
        for name, value in values.items():
            frame[self._slots[name]] = value
        return self._closure(frame)

"""What an evaluation costs: expressions evaluated once more, slowly, with every step counted as cel-go does.

Errors are values here, as in cel-go, which evaluates on past them and charges for it. A chain of fields and
indexes (an attribute, in cel-go's words) costs one for itself and one for each step. Source: cel-go
`interpreter/runtimecost.go`, `planner.go`, `attributes.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from cod.cel import lookup
from cod.cel.callees import Callee, callee_of
from cod.cel.chains import (
    call_or_error,
    is_attribute,
    is_conditional,
    is_step,
    is_target,
    is_test,
    reached,
    root_of,
)
from cod.cel.charges import NEW_LIST, NEW_MAP
from cod.cel.check import Checked
from cod.cel.closures import mapped
from cod.cel.effort import bounded
from cod.cel.estimate import TARGET, is_bind
from cod.cel.folding import folded
from cod.cel.functions import EvaluationError
from cod.cel.keys import ABSENT
from cod.cel.loops import not_iterable
from cod.cel.scopes import Scope, bindings, gathered
from cod.cel.syntax import (
    Call,
    Comprehension,
    Expression,
    Identifier,
    ListLiteral,
    MapLiteral,
    Message,
    Select,
)
from cod.cel.values import NONE, Optional

EXCEEDED = "operation cancelled: actual cost limit exceeded"


class Tracked(Struct, frozen=True):
    """What an evaluation gave, a value or an EvaluationError, and what it cost."""

    value: Any
    cost: int


class _Exceeded(Exception):
    pass


def tracked(checked: Checked, variables: Mapping[str, Any], limit: int | None = None) -> Tracked:
    """Evaluate a checked expression. Above the limit, if there is one, the evaluation ends with an error."""
    evaluation = _Evaluation(checked, variables, limit)
    try:
        value = bounded(evaluation.value)(checked.parsed.expression)
    except _Exceeded:
        value = EvaluationError(EXCEEDED)
    except RecursionError:
        value = EvaluationError("expression recursion limit exceeded")
    except EvaluationError as error:
        value = error
    return Tracked(value, evaluation.cost)


class _Evaluation:
    def __init__(self, checked: Checked, variables: Mapping[str, Any], limit: int | None) -> None:
        self.checked = checked
        self.variables = variables
        self.limit = limit
        self.cost = 0
        self.scope: Scope | None = None
        known = folded(checked)
        self.known, self.memberships = known.values, known.memberships
        self.callees: dict[int, Callee] = {}

    def spend(self, amount: int) -> None:
        self.cost += amount
        if self.limit is not None and self.cost > self.limit:
            raise _Exceeded

    def value(self, node: Expression) -> Any:
        """The value of a node, or its error; its cost is spent."""
        known = self.known.get(node.id, ABSENT)
        if known is not ABSENT:
            return known
        if type(node) is Identifier and node.name != TARGET:
            value = self.variable(node.name)
            self.spend(1)
            return value
        if not is_attribute(node):
            return _VALUES[type(node)](self, node)
        value = self.attribute(node)
        if is_target(node):
            return value
        if not is_conditional(root_of(node)):
            self.spend(1)
        if is_test(node):
            self.cost -= 1
        return value

    def attribute(self, node: Expression) -> Any:
        """What stands at the end of a chain; each step is paid for, the chain itself is not."""
        steps = []
        while node.id not in self.known and is_step(node):
            assert isinstance(node, (Select, Call))
            steps.append(node)
            node = node.operand if isinstance(node, Select) else node.args[0]
        value = self.root(node)
        if isinstance(value, EvaluationError):
            return value
        is_optional = isinstance(value, Optional)
        if is_optional:
            if not value.is_there:
                return value.is_there if steps and is_test(steps[0]) else value
            value = value.value
        for step in reversed(steps):
            is_optional = is_optional or (isinstance(step, Call) and step.function != "_[_]")
            value = self.step(step, value, is_optional=is_optional)
            if isinstance(value, EvaluationError):
                return value
            if value is NONE:
                return False if is_test(steps[0]) else NONE
        if steps and is_test(steps[0]):
            return value
        return Optional(value, True) if is_optional else value

    def step(self, node: Select | Call, value: Any, *, is_optional: bool) -> Any:
        """One field or index; NONE where there is nothing at an optional one."""
        if isinstance(node, Select):
            key: Any = node.field
        else:
            key = self.index(node.args[1])
        found = (
            key if isinstance(key, EvaluationError) else reached(node, value, key, is_optional=is_optional)
        )
        if found is NONE:
            return NONE
        if not (is_optional and isinstance(found, EvaluationError)):
            self.spend(1)
        return found

    def index(self, node: Expression) -> Any:
        if node.id not in self.known and is_attribute(node) and not is_target(node):
            return self.attribute(node)
        return self.value(node)

    def root(self, node: Expression) -> Any:
        """What a chain begins with: a variable, which costs nothing by itself, or any other value."""
        if isinstance(node, Identifier) and node.id not in self.known:
            return self.target() if is_target(node) else self.variable(node.name)
        if is_conditional(node):
            assert isinstance(node, Call)
            return self.chosen(node)
        return self.value(node)

    def variable(self, name: str) -> Any:
        scope = self.scope
        while scope is not None:
            if name in scope.variables:
                return scope.variables[name]
            if name == scope.node.accumulator:
                return self.accumulated(scope)
            scope = scope.parent
        return self.variables[name.removeprefix(".")]

    def accumulated(self, scope: Scope) -> Any:
        if not scope.has_begun:
            scope.has_begun = True
            scope.accumulated = self.within(scope.parent, scope.node.start)
            if scope.accumulated in ([], {}) and not is_bind(scope.node):
                scope.accumulated = scope.accumulated.copy()
                scope.is_own = True
        return scope.accumulated

    def target(self) -> Any:
        """The receiver of `optMap`, evaluated anew."""
        scope = self.scope
        while scope is not None and scope.node.accumulator != TARGET:
            scope = scope.parent
        assert scope is not None
        return self.within(scope.parent, scope.node.start)

    def within(self, scope: Scope | None, node: Expression) -> Any:
        self.scope, before = scope, self.scope
        value = self.value(node)
        self.scope = before
        return value

    def chosen(self, node: Call) -> Any:
        """`?:`, where the chain that is chosen costs nothing itself."""
        condition, one, other = node.args
        truth = self.value(condition)
        if isinstance(truth, EvaluationError):
            return truth
        if truth is not True and truth is not False:
            return lookup.no_such_overload()
        branch = one if truth else other
        if branch.id not in self.known and is_attribute(branch) and not is_target(branch):
            return self.attribute(branch)
        return self.value(branch)

    def call(self, node: Call) -> Any:
        if node.function in ("_&&_", "_||_"):
            return self.logical(node)
        if node.function in ("or", "orValue") and node.target is not None and len(node.args) == 1:
            return self.first_of(node.target, node.args[0], is_value=node.function == "orValue")
        if node.id in self.memberships:
            return self.member(node)
        callee = self.callees.get(node.id)
        if callee is None:
            callee = self.callees[node.id] = callee_of(node, self.checked, self.known)
        values = []
        failed: EvaluationError | None = None
        for arg in callee.args:
            value = self.value(arg)
            values.append(value)
            if isinstance(value, EvaluationError):
                failed = failed or value
                if callee.stops:
                    break
        if node.function == "@not_strictly_false":
            result: Any = values[0] is not False
        elif failed is not None:
            result = failed
        elif node.function in ("_+_", "cel.@mapInsert") and self.is_own(values[0]):
            result = call_or_error(gathered, values, node.at)
        else:
            result = call_or_error(callee.call, values, node.at)
        if len(values) == len(callee.args):
            self.spend(1 if callee.cost is None else callee.cost(values, result))
        return result

    def is_own(self, value: Any) -> bool:
        scope = self.scope
        return scope is not None and scope.is_own and value is scope.accumulated

    def member(self, node: Call) -> Any:
        """`in` a list that is written out, which costs nothing."""
        value, items = map(self.value, node.args)
        return value if isinstance(value, EvaluationError) else lookup.contains(value, items)

    def logical(self, node: Call) -> Any:
        decisive = node.function == "_||_"
        failed: EvaluationError | None = None
        for value in map(self.value, node.args):
            if value is decisive:
                return decisive
            if isinstance(value, EvaluationError):
                failed = failed or value
            elif value is not (not decisive):
                failed = failed or lookup.no_such_overload()
        return not decisive if failed is None else failed

    def first_of(self, one: Expression, other: Expression, *, is_value: bool) -> Any:
        held = self.value(one)
        if isinstance(held, EvaluationError):
            return held
        if not isinstance(held, Optional):
            return lookup.no_such_overload()
        if held.is_there:
            return held.value if is_value else held
        return self.value(other)

    def list(self, node: ListLiteral) -> Any:
        result: Any = []
        for index, item in enumerate(node.items):
            value = self.value(item)
            if index in node.optional and not isinstance(value, (Optional, EvaluationError)):
                value = lookup.no_such_overload()
            if isinstance(value, EvaluationError):
                result = value
                break
            if index not in node.optional:
                result.append(value)
            elif value.is_there:
                result.append(value.value)
        self.spend(NEW_LIST)
        return result

    def map(self, node: MapLiteral) -> Any:
        parts = []
        for entry in node.entries:
            key = self.value(entry.key)
            value = key if isinstance(key, EvaluationError) else self.value(entry.value)
            if isinstance(value, EvaluationError):
                self.spend(NEW_MAP)
                return value
            parts.append((_held(key), _held(value), entry.is_optional))
        result = call_or_error(mapped(parts, node.at), ([],), node.at)
        self.spend(NEW_MAP)
        return result

    def message(self, node: Message) -> Any:
        return EvaluationError(f"undeclared reference to '{node.type_name}' (in container '')", node.at)

    def comprehension(self, node: Comprehension) -> Any:
        scope = Scope(self.scope, node)
        if is_bind(node):
            return self.within(scope, node.result)
        over = self.value(node.range)
        if isinstance(over, EvaluationError):
            return over
        each = bindings(node, over)
        if each is None:
            return not_iterable(over, node.range.at)
        self.scope, before = scope, self.scope
        for scope.variables in each:
            condition = self.value(node.condition)
            if condition is False:
                break
            scope.accumulated = self.value(node.step)
            scope.has_begun = True
        scope.variables = {}
        result = self.value(node.result)
        self.scope = before
        return result


def _held(value: Any) -> Callable[[Any], Any]:
    return lambda _: value


_VALUES: dict[type, Callable[[_Evaluation, Any], Any]] = {
    Call: _Evaluation.call,
    ListLiteral: _Evaluation.list,
    MapLiteral: _Evaluation.map,
    Message: _Evaluation.message,
    Comprehension: _Evaluation.comprehension,
}

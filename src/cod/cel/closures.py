"""What an evaluation is made of: functions of a frame, one a node, that call one another.

A frame is a list: the variables of the environment, then those of loops. An error is an EvaluationError,
which only `&&`, `||`, and the loops that stand for them, keep back until they know that it counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cod.cel.functions import EvaluationError, Overload
from cod.cel.keys import has
from cod.cel.library.text import text_of_type, type_name
from cod.cel.lookup import field, missing, no_such_overload
from cod.cel.mismatch import mismatch
from cod.cel.types import Type
from cod.cel.values import Optional

Frame = list[Any]
Closure = Callable[[Frame], Any]


class Constant:
    """The closure of a value that is known."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __call__(self, _: Frame) -> Any:
        """The value."""
        return self.value


def failing(text: str, at: int) -> Closure:
    """What cannot be evaluated at all."""

    def fail(_: Frame) -> Any:
        raise EvaluationError(text, at)

    return fail


def called(call: Callable[..., Any], args: Sequence[Closure], at: int) -> Closure:
    """A call; known arguments are bound, and errors learn where they happened."""
    if len(args) == 1:
        return _called1(call, args[0], at)
    if len(args) == 2:
        return (
            _called2_known(call, args[0], args[1].value, at)
            if isinstance(args[1], Constant)
            else _called2(call, args[0], args[1], at)
        )

    def evaluate(frame: Frame) -> Any:
        values = [arg(frame) for arg in args]
        try:
            return call(*values)
        except EvaluationError as error:
            _place(error, at)
            raise

    return evaluate


def _place(error: EvaluationError, at: int) -> None:
    if error.at is None:
        error.at = at


def _called1(call: Callable[[Any], Any], arg: Closure, at: int) -> Closure:
    def evaluate(frame: Frame) -> Any:
        try:
            return call(arg(frame))
        except EvaluationError as error:
            _place(error, at)
            raise

    return evaluate


def _called2(call: Callable[[Any, Any], Any], one: Closure, other: Closure, at: int) -> Closure:
    def evaluate(frame: Frame) -> Any:
        try:
            return call(one(frame), other(frame))
        except EvaluationError as error:
            _place(error, at)
            raise

    return evaluate


def _called2_known(call: Callable[[Any, Any], Any], one: Closure, value: Any, at: int) -> Closure:
    def evaluate(frame: Frame) -> Any:
        try:
            return call(one(frame), value)
        except EvaluationError as error:
            _place(error, at)
            raise

    return evaluate


def indexed(call: Callable[[Any, Any], Any], operand: Closure, key: Closure, at: int) -> Closure:
    """An item or entry whose key must be evaluated, which it is only where there is something to look in."""

    def evaluate(frame: Frame) -> Any:
        value = operand(frame)
        if type(value) is Optional and not value.is_there:
            return value
        try:
            return call(value, key(frame))
        except EvaluationError as error:
            _place(error, at)
            raise

    return evaluate


def dispatch(function: str, overloads: Sequence[Overload]) -> Callable[..., Any]:
    """A function that finds its overload by the types of its arguments, which it remembers."""
    known: dict[tuple[type, ...], Callable[..., Any]] = {}

    def call(*args: Any) -> Any:
        types = tuple(map(type, args))
        chosen = known.get(types)
        if chosen is None:
            for overload in overloads:
                if all(map(takes, overload.parameters, args)):
                    chosen = known[types] = overload.call
                    break
            else:
                raise mismatch(function, args)
        return chosen(*args)

    return call


def takes(parameter: Type, value: Any) -> bool:
    """Whether a value may stand for a parameter, as far as it can be told without a look at its items."""
    return parameter.kind in ("dyn", "parameter") or text_of_type(parameter) == type_name(value)


def logical(terms: Sequence[Closure], decisive: bool) -> Closure:
    """`&&`, which False decides, or `||`, which True does: whatever errors the other terms have."""
    other = not decisive

    def evaluate(frame: Frame) -> bool:
        failed: EvaluationError | None = None
        for term in terms:
            try:
                value = term(frame)
            except EvaluationError as error:
                failed = failed or error
                continue
            if value is decisive:
                return not other
            if value is not other:
                failed = failed or no_such_overload()
        if failed is not None:
            raise failed
        return other

    return evaluate


def truth(value: Any) -> bool:
    """A bool, which a condition must be."""
    if value is True or value is False:
        return bool(value)
    raise no_such_overload()


def chosen(condition: Closure, one: Closure, other: Closure) -> Closure:
    """`?:`."""

    def evaluate(frame: Frame) -> Any:
        value = condition(frame)
        if value is True:
            return one(frame)
        if value is False:
            return other(frame)
        raise no_such_overload()

    return evaluate


def first_of(one: Closure, other: Closure, *, is_value: bool) -> Closure:
    """`or`, and `orValue`: the other is evaluated only where the first is none."""

    def evaluate(frame: Frame) -> Any:
        held = one(frame)
        if not isinstance(held, Optional):
            raise no_such_overload()
        if held.is_there:
            return held.value if is_value else held
        return other(frame)

    return evaluate


def listed(items: Sequence[tuple[Closure, bool]]) -> Closure:
    """A list, without those of its items that may be left out and are none."""

    def evaluate(frame: Frame) -> list[Any]:
        result = []
        for of, is_optional in items:
            value = of(frame)
            if not is_optional:
                result.append(value)
            elif not isinstance(value, Optional):
                raise no_such_overload()
            elif value.is_there:
                result.append(value.value)
        return result

    return evaluate


def mapped(entries: Sequence[tuple[Closure, Closure, bool]], at: int) -> Closure:
    """A map; its keys are bools, ints, uints or strings, and none is there twice."""

    def evaluate(frame: Frame) -> dict[Any, Any]:
        result: dict[Any, Any] = {}
        for of_key, of_value, is_optional in entries:
            key, value = of_key(frame), of_value(frame)
            if not isinstance(key, (bool, int, str)):
                raise EvaluationError(f"unsupported key type: {type_name(key)}", at)
            if is_optional:
                if not isinstance(value, Optional):
                    raise no_such_overload()
                if not value.is_there:
                    continue
                value = value.value
            if has(result, key):
                raise EvaluationError(f"Failed with repeated key: {key}", at)
            result[key] = value
        return result

    return evaluate


def string_field(operand: Closure, name: str, at: int) -> Closure:
    """A field of what is a map most of the time."""

    def evaluate(frame: Frame) -> Any:
        value = operand(frame)
        if type(value) is dict:
            try:
                return value[name]
            except KeyError:
                error = missing(name)
                error.at = at
                raise error from None
        return field(value, name)

    return evaluate

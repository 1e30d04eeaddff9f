"""What an evaluation is made of: functions of a frame, one a node, that call one another.

A frame is a list: the variables of the environment, then those of loops. An error is an EvaluationError,
which only `&&`, `||`, and the loops that stand for them, keep back until they know that it counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from cod.cel.functions import EvaluationError, Overload
from cod.cel.keys import ABSENT, find, has
from cod.cel.library.text import text_of_type, type_name
from cod.cel.standard import contains, entry, item, missing, optional_entry, optional_item
from cod.cel.values import NONE, Optional, Unsigned

Frame = list[Any]
Closure = Callable[[Frame], Any]

_GO_TYPES = {"null_type": "types.Null", "google.protobuf.Timestamp": "types.Timestamp"}
_GO_TYPES |= {"google.protobuf.Duration": "types.Duration", "optional_type": "*types.Optional"}


class Constant:
    """The closure of a value that is known."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __call__(self, frame: Frame) -> Any:
        return self.value


class Failed:
    """What a bound name has whose value could not be evaluated: an error once it is asked for."""

    __slots__ = ("error",)

    def __init__(self, error: EvaluationError) -> None:
        self.error = error


def no_such_overload() -> EvaluationError:
    """The error of a call whose arguments have no type that the function takes."""
    return EvaluationError("no such overload")


def failing(text: str, at: int) -> Closure:
    """What cannot be evaluated at all."""

    def fail(frame: Frame) -> Any:
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
            raise _placed(error, at)

    return evaluate


def _placed(error: EvaluationError, at: int) -> EvaluationError:
    if error.at is None:
        error.at = at
    return error


def _called1(call: Callable[[Any], Any], arg: Closure, at: int) -> Closure:
    def evaluate(frame: Frame) -> Any:
        try:
            return call(arg(frame))
        except EvaluationError as error:
            raise _placed(error, at)

    return evaluate


def _called2(call: Callable[[Any, Any], Any], one: Closure, other: Closure, at: int) -> Closure:
    def evaluate(frame: Frame) -> Any:
        try:
            return call(one(frame), other(frame))
        except EvaluationError as error:
            raise _placed(error, at)

    return evaluate


def _called2_known(call: Callable[[Any, Any], Any], one: Closure, value: Any, at: int) -> Closure:
    def evaluate(frame: Frame) -> Any:
        try:
            return call(one(frame), value)
        except EvaluationError as error:
            raise _placed(error, at)

    return evaluate


def dispatch(overloads: Sequence[Overload]) -> Callable[..., Any]:
    """A function that finds its overload by the types of its arguments, which it remembers."""
    known: dict[tuple[type, ...], Callable[..., Any]] = {}

    def call(*args: Any) -> Any:
        types = tuple(map(type, args))
        chosen = known.get(types)
        if chosen is None:
            for overload in overloads:
                if all(map(_takes, overload.parameters, args)):
                    chosen = known[types] = overload.call
                    break
            else:
                raise no_such_overload()
        return chosen(*args)

    return call


def _takes(parameter: Any, value: Any) -> bool:
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


def every(over: Closure, slots: Sequence[int], term: Closure, decisive: bool, at: int) -> Closure:
    """`all`, which False decides, or `exists`, which True does."""
    bind = _binder(slots, at)
    other = not decisive

    def evaluate(frame: Frame) -> bool:
        failed: EvaluationError | None = None
        for _ in bind(frame, over(frame)):
            try:
                value = term(frame)
            except EvaluationError as error:
                failed = error
                continue
            if value is decisive:
                return not other
            failed = no_such_overload() if value is not other else failed
        if failed is not None:
            raise failed
        return other

    return evaluate


def single(over: Closure, slots: Sequence[int], term: Closure, at: int) -> Closure:
    """`exists_one`."""
    bind = _binder(slots, at)

    def evaluate(frame: Frame) -> bool:
        return sum(truth(term(frame)) for _ in bind(frame, over(frame))) == 1

    return evaluate


def gathered(
    over: Closure, slots: Sequence[int], condition: Closure | None, value: Closure, at: int
) -> Closure:
    """`map`, `filter` and `transformList`."""
    bind = _binder(slots, at)

    def evaluate(frame: Frame) -> list[Any]:
        items = bind(frame, over(frame))
        if condition is None:
            return [value(frame) for _ in items]
        return [value(frame) for _ in items if truth(condition(frame))]

    return evaluate


def inserted(
    over: Closure,
    slots: Sequence[int],
    condition: Closure | None,
    key: Closure | None,
    value: Closure,
    at: int,
) -> Closure:
    """`transformMap`, and `transformMapEntry`, which has no key."""
    bind = _binder(slots, at)

    def evaluate(frame: Frame) -> dict[Any, Any]:
        result: dict[Any, Any] = {}
        for _ in bind(frame, over(frame)):
            if condition is not None and not truth(condition(frame)):
                continue
            more = value(frame) if key is None else {key(frame): value(frame)}
            for name, new in more.items():
                if has(result, name):
                    raise EvaluationError(f"insert failed: key {name} already exists", at)
                result[name] = new
        return result

    return evaluate


def bound(slot: int, value: Closure, result: Closure) -> Closure:
    """`cel.bind`; an error of the value counts where the name is used."""

    def evaluate(frame: Frame) -> Any:
        try:
            frame[slot] = value(frame)
        except EvaluationError as error:
            frame[slot] = Failed(error)
        return result(frame)

    return evaluate


def bound_name(slot: int) -> Closure:
    """A name that `cel.bind` gave to a value."""

    def evaluate(frame: Frame) -> Any:
        value = frame[slot]
        if type(value) is Failed:
            raise value.error
        return value

    return evaluate


def _binder(slots: Sequence[int], at: int) -> Callable[[Frame, Any], Iterable[None]]:
    """How a loop gives its variables their values: item or key, or index or key and value."""
    if len(slots) == 1:
        (slot,) = slots

        def one(frame: Frame, over: Any) -> Iterable[None]:
            if not isinstance(over, (list, tuple, Mapping)):
                raise _not_iterable(over, at)
            for frame[slot] in over:
                yield

        return one
    first, second = slots

    def two(frame: Frame, over: Any) -> Iterable[None]:
        if isinstance(over, Mapping):
            pairs: Iterable[tuple[Any, Any]] = over.items()
        elif isinstance(over, (list, tuple)):
            pairs = enumerate(over)
        else:
            raise _not_iterable(over, at)
        for frame[first], frame[second] in pairs:
            yield

    return two


def _not_iterable(value: Any, at: int) -> EvaluationError:
    name = type_name(value)
    name = name.replace("kubernetes.", "cel.") if "." in name else f"types.{name.capitalize()}"
    return EvaluationError(f"got '{_GO_TYPES.get(type_name(value), name)}', expected iterable type", at)


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


def field(value: Any, name: Any) -> Any:
    """What stands after a dot: an entry of a map, or of what an optional value holds."""
    if isinstance(value, Mapping):
        return entry(value, name)
    if isinstance(value, Optional):
        return optional_field(value, name)
    raise no_such_overload()


def optional_field(value: Any, name: Any) -> Optional:
    """What stands after `.?`, or in `[?…]`: none where there is nothing."""
    if isinstance(value, Optional):
        return optional_field(value.value, name) if value.is_there else NONE
    if isinstance(value, Mapping):
        return optional_entry(value, name)
    if isinstance(value, (list, tuple)):
        return optional_item(value, name)
    raise no_such_overload()


def has_field(value: Any, name: str) -> bool:
    """What `has()` says of a field."""
    if isinstance(value, Optional):
        return value.is_there and has_field(value.value, name)
    if not isinstance(value, Mapping):
        raise no_such_overload()
    return has(value, name) or hasattr(value, "__missing__")


def index(value: Any, key: Any) -> Any:
    """What stands in `[…]`: an item of a list, an entry of a map."""
    if isinstance(value, Mapping):
        return entry(value, key)
    if isinstance(value, (list, tuple)):
        if isinstance(key, (int, float, Unsigned)):
            return item(value, key)
        raise no_such_overload()
    if isinstance(value, Optional):
        return optional_field(value, key)
    raise no_such_overload()


def is_in(value: Any, within: Any) -> bool:
    """`in`: among the items of a list, or the keys of a map."""
    if isinstance(within, Mapping):
        return has(within, value)
    if isinstance(within, (list, tuple)):
        return contains(value, within)
    raise no_such_overload()


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
            if find(result, key) is not ABSENT:
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

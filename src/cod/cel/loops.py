"""The closures of loops over lists and maps, and of names for values.

Source: cel-go `interpreter/interpretable.go`, evalFold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from cod.cel.closures import Closure, Frame, truth
from cod.cel.effort import spend
from cod.cel.functions import EvaluationError
from cod.cel.keys import has
from cod.cel.library.text import type_name
from cod.cel.lookup import no_such_overload

_GO_TYPES = {"null_type": "types.Null", "google.protobuf.Timestamp": "types.Timestamp"}
_GO_TYPES |= {"google.protobuf.Duration": "types.Duration", "optional_type": "*types.Optional"}


class Failed:
    """What a bound name has whose value could not be evaluated: an error once it is asked for."""

    __slots__ = ("error",)

    def __init__(self, error: EvaluationError) -> None:
        self.error = error


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
                raise not_iterable(over, at)
            spend(len(over))
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
            raise not_iterable(over, at)
        spend(len(over))
        for frame[first], frame[second] in pairs:
            yield

    return two


def not_iterable(value: Any, at: int) -> EvaluationError:
    """The error of a loop over what has no items."""
    name = type_name(value)
    name = name.replace("kubernetes.", "cel.") if "." in name else f"types.{name.capitalize()}"
    return EvaluationError(f"got '{_GO_TYPES.get(type_name(value), name)}', expected iterable type", at)

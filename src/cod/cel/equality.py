"""When two values are equal, and which comes first.

Numbers are equal across their types, as `1 == 1.0`; a bool is no number; all other types are apart.
Source: cel-spec `doc/langdef.md` § Equality, § Ordering; cel-go `common/types`.
"""

from __future__ import annotations

from typing import Any

from cod.cel.effort import enter
from cod.cel.functions import EvaluationError
from cod.cel.library.text import type_name
from cod.cel.values import Duration, Timestamp

_ORDERED = (str, bytes, bool, Duration, Timestamp)
_OF_KUBERNETES = ("kubernetes.", "net.")


def is_number(value: Any) -> bool:
    """Whether a value is an int, uint or double."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def equal(one: Any, other: Any) -> bool:
    """Whether two values are equal; NaN is equal to nothing. Lists and maps are compared item by item."""
    kind, other_kind = type(one), type(other)
    if kind is str or other_kind is str:
        return kind is other_kind and bool(one == other)
    if isinstance(one, (list, tuple)):
        if not isinstance(other, (list, tuple)) or len(one) != len(other):
            return False
        enter(len(one))
        return all(map(equal, one, other))
    if isinstance(one, dict):
        return isinstance(other, dict) and len(one) == len(other) and _has_entries(one, other)
    if is_number(one):
        if not is_number(other):
            return False
        return float(one) == float(other) if float in (kind, other_kind) else bool(one == other)
    return kind is other_kind and bool(one == other)


def equals(one: Any, other: Any) -> bool:
    """`==`, which a quantity, a version and their like have with nothing else but null: a fault upstream.

    The other way round they are merely different, and so they are in lists, and for `!=`.
    """
    if equal(one, other):
        return True
    if type(one) is not type(other) and other is not None and type_name(one).startswith(_OF_KUBERNETES):
        raise EvaluationError("no such overload")
    return False


def equals_text(one: Any, text: str) -> bool:
    """`==` with a text."""
    return one == text if type(one) is str else equals(one, text)


def equals_truth(one: Any, truth: bool) -> bool:
    """`==` with a bool."""
    return one is truth if type(one) is bool else equals(one, truth)


def _has_entries(one: dict[Any, Any], other: dict[Any, Any]) -> bool:
    enter(len(one))
    if any(key not in other or not equal(value, other[key]) for key, value in one.items()):
        return False
    # Python takes True for 1: keys that are bools must be so in both.
    return {key for key in one if key is True or key is False} == {
        key for key in other if key is True or key is False
    }


def key_of(value: Any) -> Any:
    """What can be hashed, and is equal to another value's where the values are."""
    if isinstance(value, float) and value != value:
        return object()
    if isinstance(value, (list, tuple)):
        enter(len(value))
        return list, tuple(map(key_of, value))
    if isinstance(value, dict):
        enter(len(value))
        return dict, frozenset((key_of(key), key_of(item)) for key, item in value.items())
    return (None if is_number(value) else type(value)), value


def order(one: Any, other: Any) -> int | None:
    """-1, 0 or 1 as one comes before, with or after another; None where neither can be said, as with NaN."""
    comparable = (is_number(one) and is_number(other)) or (
        type(one) is type(other) and isinstance(one, _ORDERED)
    )
    if not comparable:
        return None
    if one < other:
        return -1
    return 1 if one > other else 0 if one == other else None

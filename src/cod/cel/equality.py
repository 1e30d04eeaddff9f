"""When two values are the same, and what a map has under a key: numbers by value, whatever their type.

Source: cel-spec `doc/langdef.md` § Equality.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cod.cel.values import Optional, TypeValue

_ALIKE = (str, int, float, bytes, bool)  # where Python's own == says what CEL's does
_ABSENT = object()


def equal(one: Any, other: Any) -> bool:
    """Whether two values are the same; values of different types are not, but for numbers."""
    kind, kind2 = type(one), type(other)
    if kind is kind2 and kind in _ALIKE:
        return bool(one == other)
    if kind is bool or kind2 is bool:
        return False
    if isinstance(one, (list, tuple)):
        return (
            isinstance(other, (list, tuple)) and len(one) == len(other) and all(map(equal, one, other))
        )
    if isinstance(one, Mapping):
        if not isinstance(other, Mapping) or len(one) != len(other):
            return False
        return all((found := find(other, key, _ABSENT)) is not _ABSENT and equal(one[key], found) for key in one)
    if kind is Optional:
        return kind2 is Optional and one.is_there == other.is_there and equal(one.value, other.value)
    if kind is TypeValue and kind2 is TypeValue:
        return (one.type.kind, one.type.name) == (other.type.kind, other.type.name)
    return bool(one == other)


def contains(items: Any, value: Any) -> bool:
    """Whether a list has a value."""
    return any(equal(value, item) for item in items)


def find(entries: Mapping[Any, Any], key: Any, otherwise: Any = None) -> Any:
    """What a map has under a key.

    Python takes `True` and 1 for the same key, CEL does not: where the key is one of those, the entry's own
    is looked at.
    """
    try:
        found = entries.get(key, _ABSENT)
    except TypeError:  # a list, which cannot be hashed
        return otherwise
    if found is _ABSENT:
        return otherwise
    if type(key) is not str and key in (0, 1):
        own = next(own for own in entries if own == key)
        if (type(own) is bool) is not (type(key) is bool):
            return otherwise
    return found

"""What a map has under a key. Numbers are the same key whatever their type; a bool is none of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ABSENT = object()


def find(entries: Mapping[Any, Any], key: Any, otherwise: Any = ABSENT) -> Any:
    """What a map has under a key, else `otherwise`.

    Python takes `True` and 1 for the same key: where the key is one of those, the entry's own is looked at.
    """
    try:
        found = entries.get(key, ABSENT)
    except TypeError:  # a list, which cannot be hashed
        return otherwise
    if found is ABSENT:
        return otherwise
    if type(key) is not str and key in (0, 1):
        own = next(own for own in entries if own == key)
        if (type(own) is bool) is not (type(key) is bool):
            return otherwise
    return found


def has(entries: Mapping[Any, Any], key: Any) -> bool:
    """Whether a map has a key."""
    return find(entries, key) is not ABSENT

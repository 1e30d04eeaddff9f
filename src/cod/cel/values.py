"""The values of CEL that Python has no type for.

null, bool, int, double, string, bytes, list and map are Python's None, bool, int, float, str, bytes, list (or
tuple) and dict; `bool` is never an int here: compare types, not only values. A quantity and a version are
those of `cod.resource`.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from cod.cel.types import Type

MOST, LEAST = 2**63 - 1, -(2**63)
MOST_UNSIGNED = 2**64 - 1


class Unsigned(int):
    """A uint: a number from 0 to MOST_UNSIGNED."""

    __slots__ = ()


class Duration(Struct, frozen=True, order=True):
    """A span of time, in nanoseconds."""

    nanoseconds: int


class Timestamp(Struct, frozen=True, order=True):
    """A moment, in nanoseconds since 1970 in UTC."""

    nanoseconds: int


class Optional(Struct, frozen=True):
    """A value, or none."""

    value: Any = None
    is_there: bool = False


NONE = Optional()


class TypeValue(Struct, frozen=True):
    """A type as a value: what `type(x)` gives, and what `int` alone means."""

    type: Type

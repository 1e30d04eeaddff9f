"""Arithmetic of int (64 bits), uint, double and times: no result wraps around, what does not fit is an error.

Source: cel-go `common/types/overflow.go`.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable

from cod.cel.functions import EvaluationError
from cod.cel.values import LEAST, MOST, MOST_UNSIGNED, Duration, Timestamp, Unsigned

_BILLION = 10**9
_FIRST, _LAST = -62135596800, 253402300799  # the seconds of the years 1 to 9999
_Operation = Callable[[int, int], int]


def _quotient(a: int, b: int) -> int:
    """The quotient, rounded towards zero."""
    if not b:
        raise EvaluationError("division by zero")
    whole = abs(a) // abs(b)
    return whole if (a < 0) is (b < 0) else -whole


def _remainder(a: int, b: int) -> int:
    """The rest of a division, with the sign of what is divided."""
    if not b:
        raise EvaluationError("modulus by zero")
    if a == LEAST and b == -1:
        return MOST + 1  # Go's processor cannot do it
    rest = abs(a) % abs(b)
    return -rest if a < 0 else rest


def _of_ints(operation: _Operation) -> _Operation:
    def checked(a: int, b: int) -> int:
        result = operation(a, b)
        if not LEAST <= result <= MOST:
            raise EvaluationError("integer overflow")
        return result

    return checked


def _of_uints(operation: _Operation) -> _Operation:
    def checked(a: int, b: int) -> int:
        result = operation(a, b)
        if not 0 <= result <= MOST_UNSIGNED:
            raise EvaluationError("unsigned integer overflow")
        return Unsigned(result)

    return checked


def negated(a: int) -> int:
    """The number with the other sign."""
    if a == LEAST:
        raise EvaluationError("integer overflow")
    return -a


def quotient(a: float, b: float) -> float:
    """The quotient of doubles, as IEEE 754 has it."""
    if b:
        return a / b
    if not a or math.isnan(a):
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1, b)


def moment(nanoseconds: int) -> Timestamp:
    """A timestamp, if it lies in the years 1 to 9999."""
    if not _FIRST <= nanoseconds // _BILLION <= _LAST:
        raise EvaluationError("timestamp overflow")
    return Timestamp(nanoseconds)


def span(nanoseconds: int) -> Duration:
    """A duration, if its nanoseconds fit into 64 bits."""
    if not LEAST <= nanoseconds <= MOST:
        raise EvaluationError("duration overflow")
    return Duration(nanoseconds)


OF_INTS, OF_UINTS = (
    {
        "add": of(operator.add),
        "subtract": of(operator.sub),
        "multiply": of(operator.mul),
        "divide": of(_quotient),
        "modulo": of(_remainder),
    }
    for of in (_of_ints, _of_uints)
)

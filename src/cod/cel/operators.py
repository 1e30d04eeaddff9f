"""The operators of the language, each with all its overloads by cel-go's ids.

`&&`, `||` and `?:` are here for their types only: `cod.cel.compile` sees to it that they do without some of
their arguments. Source: cel-go `common/stdlib`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from cod.cel.arithmetic import OF_INTS, OF_UINTS, moment, negated, quotient, span
from cod.cel.effort import spend, spend_characters
from cod.cel.equality import equal
from cod.cel.functions import Function, Overload, of
from cod.cel.lookup import never
from cod.cel.types import BOOL, BYTES, DOUBLE, DURATION, INT, STRING, TIMESTAMP, UINT, A, list_of
from cod.cel.values import Duration, Timestamp

_LIST = list_of(A)
_ORDERED = {
    "bool": BOOL,
    "int64": INT,
    "uint64": UINT,
    "double": DOUBLE,
    "string": STRING,
    "bytes": BYTES,
    "timestamp": TIMESTAMP,
    "duration": DURATION,
}
_NUMBERS = ("int64", "uint64", "double")


def _mixed(one: str, other: str, compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """A comparison of numbers of two types: with a double, both as doubles, whatever that loses."""
    return (lambda a, b: compare(float(a), float(b))) if "double" in (one, other) else compare


def _comparison(name: str, word: str, compare: Callable[[Any, Any], bool]) -> Function:
    same = [of(f"{word}_{kind}", BOOL, type_, type_, call=compare) for kind, type_ in _ORDERED.items()]
    mixed = [
        of(f"{word}_{one}_{other}", BOOL, _ORDERED[one], _ORDERED[other], call=_mixed(one, other, compare))
        for one in _NUMBERS
        for other in _NUMBERS
        if one != other
    ]
    return Function(name, (*same, *mixed))


def _calculation(name: str, word: str, *others: Overload) -> Function:
    of_ints = of(f"{word}_int64", INT, INT, INT, call=OF_INTS[word])
    of_uints = of(f"{word}_uint64", UINT, UINT, UINT, call=OF_UINTS[word])
    return Function(name, (of_ints, of_uints, *others))


def _of_doubles(word: str, call: Callable[[float, float], float]) -> Overload:
    return of(f"{word}_double", DOUBLE, DOUBLE, DOUBLE, call=call)


def _add_times(one: Timestamp | Duration, other: Timestamp | Duration) -> Timestamp | Duration:
    make = moment if isinstance(one, Timestamp) or isinstance(other, Timestamp) else span
    return make(one.nanoseconds + other.nanoseconds)


def _subtract_times(one: Timestamp | Duration, other: Timestamp | Duration) -> Timestamp | Duration:
    make = moment if isinstance(one, Timestamp) and isinstance(other, Duration) else span
    return make(one.nanoseconds - other.nanoseconds)


def _concatenated(one: Sequence[Any], other: Sequence[Any]) -> list[Any]:
    spend(len(one) + len(other))
    return [*one, *other]


def _appended(one: Any, other: Any) -> Any:
    spend_characters(len(one) + len(other))
    return one + other


FUNCTIONS: tuple[Function, ...] = (
    Function("_&&_", (of("logical_and", BOOL, BOOL, BOOL, call=never),)),
    Function("_||_", (of("logical_or", BOOL, BOOL, BOOL, call=never),)),
    Function("_?_:_", (of("conditional", A, BOOL, A, A, call=never),)),
    Function("!_", (of("logical_not", BOOL, BOOL, call=operator.not_),)),
    Function("@not_strictly_false", (of("not_strictly_false", BOOL, BOOL, call=lambda value: value),)),
    Function("_==_", (of("equals", BOOL, A, A, call=equal),)),
    Function("_!=_", (of("not_equals", BOOL, A, A, call=lambda one, other: not equal(one, other)),)),
    _comparison("_<_", "less", operator.lt),
    _comparison("_<=_", "less_equals", operator.le),
    _comparison("_>_", "greater", operator.gt),
    _comparison("_>=_", "greater_equals", operator.ge),
    _calculation(
        "_+_",
        "add",
        _of_doubles("add", operator.add),
        of("add_string", STRING, STRING, STRING, call=_appended),
        of("add_bytes", BYTES, BYTES, BYTES, call=_appended),
        of("add_list", _LIST, _LIST, _LIST, call=_concatenated),
        of("add_timestamp_duration", TIMESTAMP, TIMESTAMP, DURATION, call=_add_times),
        of("add_duration_timestamp", TIMESTAMP, DURATION, TIMESTAMP, call=_add_times),
        of("add_duration_duration", DURATION, DURATION, DURATION, call=_add_times),
    ),
    _calculation(
        "_-_",
        "subtract",
        _of_doubles("subtract", operator.sub),
        of("subtract_timestamp_timestamp", DURATION, TIMESTAMP, TIMESTAMP, call=_subtract_times),
        of("subtract_timestamp_duration", TIMESTAMP, TIMESTAMP, DURATION, call=_subtract_times),
        of("subtract_duration_duration", DURATION, DURATION, DURATION, call=_subtract_times),
    ),
    _calculation("_*_", "multiply", _of_doubles("multiply", operator.mul)),
    _calculation("_/_", "divide", _of_doubles("divide", quotient)),
    _calculation("_%_", "modulo"),
    Function(
        "-_",
        (
            of("negate_int64", INT, INT, call=negated),
            of("negate_double", DOUBLE, DOUBLE, call=operator.neg),
        ),
    ),
)

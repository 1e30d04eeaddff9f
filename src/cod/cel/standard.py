"""The operators and functions of the language itself, each with all its overloads by cel-go's ids.

`&&`, `||`, `?:`, `or` and `orValue` are here for their types only: they do not need all their arguments,
which `cod.cel.compile` sees to. Source: cel-go `common/stdlib`, `cel/library.go` (optional values).
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cod.cel.arithmetic import OF_INTS, OF_UINTS, negated, quotient
from cod.cel.equality import equal
from cod.cel.functions import EvaluationError, Function, Overload
from cod.cel.keys import ABSENT, find, has
from cod.cel.library.text import text_of, type_name
from cod.cel.times import FUNCTIONS as TIMES
from cod.cel.times import duration_of, moment, span, timestamp_of
from cod.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    NULL,
    STRING,
    TIMESTAMP,
    UINT,
    A,
    B,
    Type,
    list_of,
    map_of,
    optional_of,
    type_of,
)
from cod.cel.values import (
    LEAST,
    MOST,
    MOST_UNSIGNED,
    NONE,
    Duration,
    Optional,
    Timestamp,
    TypeValue,
    Unsigned,
)

_LIST, _MAP = list_of(A), map_of(A, B)
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
_TRUTHS = dict.fromkeys(("1", "t", "T", "TRUE", "true", "True"), True)
_TRUTHS |= dict.fromkeys(("0", "f", "F", "FALSE", "false", "False"), False)
_WHOLE = re.compile(r"[+-]?[0-9]{1,100}")
_DOUBLE = re.compile(
    r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?(?:[iI]nf(?:inity)?)|[nN]a[nN]"
)


def _of(id_: str, result: Type, *parameters: Type, call: Callable[..., Any]) -> Overload:
    return Overload(id_, parameters, result, call)


def _method(id_: str, result: Type, *parameters: Type, call: Callable[..., Any]) -> Overload:
    return Overload(id_, parameters, result, call, is_member=True)


def _mixed(one: str, other: str, compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """A comparison of numbers of two types: with a double, both as doubles, whatever that loses."""
    return (lambda a, b: compare(float(a), float(b))) if "double" in (one, other) else compare


def _comparison(name: str, word: str, compare: Callable[[Any, Any], bool]) -> Function:
    same = [_of(f"{word}_{kind}", BOOL, type_, type_, call=compare) for kind, type_ in _ORDERED.items()]
    mixed = [
        _of(f"{word}_{one}_{other}", BOOL, _ORDERED[one], _ORDERED[other], call=_mixed(one, other, compare))
        for one in _NUMBERS
        for other in _NUMBERS
        if one != other
    ]
    return Function(name, (*same, *mixed))


def _calculation(name: str, word: str, *others: Overload) -> Function:
    of_ints = _of(f"{word}_int64", INT, INT, INT, call=OF_INTS[word])
    of_uints = _of(f"{word}_uint64", UINT, UINT, UINT, call=OF_UINTS[word])
    return Function(name, (of_ints, of_uints, *others))


def _of_doubles(word: str, call: Callable[[float, float], float]) -> Overload:
    return _of(f"{word}_double", DOUBLE, DOUBLE, DOUBLE, call=call)


def _unconvertible(value: Any, to: str) -> EvaluationError:
    return EvaluationError(f"type conversion error from '{type_name(value)}' to '{to}'")


def _whole(value: Any, least: int, most: int, to: str) -> int:
    if isinstance(value, str):
        if not _WHOLE.fullmatch(value) or not least <= int(value) <= most:
            raise _unconvertible(value, to)
        return int(value)
    if isinstance(value, float):
        # 2^63 as a double is one too many, and so is what rounds to it
        if not math.isfinite(value) or value >= most or value <= (least or -1):
            raise EvaluationError(f"{'unsigned ' * (not least)}integer overflow")
        return int(value)
    if not least <= value <= most:
        raise EvaluationError(f"{'unsigned ' * (not least)}integer overflow")
    return int(value)


def _int(value: Any) -> int:
    return _whole(value, LEAST, MOST, "int")


def _uint(value: Any) -> Unsigned:
    return Unsigned(_whole(value, 0, MOST_UNSIGNED, "uint"))


def _double(value: Any) -> float:
    if isinstance(value, str) and not _DOUBLE.fullmatch(value):
        raise _unconvertible(value, "double")
    return float(value)


def _bool(value: str) -> bool:
    truth = _TRUTHS.get(value)
    if truth is None:
        raise _unconvertible(value, "bool")
    return truth


def _string(value: Any) -> str:
    text = text_of(value)
    if text is None:
        raise EvaluationError("invalid UTF-8 in bytes, cannot convert to string")
    return text


def _bytes(value: str) -> bytes:
    try:
        return value.encode()
    except UnicodeEncodeError:
        raise _unconvertible(value, "bytes") from None


def _same(value: Any) -> Any:
    return value


def contains(value: Any, items: Sequence[Any]) -> bool:
    """Whether a list has a value."""
    return any(equal(value, item) for item in items)


def type_value(value: Any) -> TypeValue:
    """The type of a value, without its parameters."""
    return TypeValue(Type(type_name(value)))


def item(items: Sequence[Any], index: Any) -> Any:
    """What a list has at a place; a double or uint that is a whole number is one, too."""
    if type(index) is not int:
        if type(index) is bool or index != int(index):
            raise EvaluationError(f"unsupported index value '{index}' in list")
        index = int(index)
    if not 0 <= index < len(items):
        raise EvaluationError(f"index out of bounds: {index}")
    return items[index]


def entry(entries: Mapping[Any, Any], key: Any) -> Any:
    """What a map has under a key."""
    found = find(entries, key)
    if found is not ABSENT:
        return found
    if hasattr(entries, "__missing__"):
        return entries[key]
    raise missing(key)


def missing(key: Any, hint: Callable[[], str] | None = None) -> EvaluationError:
    """The error where a map has no such key."""
    return EvaluationError(f"no such key: {text_of(key) if text_of(key) is not None else key}", hint=hint)


def optional_item(items: Sequence[Any], index: Any) -> Optional:
    """What a list has at a place, or none."""
    try:
        return Optional(item(items, index), True)
    except EvaluationError:
        return NONE


def optional_entry(entries: Mapping[Any, Any], key: Any) -> Optional:
    """What a map has under a key, or none."""
    found = find(entries, key)
    if found is ABSENT:
        return Optional(entries[key], True) if hasattr(entries, "__missing__") else NONE
    return Optional(found, True)


def _through(of: Callable[[Any, Any], Any]) -> Callable[[Optional, Any], Any]:
    """An index of what an optional value holds, which gives none where there is nothing."""
    return lambda held, index: of(held.value, index) if held.is_there else NONE


def _some(held: Optional) -> Any:
    if not held.is_there:
        raise EvaluationError("optional.none() dereference")
    return held.value


def is_zero(value: Any) -> bool:
    """Whether a value is what its type begins with: null, false, 0, or empty."""
    if isinstance(value, (Timestamp, Duration)):
        return not value.nanoseconds
    return not value if isinstance(value, (int, float, str, bytes, list, tuple, Mapping)) else value is None


def _inserted(entries: Mapping[Any, Any], key: Any, value: Any) -> dict[Any, Any]:
    if has(entries, key):
        raise EvaluationError(f"insert failed: key {text_of(key)} already exists")
    return {**entries, key: value}


def _merged(entries: Mapping[Any, Any], more: Mapping[Any, Any]) -> dict[Any, Any]:
    result = dict(entries)
    for key, value in more.items():
        result = _inserted(result, key, value)
    return result


def _conversions(
    name: str, result: Type, overloads: Mapping[str, Type], call: Callable[..., Any]
) -> Function:
    return Function(name, tuple(_of(id_, result, type_, call=call) for id_, type_ in overloads.items()))


def _add_times(one: Timestamp | Duration, other: Timestamp | Duration) -> Timestamp | Duration:
    make = moment if isinstance(one, Timestamp) or isinstance(other, Timestamp) else span
    return make(one.nanoseconds + other.nanoseconds)


def _subtract_times(one: Timestamp | Duration, other: Timestamp | Duration) -> Timestamp | Duration:
    make = moment if isinstance(one, Timestamp) and isinstance(other, Duration) else span
    return make(one.nanoseconds - other.nanoseconds)


def _concatenated(one: Sequence[Any], other: Sequence[Any]) -> list[Any]:
    return [*one, *other]


def _never(*_: Any) -> Any:
    raise EvaluationError("no such overload")


_OPTIONAL, _OPTIONAL_LIST, _OPTIONAL_MAP = map(optional_of, (A, _LIST, _MAP))

OPERATORS: tuple[Function, ...] = (
    Function("_&&_", (_of("logical_and", BOOL, BOOL, BOOL, call=_never),)),
    Function("_||_", (_of("logical_or", BOOL, BOOL, BOOL, call=_never),)),
    Function("_?_:_", (_of("conditional", A, BOOL, A, A, call=_never),)),
    Function("!_", (_of("logical_not", BOOL, BOOL, call=operator.not_),)),
    Function("@not_strictly_false", (_of("not_strictly_false", BOOL, BOOL, call=_same),)),
    Function("_==_", (_of("equals", BOOL, A, A, call=equal),)),
    Function("_!=_", (_of("not_equals", BOOL, A, A, call=lambda one, other: not equal(one, other)),)),
    _comparison("_<_", "less", operator.lt),
    _comparison("_<=_", "less_equals", operator.le),
    _comparison("_>_", "greater", operator.gt),
    _comparison("_>=_", "greater_equals", operator.ge),
    _calculation(
        "_+_",
        "add",
        _of_doubles("add", operator.add),
        _of("add_string", STRING, STRING, STRING, call=operator.add),
        _of("add_bytes", BYTES, BYTES, BYTES, call=operator.add),
        _of("add_list", _LIST, _LIST, _LIST, call=_concatenated),
        _of("add_timestamp_duration", TIMESTAMP, TIMESTAMP, DURATION, call=_add_times),
        _of("add_duration_timestamp", TIMESTAMP, DURATION, TIMESTAMP, call=_add_times),
        _of("add_duration_duration", DURATION, DURATION, DURATION, call=_add_times),
    ),
    _calculation(
        "_-_",
        "subtract",
        _of_doubles("subtract", operator.sub),
        _of("subtract_timestamp_timestamp", DURATION, TIMESTAMP, TIMESTAMP, call=_subtract_times),
        _of("subtract_timestamp_duration", TIMESTAMP, TIMESTAMP, DURATION, call=_subtract_times),
        _of("subtract_duration_duration", DURATION, DURATION, DURATION, call=_subtract_times),
    ),
    _calculation("_*_", "multiply", _of_doubles("multiply", operator.mul)),
    _calculation("_/_", "divide", _of_doubles("divide", quotient)),
    _calculation("_%_", "modulo"),
    Function(
        "-_",
        (
            _of("negate_int64", INT, INT, call=negated),
            _of("negate_double", DOUBLE, DOUBLE, call=operator.neg),
        ),
    ),
    Function(
        "@in",
        (
            _of("in_list", BOOL, A, _LIST, call=contains),
            _of("in_map", BOOL, A, _MAP, call=lambda key, entries: has(entries, key)),
        ),
    ),
    Function(
        "_[_]",
        (
            _of("index_list", A, _LIST, INT, call=item),
            _of("index_map", B, _MAP, A, call=entry),
            _of("optional_list_index_int", _OPTIONAL, _OPTIONAL_LIST, INT, call=_through(optional_item)),
            _of("optional_map_index_value", optional_of(B), _OPTIONAL_MAP, A, call=_through(optional_entry)),
        ),
    ),
    Function(
        "_[?_]",
        (
            _of("list_optindex_optional_int", _OPTIONAL, _LIST, INT, call=optional_item),
            _of("map_optindex_optional_value", optional_of(B), _MAP, A, call=optional_entry),
            _of(
                "optional_list_optindex_optional_int",
                _OPTIONAL,
                _OPTIONAL_LIST,
                INT,
                call=_through(optional_item),
            ),
            _of(
                "optional_map_optindex_optional_value",
                optional_of(B),
                _OPTIONAL_MAP,
                A,
                call=_through(optional_entry),
            ),
        ),
    ),
    Function(
        "cel.@mapInsert",
        (
            _of("@mapInsert_map_key_value", _MAP, _MAP, A, B, call=_inserted),
            _of("@mapInsert_map_map", _MAP, _MAP, _MAP, call=_merged),
        ),
    ),
)

_SIZED = {"string": STRING, "bytes": BYTES, "list": _LIST, "map": _MAP}

FUNCTIONS: tuple[Function, ...] = (
    *OPERATORS,
    *TIMES,
    Function(
        "size",
        tuple(_of(f"size_{kind}", INT, type_, call=len) for kind, type_ in _SIZED.items())
        + tuple(_method(f"{kind}_size", INT, type_, call=len) for kind, type_ in _SIZED.items()),
    ),
    Function(
        "contains", (_method("contains_string", BOOL, STRING, STRING, call=lambda text, part: part in text),)
    ),
    Function("startsWith", (_method("starts_with_string", BOOL, STRING, STRING, call=str.startswith),)),
    Function("endsWith", (_method("ends_with_string", BOOL, STRING, STRING, call=str.endswith),)),
    _conversions(
        "int",
        INT,
        {
            "int64_to_int64": INT,
            "uint64_to_int64": UINT,
            "double_to_int64": DOUBLE,
            "string_to_int64": STRING,
        },
        _int,
    ),
    _conversions(
        "int",
        INT,
        {"timestamp_to_int64": TIMESTAMP},
        lambda at: at.nanoseconds // 10**9,
    ),
    _conversions("int", INT, {"duration_to_int64": DURATION}, lambda span: span.nanoseconds),
    _conversions(
        "uint",
        UINT,
        {
            "uint64_to_uint64": UINT,
            "int64_to_uint64": INT,
            "double_to_uint64": DOUBLE,
            "string_to_uint64": STRING,
        },
        _uint,
    ),
    _conversions(
        "double",
        DOUBLE,
        {
            "double_to_double": DOUBLE,
            "int64_to_double": INT,
            "uint64_to_double": UINT,
            "string_to_double": STRING,
        },
        _double,
    ),
    _conversions("bool", BOOL, {"bool_to_bool": BOOL}, _same),
    _conversions("bool", BOOL, {"string_to_bool": STRING}, _bool),
    _conversions(
        "string",
        STRING,
        {
            "string_to_string": STRING,
            "bool_to_string": BOOL,
            "bytes_to_string": BYTES,
            "double_to_string": DOUBLE,
            "duration_to_string": DURATION,
            "int64_to_string": INT,
            "timestamp_to_string": TIMESTAMP,
            "uint64_to_string": UINT,
        },
        _string,
    ),
    _conversions("bytes", BYTES, {"bytes_to_bytes": BYTES}, _same),
    _conversions("bytes", BYTES, {"string_to_bytes": STRING}, _bytes),
    _conversions("timestamp", TIMESTAMP, {"timestamp_to_timestamp": TIMESTAMP}, _same),
    _conversions("timestamp", TIMESTAMP, {"string_to_timestamp": STRING}, timestamp_of),
    _conversions(
        "timestamp", TIMESTAMP, {"int64_to_timestamp": INT}, lambda seconds: moment(seconds * 10**9)
    ),
    _conversions("duration", DURATION, {"duration_to_duration": DURATION}, _same),
    _conversions("duration", DURATION, {"string_to_duration": STRING}, duration_of),
    _conversions("duration", DURATION, {"int64_to_duration": INT}, span),
    Function("type", (_of("type", type_of(A), A, call=type_value),)),
    Function("dyn", (_of("to_dyn", DYN, A, call=_same),)),
    Function("optional.of", (_of("optional_of", _OPTIONAL, A, call=lambda value: Optional(value, True)),)),
    Function("optional.none", (_of("optional_none", _OPTIONAL, call=lambda: NONE),)),
    Function(
        "optional.ofNonZeroValue",
        (
            _of(
                "optional_ofNonZeroValue",
                _OPTIONAL,
                A,
                call=lambda value: NONE if is_zero(value) else Optional(value, True),
            ),
        ),
    ),
    Function("value", (_method("optional_value", A, _OPTIONAL, call=_some),)),
    Function("or", (_method("optional_or_optional", _OPTIONAL, _OPTIONAL, _OPTIONAL, call=_never),)),
    Function("orValue", (_method("optional_orValue_value", A, _OPTIONAL, A, call=_never),)),
    Function("hasValue", (_method("optional_hasValue", BOOL, _OPTIONAL, call=lambda held: held.is_there),)),
)

CONSTANTS: dict[str, TypeValue] = {
    **{
        type_.kind: TypeValue(type_)
        for type_ in (BOOL, INT, UINT, DOUBLE, STRING, BYTES, NULL, Type("list"), Type("map"), Type("type"))
    },
    "google.protobuf.Timestamp": TypeValue(Type("google.protobuf.Timestamp")),
    "google.protobuf.Duration": TypeValue(Type("google.protobuf.Duration")),
    "optional_type": TypeValue(Type("optional_type")),
}

"""Conversions between the types of the language: `int(x)`, `string(x)`, `timestamp(x)`, `type(x)`, `dyn(x)`.

Source: cel-go `common/types`, `ConvertToType` of each.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from cod.cel.arithmetic import moment
from cod.cel.functions import EvaluationError, Function, of
from cod.cel.library.text import text_of, type_name
from cod.cel.times import duration_of, timestamp_of
from cod.cel.types import BOOL, BYTES, DOUBLE, DURATION, DYN, INT, STRING, TIMESTAMP, UINT, A, Type, type_of
from cod.cel.values import LEAST, MOST, MOST_UNSIGNED, TypeValue, Unsigned

_TRUTHS = dict.fromkeys(("1", "t", "T", "TRUE", "true", "True"), True)
_TRUTHS |= dict.fromkeys(("0", "f", "F", "FALSE", "false", "False"), False)
_WHOLE = re.compile(r"[+-]?[0-9]{1,100}")
_DOUBLE = re.compile(
    r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?(?:[iI]nf(?:inity)?)|[nN]a[nN]"
)


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


def type_value(value: Any) -> TypeValue:
    """The type of a value, without its parameters."""
    return TypeValue(Type(type_name(value)))


def _conversions(
    name: str, result: Type, overloads: Mapping[str, Type], call: Callable[..., Any]
) -> Function:
    return Function(name, tuple(of(id_, result, type_, call=call) for id_, type_ in overloads.items()))


FUNCTIONS: tuple[Function, ...] = (
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
    Function("type", (of("type", type_of(A), A, call=type_value),)),
    Function("dyn", (of("to_dyn", DYN, A, call=_same),)),
)

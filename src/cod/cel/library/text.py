"""Values as texts: what `string(x)` gives, and what messages call the types of values.

Source: cel-go `common/types`, where a double is Go's `%g`, a timestamp RFC 3339 and a duration `1.5s`.
"""

from __future__ import annotations

import math
from typing import Any

from cod.cel.types import Type
from cod.cel.values import Duration, Optional, Timestamp, TypeValue, Unsigned
from cod.resource.quantity import Quantity
from cod.resource.semver import Version

_NAMES: dict[type, str] = {
    type(None): "null_type",
    bool: "bool",
    int: "int",
    Unsigned: "uint",
    float: "double",
    str: "string",
    bytes: "bytes",
    list: "list",
    tuple: "list",
    Timestamp: "google.protobuf.Timestamp",
    Duration: "google.protobuf.Duration",
    TypeValue: "type",
    Optional: "optional_type",
    Quantity: "kubernetes.Quantity",
    Version: "kubernetes.Semver",
}
_BILLION = 10**9


def type_name(value: Any) -> str:
    """The name of a value's type, such as `google.protobuf.Duration`; a list is only a `list`."""
    name = _NAMES.get(type(value))
    if name is not None:
        return name
    own = getattr(type(value), "type", None)  # as the addresses of `net` have
    return own.name if isinstance(own, Type) else "map"


def text_of_double(number: float) -> str:
    """The fewest digits that give the number again, with an exponent below 1e-4 and from 1e+06 on."""
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "+Inf" if number > 0 else "-Inf"
    shown = repr(number)
    if not number or 1e-4 <= abs(number) < 1e6:
        return shown.removesuffix(".0")
    digits = len(shown.partition("e")[0].replace(".", "").strip("-0"))
    return f"{number:.{digits - 1}e}"


def text_of_duration(span: Duration) -> str:
    """Seconds with as many decimals as a double of them needs."""
    whole = abs(span.nanoseconds)
    seconds = whole // _BILLION + whole % _BILLION / _BILLION
    sign = "-" if span.nanoseconds < 0 else ""
    shown = repr(seconds) if seconds >= 1e-4 or not seconds else f"{seconds:.9f}".rstrip("0")
    return f"{sign}{shown.removesuffix('.0')}s"


def text_of_timestamp(moment: Timestamp) -> str:
    """RFC 3339 in UTC, with decimals only where there are any."""
    from datetime import UTC, datetime, timedelta

    seconds, rest = divmod(moment.nanoseconds, _BILLION)
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    decimals = f".{rest:09}".rstrip("0") if rest else ""
    return f"{at.replace(tzinfo=None).isoformat()}{decimals}Z"


def text_of_type(type_: Type) -> str:
    """A type as a value: without its parameters, and protobuf's name where it has one."""
    well_known = {"timestamp": "google.protobuf.Timestamp", "duration": "google.protobuf.Duration"}
    return well_known.get(type_.name, type_.name or type_.kind)


def text_of(value: Any) -> str | None:
    """What `string(x)` gives; None where a value has no such text, as bytes that are no UTF-8."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return text_of_double(value)
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return None
    if isinstance(value, Duration):
        return text_of_duration(value)
    if isinstance(value, Timestamp):
        return text_of_timestamp(value)
    return text_of_type(value.type) if isinstance(value, TypeValue) else None

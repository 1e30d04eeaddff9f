"""Timestamps and durations: from texts and back, their sums, and the fields of a date in any time zone.

Source: cel-go `common/types/timestamp.go`, `duration.go`; Go's `time.ParseDuration`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any

from cod.cel.arithmetic import moment, span
from cod.cel.functions import EvaluationError, Function, Overload
from cod.cel.types import DURATION, INT, STRING, TIMESTAMP
from cod.cel.values import Duration, Timestamp

_BILLION = 10**9
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII
)
_SPAN = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_UNITS = {"ns": 1, "us": 1000, "µs": 1000, "μs": 1000, "ms": 10**6}
_UNITS |= {"s": _BILLION, "m": 60 * _BILLION, "h": 3600 * _BILLION}
_OFFSET = re.compile(r"([+-]?)(\d\d):(\d\d)", re.ASCII)


def timestamp_of(text: str) -> Timestamp:
    """The moment that a text in RFC 3339 names."""
    match = _RFC3339.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        year, month, day, hour, minute, second = (int(match[group]) for group in range(1, 7))
        at = datetime(max(year, 1), month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise EvaluationError("type conversion error from 'string' to 'google.protobuf.Timestamp'") from None
    if not year:
        raise EvaluationError("timestamp overflow")
    seconds = (at - _EPOCH) // timedelta(seconds=1)
    if match[8]:
        shift = (int(match[9]) * 60 + int(match[10])) * 60
        seconds -= shift if match[8] == "+" else -shift
    return moment(seconds * _BILLION + int((match[7] or "")[:9].ljust(9, "0")))


def duration_of(text: str) -> Duration:
    """The duration that a text such as `1h30m` or `-1.5s` is."""
    digits = text[1:] if text[:1] in ("+", "-") else text
    if digits == "0":
        return Duration(0)
    total, end = 0, 0
    for match in _SPAN.finditer(digits):
        if match.start() != end or len(match[1]) > 100:
            break
        whole, _, fraction = match[1].partition(".")
        unit = _UNITS[match[2]]
        total += int(whole or 0) * unit + int(fraction or 0) * unit // 10 ** len(fraction)
        end = match.end()
    if not digits or end < len(digits):
        raise EvaluationError("type conversion error from 'string' to 'google.protobuf.Duration'")
    return span(-total if text[0] == "-" else total)


@lru_cache(maxsize=64)
def _zone(name: str) -> tzinfo:
    match = _OFFSET.fullmatch(name)
    if match:
        shift = timedelta(hours=int(match[2]), minutes=int(match[3]))
        if shift < timedelta(days=1):
            return timezone(-shift if match[1] == "-" else shift)
    from zoneinfo import ZoneInfo

    try:
        return UTC if name in ("", "UTC") else ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise EvaluationError(f"unknown time zone {name}") from None


def _local(at: Timestamp, zone: str) -> datetime:
    try:
        return (_EPOCH + timedelta(seconds=at.nanoseconds // _BILLION)).astimezone(_zone(zone))
    except OverflowError:
        raise EvaluationError("timestamp overflow") from None


def _field(of: Callable[[datetime], int]) -> Callable[..., int]:
    return lambda at, zone="UTC": of(_local(at, zone))


def _milliseconds(at: Timestamp, zone: str = "UTC") -> int:
    _zone(zone)
    return at.nanoseconds % _BILLION // 10**6


def _whole(unit: int) -> Callable[[Duration], int]:
    def of(duration: Duration) -> int:
        whole = abs(duration.nanoseconds) // unit
        return whole if duration.nanoseconds >= 0 else -whole

    return of


def _milliseconds_of(duration: Duration) -> int:
    return _whole(10**6)(duration) % 1000 if duration.nanoseconds >= 0 else -(_whole(10**6)(duration) % 1000)


_FIELDS: dict[str, Callable[..., int]] = {
    "getFullYear": _field(lambda at: at.year),
    "getMonth": _field(lambda at: at.month - 1),
    "getDayOfYear": _field(lambda at: at.timetuple().tm_yday - 1),
    "getDayOfMonth": _field(lambda at: at.day - 1),
    "getDate": _field(lambda at: at.day),
    "getDayOfWeek": _field(lambda at: at.isoweekday() % 7),
    "getHours": _field(lambda at: at.hour),
    "getMinutes": _field(lambda at: at.minute),
    "getSeconds": _field(lambda at: at.second),
    "getMilliseconds": _milliseconds,
}
_OF_DURATIONS: dict[str, Callable[[Duration], int]] = {
    "getHours": _whole(3600 * _BILLION),
    "getMinutes": _whole(60 * _BILLION),
    "getSeconds": _whole(_BILLION),
    "getMilliseconds": _milliseconds_of,
}


def _method(id_: str, *parameters: Any, call: Callable[..., Any]) -> Overload:
    return Overload(id_, parameters, INT, call, is_member=True)


FUNCTIONS: tuple[Function, ...] = tuple(
    Function(
        name,
        (
            _method(f"timestamp_to_{name}", TIMESTAMP, call=call),
            _method(f"timestamp_to_{name}_with_tz", TIMESTAMP, STRING, call=call),
        ),
    )
    for name, call in _FIELDS.items()
) + tuple(
    Function(name, (_method(f"duration_to_{name}", DURATION, call=call),))
    for name, call in _OF_DURATIONS.items()
)

"""Spans of time as people write and read them: `2h`, `1h30m`, `in 2 h`."""

from __future__ import annotations

import re
from datetime import datetime

from cod.errors import Misuse

_SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_FORM = re.compile(r"(?:[0-9]{1,7}[dhms])+")
_LONGEST = 100 * 365 * 86400


def parse_duration(text: str) -> int:
    """Seconds. Raises Misuse for what is none, or nothing, or longer than anybody lives."""
    parts = re.findall(r"([0-9]+)([dhms])", text) if _FORM.fullmatch(text) else []
    seconds = sum(int(number) * _SECONDS[unit] for number, unit in parts)
    if not 0 < seconds <= _LONGEST:
        raise Misuse(
            f"cannot read the duration {text!r}",
            causes=("it is numbers with d, h, m or s, and more than none",),
            hint="--for 2h, or --for 1h30m",
        )
    return seconds


def written(seconds: float) -> str:
    """A span in its two largest units: `1 h 59 min`."""
    left = max(0, round(seconds))
    parts: list[str] = []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        number, left = divmod(left, size)
        if number or (unit == "s" and not parts):
            parts.append(f"{number} {unit}")
        elif parts:
            break
    return " ".join(parts[:2])


def local_time(moment: float) -> str:
    """A moment in seconds since 1970, as a clock on the wall shows it."""
    return datetime.fromtimestamp(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S")

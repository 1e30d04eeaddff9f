"""Many names in few words, as hostlists have them: `gpu[4-5,7]`, `node-[01-12].lab`."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NUMBERED = re.compile(r"(.*?)([0-9]{1,18})([^0-9]*)", re.DOTALL)


def ranges(names: Iterable[str]) -> str:
    """Names that differ in their last number are put together; numbers are sorted, stems keep their order.

    A number with zeros before it goes only with others of its length, so that each name can be told again.
    """
    groups: dict[tuple[str, str, int], set[int]] = {}
    parts: dict[object, str] = {}
    for name in names:
        match = _NUMBERED.fullmatch(name)
        if match is None:
            parts.setdefault(name, name)
            continue
        stem, digits, rest = match.groups()
        # Without zeros before it a number of any length is meant; those of one length may stand together.
        padded = len(digits) if digits[0] == "0" and len(digits) > 1 else 0
        key = (stem, rest, padded)
        groups.setdefault(key, set()).add(int(digits))
        parts.setdefault(key, "")
    _join_padded(groups, parts)
    return ",".join(
        _written(key, groups[key]) if isinstance(key, tuple) else text for key, text in parts.items()
    )


def _join_padded(groups: dict[tuple[str, str, int], set[int]], parts: dict[object, str]) -> None:
    """Put `10` with `08` and `09`: it has their length, and no zeros to show it."""
    for stem, rest, width in [key for key in groups if key[2]]:
        plain = groups.get((stem, rest, 0), set())
        fitting = {number for number in plain if len(str(number)) == width}
        groups[stem, rest, width] |= fitting
        plain -= fitting
        if not plain and (stem, rest, 0) in groups:
            del groups[stem, rest, 0], parts[stem, rest, 0]


def _written(key: tuple[str, str, int], numbers: set[int]) -> str:
    stem, rest, width = key
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    texts = [
        f"{first:0{width}}" if first == last else f"{first:0{width}}-{last:0{width}}" for first, last in runs
    ]
    single = len(numbers) == 1
    return f"{stem}{texts[0]}{rest}" if single else f"{stem}[{','.join(texts)}]{rest}"


def shortened(text: str, most: int) -> str:
    """Ranges of at most about so many letters, cut between two of them: `node-[1-3,7,…]`."""
    if len(text) <= most:
        return text
    end = text.rfind(",", 0, most)
    cut = text[:end] if end > 0 else text[: most - 1]
    return f"{cut},…]" if cut.count("[") > cut.count("]") else f"{cut},…"

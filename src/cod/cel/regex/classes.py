r"""Classes of characters: `[a-z]`, `\d`, `[[:alpha:]]`, `\pL`; and what they become if case does not matter.

Source: RE2's syntax page; Go `regexp/syntax`. Scripts such as `\p{Greek}` are missing: Python does not know
them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from functools import cache

from cod.cel.regex.tree import Ranges

LAST = 0x10FFFF
ANY: Ranges = ((0, LAST),)
DIGIT: Ranges = ((48, 57),)
SPACE: Ranges = ((9, 10), (12, 13), (32, 32))
WORD: Ranges = ((48, 57), (65, 90), (95, 95), (97, 122))
PERL = {"d": DIGIT, "s": SPACE, "w": WORD}
POSIX: dict[str, Ranges] = {
    "alnum": ((48, 57), (65, 90), (97, 122)),
    "alpha": ((65, 90), (97, 122)),
    "ascii": ((0, 127),),
    "blank": ((9, 9), (32, 32)),
    "cntrl": ((0, 31), (127, 127)),
    "digit": DIGIT,
    "graph": ((33, 126),),
    "lower": ((97, 122),),
    "print": ((32, 126),),
    "punct": ((33, 47), (58, 64), (91, 96), (123, 126)),
    "space": ((9, 13), (32, 32)),
    "upper": ((65, 90),),
    "word": WORD,
    "xdigit": ((48, 57), (65, 70), (97, 102)),
}
_LAST_CASED = 0x1E943  # the last letter that has an upper and a lower form
_DOTTED = "\u0130\u0131"  # Turkish: their other case is an i of another kind


def union(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """The ranges sorted, those that touch made one."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = merged[-1][0], max(high, merged[-1][1])
        else:
            merged.append((low, high))
    return tuple(merged)


def without(ranges: Ranges) -> Ranges:
    """All characters but those."""
    rest, start = [], 0
    for low, high in ranges:
        if start < low:
            rest.append((start, low - 1))
        start = high + 1
    return (*rest, (start, LAST)) if start <= LAST else tuple(rest)


def overlap(one: Ranges, other: Ranges) -> bool:
    """Whether a character is in both."""
    mine = theirs = 0
    while mine < len(one) and theirs < len(other):
        if one[mine][1] < other[theirs][0]:
            mine += 1
        elif other[theirs][1] < one[mine][0]:
            theirs += 1
        else:
            return True
    return False


def has(ranges: Ranges, code: int) -> bool:
    """Whether a character is in the ranges."""
    at = bisect_right(ranges, (code, LAST))
    return at > 0 and code <= ranges[at - 1][1]


def folded(ranges: Ranges) -> Ranges:
    """The ranges with all other cases of their characters."""
    if not ranges or ranges[-1][1] >= 128:
        return union(
            (*ranges, *((other, other) for code, others in _cases() if has(ranges, code) for other in others))
        )
    more = list(ranges)
    for low, high in ranges:
        more += [(max(low, a) + by, min(high, z) + by) for a, z, by in _ASCII if low <= z and high >= a]
    more += [(beyond, beyond) for letter, beyond in _BEYOND if has(ranges, letter)]
    return union(more)


_ASCII = ((65, 90, 32), (97, 122, -32))
_BEYOND = ((75, 0x212A), (107, 0x212A), (83, 0x17F), (115, 0x17F))  # the Kelvin sign, the long s


@cache
def _cases() -> tuple[tuple[int, tuple[int, ...]], ...]:
    """Each letter that has several cases, with all of them; takes 40 ms, once."""
    letters: dict[str, list[int]] = {}
    for code in range(_LAST_CASED + 1):
        letters.setdefault(_plain(chr(code)), []).append(code)
    several = [tuple(codes) for codes in letters.values() if len(codes) > 1]
    return tuple((code, codes) for codes in several for code in codes)


def _plain(character: str) -> str:
    """What all cases of a letter have in common."""
    if character in _DOTTED:
        return character
    upper = character.upper()
    lower = (upper if len(upper) == 1 else character).lower()
    return lower if len(lower) == 1 else character


@cache
def _categories() -> dict[str, Ranges]:
    """The characters of each of Unicode's general categories; takes 150 ms, once."""
    from unicodedata import category

    found: dict[str, list[tuple[int, int]]] = {}
    start, current = 0, category("\0")
    for code in range(1, LAST + 2):
        kind = category(chr(code)) if code <= LAST else ""
        if kind != current:
            found.setdefault(current, []).append((start, code - 1))
            start, current = code, kind
    return {name: tuple(ranges) for name, ranges in found.items()}


def category_of(name: str) -> Ranges | None:
    """The characters of a general category such as `L` or `Lu`, or of `Any`; None if there is none."""
    if name == "Any":
        return ANY
    if not name or len(name) > 2 or name == "Cn":
        return None
    parts = [ranges for key, ranges in _categories().items() if key.startswith(name) and key != "Cn"]
    return union(range_ for ranges in parts for range_ in ranges) if parts else None

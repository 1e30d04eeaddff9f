"""Paths of a machine that match a pattern, and what each wildcard in it stands for.

`*`, `?` and `[…]` match within one name, as in a shell; `{1}` in a further pattern is what the first wildcard
of the pattern before stood for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fnmatch import translate
from functools import cache

from msgspec import Struct

from cod.host import Host
from cod.host.machine import natural_order

_WILDCARD = r"(\*|\?|\[!?\]?[^\]/]*\])"
_REFERENCE = r"\{([1-9])\}"

_compiled = cache(re.compile)  # when first needed: the built-in rules need none


class Match(Struct, frozen=True):
    """A path, and what the wildcards stand for in it, from left to right."""

    path: str
    parts: tuple[str, ...] = ()


class Matches:
    """The paths of one machine; each directory is listed once."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._listings: dict[str, frozenset[str]] = {}

    def find(self, pattern: str) -> list[Match]:
        """The paths that are there and match, in natural order."""
        *directories, last = pattern.strip("/").split("/")
        found = [Match("")]
        for name in directories:
            if has_wildcard(name):
                found = [step for each in found for step in self._step(each, name)]
            else:
                found = [Match(f"{each.path}/{name}", each.parts) for each in found]
        found = [step for each in found for step in self._step(each, last)]
        return sorted(found, key=lambda each: natural_order(each.path)) if len(found) > 1 else found

    def _step(self, before: Match, name: str) -> Iterator[Match]:
        """A path with one more name, for each name there that matches."""
        names = self._listing(before.path or "/")
        start, star, end = name.partition("*")
        if not has_wildcard(name):
            if name in names:
                yield Match(f"{before.path}/{name}", before.parts)
        elif not star or has_wildcard(start) or has_wildcard(end):
            for each in names:
                if match := _fitting(name).fullmatch(each):
                    yield Match(f"{before.path}/{each}", (*before.parts, *match.groups()))
        else:  # one `*`, the usual case, needs no regular expression, which would take 100 µs to compile
            for each in names:
                if each.startswith(start) and each.endswith(end) and len(each) >= len(start) + len(end):
                    part = each[len(start) : len(each) - len(end)]
                    yield Match(f"{before.path}/{each}", (*before.parts, part))

    def _listing(self, directory: str) -> frozenset[str]:
        if directory not in self._listings:
            self._listings[directory] = self._host.unsorted_names(directory)
        return self._listings[directory]


def fits(text: str, pattern: str) -> bool:
    """Whether a text, which may have any character, matches a pattern whole."""
    return _fitting(pattern).fullmatch(text) is not None


def has_wildcard(pattern: str) -> bool:
    """Whether a pattern, or a name in one, may match several."""
    return "*" in pattern or "?" in pattern or "[" in pattern


def wildcards(pattern: str) -> int:
    """How many wildcards a pattern has."""
    return len(_compiled(_WILDCARD).findall(pattern))


def references(pattern: str) -> list[int]:
    """The numbers of the wildcards that a further pattern names."""
    return [int(each) for each in _compiled(_REFERENCE).findall(pattern)]


def filled(pattern: str, parts: Sequence[str], *, literal: bool = True) -> str:
    """A pattern with what the wildcards stood for in place of `{1}`, `{2}` …, where it matches just that.

    With `literal` off it becomes a path instead of a pattern.
    """
    if "{" not in pattern:
        return pattern
    texts = [re.sub(r"[*?[]", r"[\g<0>]", part) for part in parts] if literal else parts
    found: str = _compiled(_REFERENCE).sub(lambda match: _item(texts, int(match[1])), pattern)
    return found


def _item(texts: Sequence[str], number: int) -> str:
    return texts[number - 1] if number <= len(texts) else ""


def _expression(piece: str) -> str:
    if not _compiled(_WILDCARD).fullmatch(piece):
        return re.escape(piece)
    return "(" + translate(piece).removeprefix("(?s:").rpartition(")")[0] + ")"


@cache
def _fitting(pattern: str) -> re.Pattern[str]:
    pieces = _compiled(_WILDCARD).split(pattern)
    return re.compile("".join(map(_expression, pieces)), re.DOTALL)

"""A regular expression that is ready: whether and where it matches a text.

Python's own matcher is used where it cannot take long, as for nearly all that people write, and a program of
ours for all else.
"""

from __future__ import annotations

import re
from functools import lru_cache

from cod.cel.regex.parse import InvalidPattern, parse
from cod.cel.regex.paths import ways_of
from cod.cel.regex.program import Program, Span
from cod.cel.regex.translate import translate
from cod.cel.regex.tree import At, Node, Sequence

_MOST_STEPS = 5_000_000  # which take Python about 30 ms


class Pattern:
    """A regular expression of RE2's language. Raises InvalidPattern."""

    def __init__(self, text: str) -> None:
        self._tree = parse(text)
        self._program: Program | None = None
        self._ways = ways_of(self._tree)
        translated = translate(self._tree) if self._ways.power is not None else None
        self._python = None if translated is None else _compile(translated)
        self._is_anchored = _begins_at_begin(self._tree)
        if self._python is None:
            self._program = Program(self._tree)

    def matches(self, text: str) -> bool:
        """Whether a part of the text matches."""
        if self._python is not None and self._is_quick(text):
            return self._python.search(text) is not None
        return self._run().search(text, is_any=True) is not None

    def find(self, text: str, start: int = 0) -> Span | None:
        """Where the first match is that begins at `start` or after it."""
        if self._python is not None and self._is_quick(text):
            match = self._python.search(text, start)
            return match and match.span()
        return self._run().search(text, start)

    def find_all(self, text: str, limit: int = -1) -> list[str]:
        """All matches one after another, at most `limit` if that is not negative.

        None is empty where another has just ended. Source: Go `regexp.FindAllString`.
        """
        found: list[str] = []
        position, last_end = 0, -1
        while position <= len(text) and len(found) != limit:
            span = self.find(text, position)
            if span is None:
                break
            start, end = span
            if end > position or start != last_end:
                found.append(text[start:end])
            position = end if end > position else position + 1
            last_end = end
        return found

    def _is_quick(self, text: str) -> bool:
        length = len(text) + 1
        starts = 1 if self._is_anchored else length
        return starts * length * self._ways.of(len(text)) <= _MOST_STEPS

    def _run(self) -> Program:
        if self._program is None:
            self._program = Program(self._tree)
        return self._program


def _compile(text: str) -> re.Pattern[str] | None:
    try:
        return re.compile(text)
    except (re.error, OverflowError, RecursionError):
        return None


def _begins_at_begin(node: Node) -> bool:
    if isinstance(node, Sequence):
        return bool(node.items) and _begins_at_begin(node.items[0])
    return isinstance(node, At) and node.place == "begin"


@lru_cache(maxsize=512)
def pattern_of(text: str) -> Pattern:
    """The pattern that a text is. Raises InvalidPattern."""
    return Pattern(text)


__all__ = ["InvalidPattern", "Pattern", "pattern_of"]

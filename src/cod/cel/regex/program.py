"""A regular expression as a program that runs over a text once, however it is nested.

All ways to match are followed at the same time, in the order in which they are preferred, and none twice at
one place: the time is at most the length of the text times that of the program. Source: R. Cox, *Regular
Expression Matching: the Virtual Machine Approach*.
"""

from __future__ import annotations

from bisect import bisect_right
from enum import IntEnum

from cod.cel.regex.parse import InvalidPattern
from cod.cel.regex.tree import At, Characters, Choice, Node, Place, Ranges, Repeat, Sequence, can_be_empty

MOST_STEPS = 20_000
_WORD = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
_MOST_KNOWN = 4096  # characters of a class whose membership is remembered

Span = tuple[int, int]


class _Step(IntEnum):
    CHARACTER = 0
    PLACE = 1
    FORK = 2
    JUMP = 3
    MATCH = 4


class _Class(dict[str, bool]):
    """Which characters are of a class; found out when first asked."""

    def __init__(self, ranges: Ranges) -> None:
        self.edges = [edge for low, high in ranges for edge in (low, high + 1)]

    def __missing__(self, character: str) -> bool:
        if len(self) >= _MOST_KNOWN:
            self.clear()
        known = self[character] = bool(bisect_right(self.edges, ord(character)) % 2)
        return known


class Program:
    """Steps, each with a class, a place, or the steps to go on with, the preferred first."""

    def __init__(self, tree: Node) -> None:
        self._steps: list[_Step] = []
        self._targets: list[tuple[int, ...]] = []
        self._classes: dict[int, _Class] = {}
        self._places: dict[int, Place] = {}
        self._known: dict[Ranges, _Class] = {}
        self._write(tree)
        self._add(_Step.MATCH)

    def search(self, text: str, start: int = 0, *, is_any: bool = False) -> Span | None:
        """Where the leftmost match is, of those the preferred one; with `is_any`, the one that ends first."""
        found: Span | None = None
        ways: list[tuple[int, int]] = []  # a step, and where its match began
        marks = [-1] * len(self._steps)
        for position in range(start, len(text) + 1):
            if found is None:
                self._follow(0, position, ways, text, position, marks)
            going: list[tuple[int, int]] = []
            for step, begin in ways:
                if self._steps[step] is _Step.MATCH:
                    found = begin, position
                    if is_any:
                        return found
                    break
                if position < len(text) and self._classes[step][text[position]]:
                    self._follow(step + 1, begin, going, text, position + 1, marks)
            ways = going
            if not ways and (found is not None or self._places.get(0) == "begin"):
                break
        return found

    def _follow(
        self, step: int, begin: int, ways: list[tuple[int, int]], text: str, position: int, marks: list[int]
    ) -> None:
        """Adds the steps that take a character, or match, and are reached from a step without one."""
        waiting = [step]
        while waiting:
            step = waiting.pop()
            if marks[step] == position:
                continue
            marks[step] = position
            kind = self._steps[step]
            if kind is _Step.CHARACTER or kind is _Step.MATCH:
                ways.append((step, begin))
            elif kind is not _Step.PLACE:
                waiting.extend(reversed(self._targets[step]))
            elif _is_at(self._places[step], text, position):
                waiting.append(step + 1)

    def _add(self, kind: _Step, *targets: int) -> int:
        if len(self._steps) >= MOST_STEPS:
            raise InvalidPattern("error parsing regexp: expression is too large")
        self._steps.append(kind)
        self._targets.append(targets)
        return len(self._steps) - 1

    def _write(self, node: Node) -> None:
        if isinstance(node, Characters):
            class_ = self._known.setdefault(node.ranges, _Class(node.ranges))
            self._classes[self._add(_Step.CHARACTER)] = class_
        elif isinstance(node, At):
            self._places[self._add(_Step.PLACE)] = node.place
        elif isinstance(node, Sequence):
            for item in node.items:
                self._write(item)
        elif isinstance(node, Choice):
            self._write_choice(node)
        else:
            self._write_repeat(node)

    def _write_choice(self, node: Choice) -> None:
        ends = []
        for branch in node.branches[:-1]:
            fork = self._add(_Step.FORK)
            self._write(branch)
            ends.append(self._add(_Step.JUMP))
            self._targets[fork] = fork + 1, len(self._steps)
        self._write(node.branches[-1])
        for end in ends:
            self._targets[end] = (len(self._steps),)

    def _write_repeat(self, node: Repeat) -> None:
        item, is_lazy = node.item, node.is_lazy
        if node.most is None:
            if not node.least and can_be_empty(item):  # (x+)?, so that x* prefers what Go's does
                self._write(Repeat(Repeat(item, 1, None, is_lazy), 0, 1, is_lazy))
                return
            for _ in range(node.least - 1):
                self._write(item)
            self._write_loop(item, is_lazy=is_lazy, is_star=not node.least)
            return
        for _ in range(node.least):
            self._write(item)
        forks = []
        for _ in range(node.most - node.least):
            forks.append(self._add(_Step.FORK))
            self._write(item)
        for fork in forks:
            self._targets[fork] = _ordered(fork + 1, len(self._steps), is_lazy=is_lazy)

    def _write_loop(self, item: Node, *, is_lazy: bool, is_star: bool) -> None:
        start = self._add(_Step.FORK) if is_star else len(self._steps)
        self._write(item)
        if is_star:
            self._add(_Step.JUMP, start)
            self._targets[start] = _ordered(start + 1, len(self._steps), is_lazy=is_lazy)
        else:
            self._add(_Step.FORK, *_ordered(start, len(self._steps) + 1, is_lazy=is_lazy))


def _ordered(inside: int, outside: int, *, is_lazy: bool) -> tuple[int, int]:
    return (outside, inside) if is_lazy else (inside, outside)


def _is_at(place: Place, text: str, position: int) -> bool:
    if place == "begin":
        return position == 0
    if place == "end":
        return position == len(text)
    if place == "line begin":
        return position == 0 or text[position - 1] == "\n"
    if place == "line end":
        return position == len(text) or text[position] == "\n"
    is_edge = (position > 0 and text[position - 1] in _WORD) != (
        position < len(text) and text[position] in _WORD
    )
    return is_edge == (place == "word")

"""The tree of a regular expression. Groups leave no trace in it: nobody asks what they matched."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Ranges = tuple[tuple[int, int], ...]  # of code points, sorted, apart from each other, both ends included

Place = Literal["begin", "end", "line begin", "line end", "word", "no word"]


class Characters(Struct, frozen=True):
    """One character of a class."""

    ranges: Ranges


class At(Struct, frozen=True):
    """A place between characters, such as the edge of a word."""

    place: Place


class Sequence(Struct, frozen=True):
    """One after another; none matches the empty text."""

    items: tuple[Node, ...]


class Choice(Struct, frozen=True):
    """The first that leads to a match."""

    branches: tuple[Node, ...]


class Repeat(Struct, frozen=True):
    """From `least` to `most` times (None: any number), as often as possible, or as seldom if it is lazy."""

    item: Node
    least: int
    most: int | None
    is_lazy: bool = False


Node = Characters | At | Sequence | Choice | Repeat


def can_be_empty(node: Node) -> bool:
    """Whether a node can match without taking a character."""
    if isinstance(node, Sequence):
        return all(map(can_be_empty, node.items))
    if isinstance(node, Choice):
        return any(map(can_be_empty, node.branches))
    if isinstance(node, Repeat):
        return not node.least or can_be_empty(node.item)
    return isinstance(node, At)


def repeats_within(node: Node, most: int) -> bool:
    """Whether counted repetitions within each other come to no more than so many."""
    if isinstance(node, Repeat):
        times = node.most if node.most is not None else node.least
        counts = times > 1 or node.least > 1
        if counts and times > most:
            return False
        return repeats_within(node.item, most // times if counts else most)
    inner = node.items if isinstance(node, Sequence) else node.branches if isinstance(node, Choice) else ()
    return all(repeats_within(item, most) for item in inner)

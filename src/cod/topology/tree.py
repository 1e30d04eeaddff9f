"""The tree below a machine: NUMA node, root complex, bridges, physical device; points are its leaves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Literal

from msgspec import Struct

from cod.host.machine import natural_order
from cod.topology.point import Point

Kind = Literal["machine", "numa", "root", "bridge", "physical"]


class Branch(Struct, frozen=True):
    """A part of the tree. It has branches, or, being a physical device, points.

    `name` is a step of its points' paths; "" is the NUMA node, or the root complex, that is unknown.
    `depth` is the length of its path: 0 for the machine.
    """

    kind: Kind
    name: str
    depth: int
    branches: tuple[Branch, ...] = ()
    points: tuple[Point, ...] = ()

    def all_points(self) -> Iterator[Point]:
        """All points below, in the order of the tree."""
        yield from self.points
        for branch in self.branches:
            yield from branch.all_points()


def grow(points: Sequence[Point]) -> Branch:
    """The tree of these points; what lies on no way to them is left out."""
    return _branch("machine", "", 0, sorted(points, key=_order))


def _order(point: Point) -> tuple[tuple[str, ...], bool, tuple[tuple[int, str], ...], str]:
    """A sort key by which points of one branch stand together: by address, else by name in natural order."""
    is_address = "/" not in point.physical
    return (
        point.path[:-1],
        not is_address,
        () if is_address else natural_order(point.physical),
        point.physical,
    )


def _branch(kind: Kind, name: str, depth: int, points: list[Point]) -> Branch:
    """The branch of points whose paths are the same up to a depth; they come sorted."""
    if kind == "physical":
        return Branch(kind, name, depth, points=tuple(points))
    groups = [(step, [*group]) for step, group in groupby(points, key=lambda point: point.path[depth])]
    branches = (_branch(_kind(depth, group[0]), step, depth + 1, group) for step, group in groups)
    return Branch(kind, name, depth, branches=tuple(branches))


def _kind(depth: int, point: Point) -> Kind:
    if depth == len(point.path) - 1:
        return "physical"
    return "numa" if depth == 0 else "root" if depth == 1 else "bridge"

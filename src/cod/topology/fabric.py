"""Which devices are linked with one another, as a whole: a mesh is one fact, not n(n-1)/2 lines."""

from __future__ import annotations

from msgspec import Struct

from cod.topology.graph import Topology
from cod.topology.link import Connection
from cod.topology.point import Point


class Fabric(Struct, frozen=True):
    """Devices that links of one kind connect, directly or through each other, in the order of the machine.

    `edges` are the links by the numbers of their ends in `members`, the lower number first.
    """

    kind: str
    members: tuple[Point, ...]
    edges: dict[tuple[int, int], Connection]

    @property
    def is_full(self) -> bool:
        """Whether every member is linked with every other."""
        return len(self.edges) == len(self.members) * (len(self.members) - 1) // 2

    @property
    def mb_s(self) -> tuple[int, int]:
        """The least and the greatest bandwidth of a pair that is linked, in MB/s; 0 where it is unknown."""
        speeds = [each.mb_s for each in self.edges.values()]
        return min(speeds), max(speeds)


def fabrics(topology: Topology) -> list[Fabric]:
    """The fabrics of a machine, each kind's in the order of their first members."""
    kinds: dict[str, dict[tuple[int, int], Connection]] = {}
    numbers = {point.key: number for number, point in enumerate(topology.devices)}
    for (one, other), link in topology.links.items():
        pair = numbers[one], numbers[other]
        if pair[0] < pair[1]:
            kinds.setdefault(link.kind, {})[pair] = link
    return [
        _fabric(topology, kind, members, edges)
        for kind, edges in sorted(kinds.items())
        for members in _connected(edges)
    ]


def _fabric(
    topology: Topology, kind: str, members: list[int], edges: dict[tuple[int, int], Connection]
) -> Fabric:
    places = {number: place for place, number in enumerate(members)}
    own = {(places[a], places[b]): link for (a, b), link in sorted(edges.items()) if a in places}
    return Fabric(kind, tuple(topology.devices[number] for number in members), own)


def _connected(edges: dict[tuple[int, int], Connection]) -> list[list[int]]:
    """The numbers that hang together, each group in order, by their least number."""
    neighbours: dict[int, list[int]] = {}
    for one, other in edges:
        neighbours.setdefault(one, []).append(other)
        neighbours.setdefault(other, []).append(one)
    groups: list[list[int]] = []
    seen: set[int] = set()
    for start in sorted(neighbours):
        if start in seen:
            continue
        group, left = {start}, [start]
        while left:
            new = set(neighbours[left.pop()]) - group
            group |= new
            left += new
        seen |= group
        groups.append(sorted(group))
    return groups

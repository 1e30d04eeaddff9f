"""Which NUMA node a PCI function is next to: as far as anything says so, and one for a whole root complex.

The kernel gives a root complex's node to all functions below it, so what single functions say differs only
where somebody wrote to sysfs, or where a recorded tree has lost some. The majority decides. A node without
CPUs is the memory of a coherent GPU or of an expander: who sits there counts to the nearest that computes.
Source: Linux `pcibus_to_node`, Documentation/ABI/testing/sysfs-bus-pci.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from cod.host import NumaNode, PciFunction
from cod.topology.point import UNKNOWN


class Locality:
    """The NUMA nodes of a machine's functions and root complexes."""

    def __init__(
        self,
        numa: Mapping[int, NumaNode],
        functions: Mapping[str, PciFunction],
        stated: Iterable[tuple[str, int]] = (),
    ) -> None:
        """`stated` are nodes of root complexes that others know; they count where no function says any."""
        self._numa = numa
        self._computing = {number: frozenset(node.cpus) for number, node in numa.items() if node.cpus}
        self._by_cpus: dict[tuple[int, ...], int] = {(): UNKNOWN}
        own = ((each.root, self.of_function(each)) for each in functions.values())
        others = ((root, self.of_number(number)) for root, number in stated)
        self._roots = _majority(others) | _majority(own)

    def of_root(self, root: str) -> int:
        """The node that most functions of a root complex are next to."""
        return self._roots.get(root, UNKNOWN)

    def of_function(self, function: PciFunction) -> int:
        """The node that a function itself says, by number or by the CPUs next to it."""
        stated = self.of_number(function.numa_node)
        return self._of_cpus(function.cpus) if stated == UNKNOWN else stated

    def of_number(self, number: int) -> int:
        """A node that somebody states, or the nearest to it that has CPUs. A lone node is everybody's."""
        if len(self._computing) == 1:
            return next(iter(self._computing))
        if number < 0 or number in self._computing or not self._computing:
            return max(number, UNKNOWN)
        return self._nearest(number)

    def distance(self, one: int, other: int) -> int:
        """How far two nodes are apart, the same both ways; 0 where the firmware does not say."""
        return max(self._distance(one, other), self._distance(other, one))

    def _distance(self, one: int, other: int) -> int:
        node = self._numa.get(one)
        return node.distances.get(other, 0) if node else 0

    def _nearest(self, number: int) -> int:
        distances = {each: self.distance(number, each) for each in self._computing}
        least = min(filter(None, distances.values()), default=0)
        nearest = [each for each, distance in distances.items() if least and distance == least]
        return nearest[0] if len(nearest) == 1 else UNKNOWN

    def _of_cpus(self, cpus: tuple[int, ...]) -> int:
        """The only node that has any of these CPUs."""
        if cpus not in self._by_cpus:
            nodes = [number for number, own in self._computing.items() if not own.isdisjoint(cpus)]
            self._by_cpus[cpus] = nodes[0] if len(nodes) == 1 else UNKNOWN
        return self._by_cpus[cpus]


def _majority(votes: Iterable[tuple[str, int]]) -> dict[str, int]:
    """The node that most say, by root complex; of several the one with the least number."""
    counted: dict[str, Counter[int]] = {}
    for root, number in votes:
        if root and number != UNKNOWN:
            counted.setdefault(root, Counter())[number] += 1
    return {
        root: min(counts.items(), key=lambda each: (-each[1], each[0]))[0] for root, counts in counted.items()
    }

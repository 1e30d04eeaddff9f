"""What a choice spoils for those who come later: the partitions and blocks that are whole no more.

A device that is taken costs what can then no longer be had. Of partitions that is each other one that its
counters were enough for before. Of blocks, which are devices that stand together (on
one NUMA node, below one root complex or switch, linked to one another), it is the pairs of free devices that it
was part of. So the smallest hole that is large enough is filled first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

from cod.allocate.near import LEVEL, Surroundings
from cod.allocate.pack import join
from cod.allocate.problem import Amounts, State, bits
from cod.allocate.stock import Stock
from cod.topology import LINK, SAME_SWITCH

# What drivers call the attributes that say where a device is. Others say what it is: a rare model is no block.
_PLACES = (
    "numa",
    "pcieroot",
    "socket",
    "switch",
    "island",
    "hive",
    "clique",
    "nvlink",
    "domain",
    "rail",
    "parent",
)
_MOST = 256  # devices whose distances are looked at; more are no machine


class Remainder:
    """What each device would spoil, on a node as it is now."""

    def __init__(self, stock: Stock, surroundings: Surroundings | None) -> None:
        self._stock = stock
        self._surroundings = surroundings
        self._known: dict[tuple[object, ...], int] = {}

    def cost(self, state: State, device: int) -> tuple[int, int]:
        """What taking a device spoils: of partitions, and of blocks."""
        return self._partitions(state, device), self._blocks(state, device)

    def _blocks(self, state: State, device: int) -> int:
        if self._stock.shared >> device & 1:
            return 0
        bit = 1 << device
        free = self.free & ~state.opened
        return sum(2 * (block & free).bit_count() - 1 for block in self.blocks if block & bit)

    @cached_property
    def free(self) -> int:
        """The exclusive devices that nobody has."""
        everything = (1 << len(self._stock.devices)) - 1
        return everything & ~self._stock.taken & ~self._stock.shared

    @cached_property
    def blocks(self) -> tuple[int, ...]:
        """Sets of devices that stand together; each once, however many attributes say so."""
        found: dict[int, None] = {}
        names = {name for each in self._stock.devices for name in each.device.attributes}
        for name in sorted(names):
            if any(place in name.rpartition("/")[2].lower() for place in _PLACES):
                found.update(dict.fromkeys(self._by_value(name)))
        found.update(dict.fromkeys(self._by_distance()))
        return tuple(block for block in found if block.bit_count() > 1)

    def _by_value(self, name: str) -> Iterable[int]:
        together: dict[object, int] = {}
        for number, each in enumerate(self._stock.devices):
            attribute = each.device.attributes.get(name)
            if attribute is not None:
                key = (each.key[0], each.key[1], attribute)
                together[key] = together.get(key, 0) | 1 << number
        return together.values()

    def _by_distance(self) -> Iterable[int]:
        if self._surroundings is None or len(self._stock.devices) > _MOST:
            return
        free = [*bits(self.free)]
        places = [(each.key, each.device) for each in self._stock.devices]
        for level in (LINK, SAME_SWITCH):
            near = (
                1 << a | 1 << b
                for place, a in enumerate(free)
                for b in free[:place]
                if self._surroundings.distance(places[a], places[b]) < (level.rank + 1) * LEVEL
            )
            yield from join(near, 0)

    def _partitions(self, state: State, device: int) -> int:
        problem = state.problem
        takes = problem.takes.get(device)
        if not takes or state.opened >> device & 1:
            return 0
        group, shape = self._groups[device]
        resources = self._resources[group]
        taken = tuple(
            place for place, other in enumerate(bits(group)) if (state.opened | ~self.free) >> other & 1
        )
        key = (
            shape,
            device - (group & -group).bit_length(),
            tuple(state.left[each] for each in resources),
            taken,
        )
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._lost(state, group, device, takes)
        return known

    def _lost(self, state: State, group: int, device: int, takes: Amounts) -> int:
        after = list(state.left)
        for resource, amount in takes:
            after[resource] -= amount
        others = bits(group & self.free & ~state.opened & ~(1 << device))
        possible = [wants for wants in map(state.problem.takes.__getitem__, others) if _covers(state.left, wants)]
        return sum(not _covers(after, wants) for wants in possible)

    @cached_property
    def _groups(self) -> dict[int, tuple[int, int]]:
        """For each partition all those that draw upon the same counters, and a number for what they are like."""
        takes = self._stock.resources.takes
        shapes: dict[object, int] = {}
        found = {}
        for group in join(self._stock.resources.users, 0):
            first = (group & -group).bit_length()
            named: dict[int, int] = {}
            shape = tuple(
                (
                    device - first,
                    tuple((named.setdefault(each, len(named)), much) for each, much in takes[device]),
                )
                for device in bits(group)
                if device in takes
            )
            number = shapes.setdefault(shape, len(shapes))
            found.update(dict.fromkeys(bits(group), (group, number)))
        alone = (device for device in takes if device not in found)
        return found | {device: (1 << device, -1 - device) for device in alone}

    @cached_property
    def _resources(self) -> dict[int, tuple[int, ...]]:
        """The counters of each group, in the order in which its devices name them."""
        takes = self._stock.resources.takes
        return {
            group: tuple(dict.fromkeys(each for device in bits(group) for each, _ in takes.get(device, ())))
            for group, _ in self._groups.values()
        }


def _covers(left: Sequence[int], wants: Amounts) -> bool:
    return all(left[resource] >= amount for resource, amount in wants)

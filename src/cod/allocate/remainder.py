"""What a choice spoils for those who come later: the partitions and blocks that are whole no more.

A device that is taken costs what can then no longer be had. Of partitions that is each other one that its
counters were enough for before; a whole device counts a few times as much as its smallest part. Of shared
devices it is room, which is worth more where there is more of it: so the fullest are filled first. Of blocks,
devices that stand together (on a NUMA node, below a root complex or switch, linked), it is the pairs of free
devices that it was part of. So the smallest hole that is large enough is filled first. `bench/allocate.py`
measures what comes of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from cod.allocate.capacity import units
from cod.allocate.pack import join
from cod.allocate.problem import Amounts, State, bits
from cod.allocate.stock import Stock
from cod.resource import parse_quantity

_WHOLE = 64


class Remainder:
    """What each device would spoil, on a node as it is now."""

    def __init__(self, stock: Stock) -> None:
        self._stock = stock
        self._known: dict[tuple[object, ...], int] = {}

    def cost(self, state: State, request: int, device: int) -> tuple[int, int]:
        """What giving a device to a request spoils: of partitions and shared devices, and of blocks."""
        amounts = state.problem.needs[request].shares.get(device, ())
        spoiled = self._partitions(state, device) + self.room(state.left, amounts)
        return spoiled, self._blocks(state, device)

    def room(self, left: Sequence[int], amounts: Amounts) -> int:
        """What amounts take of the room that is left in shared devices, worth more where there is more."""
        return sum(
            _WHOLE * left[each] ** 2 // self._totals[each] ** 2
            - _WHOLE * (left[each] - amount) ** 2 // self._totals[each] ** 2
            for each, amount in amounts
            if self._totals[each]
        )

    @cached_property
    def _totals(self) -> dict[int, int]:
        """The whole of each capacity of a shared device."""
        capacities = self._stock.resources.capacities
        return {
            resource: units(parse_quantity(self._stock.devices[number].device.capacity[name].value))
            for number, named in capacities.items()
            for name, resource in named.items()
        }

    def _blocks(self, state: State, device: int) -> int:
        if self._stock.shared >> device & 1:
            return 0
        bit = 1 << device
        free = self.free & ~state.opened
        return sum(2 * (block & free).bit_count() - 1 for block in self._stock.blocks if block & bit)

    @cached_property
    def free(self) -> int:
        """The exclusive devices that nobody has."""
        everything = (1 << len(self._stock.devices)) - 1
        return everything & ~self._stock.taken & ~self._stock.shared

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

    def is_possible(self, state: State, device: int) -> bool:
        """Whether the counters are enough for a device."""
        return _covers(state.left, state.problem.takes.get(device, ()))

    def _lost(self, state: State, group: int, device: int, takes: Amounts) -> int:
        after = list(state.left)
        for resource, amount in takes:
            after[resource] -= amount
        takes_of = state.problem.takes
        return sum(
            self._weights[other]
            for other in bits(group & self.free & ~state.opened & ~(1 << device))
            if _covers(state.left, takes_of[other]) and not _covers(after, takes_of[other])
        )

    @cached_property
    def _groups(self) -> dict[int, tuple[int, int]]:
        """For each partition all that draw upon the same counters, and a number for what these are like."""
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
            for group in {group for group, _ in self._groups.values()}
        }

    @cached_property
    def _weights(self) -> dict[int, int]:
        """What a partition is worth: a little for being one, and more as it takes more of its counters."""
        resources = self._stock.resources
        most = [0] * len(resources.left)
        for takes in resources.takes.values():
            for resource, amount in takes:
                most[resource] = max(most[resource], amount)
        weights = {}
        for device, takes in resources.takes.items():
            counters = self._resources[self._groups[device][0]]
            parts = sum(_WHOLE * amount // most[each] for each, amount in takes if most[each])
            weights[device] = _WHOLE // 4 + parts // max(len(counters), 1)
        return weights


def _covers(left: Sequence[int], wants: Amounts) -> bool:
    return all(left[resource] >= amount for resource, amount in wants)

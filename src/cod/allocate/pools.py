"""Which devices a node is offered: its slices, put together to pools.

A pool is all slices of one driver and one name, of the newest generation that the node can see. It offers
devices only while it is whole: with as many slices as they say that it has, no name twice, and a counter set
for each that its devices name. Source: Kubernetes `structured` allocator, `GatherPools`; facts about each
rule stand at its code.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import msgspec
from msgspec import Struct

from cod.allocate.capacity import units
from cod.allocate.nodes import Node, selects
from cod.drivers.protocol import DeviceKey
from cod.resource import Device, NodeSelector, ResourceSlice, is_quantity, parse_quantity

PoolKey = tuple[str, str]  # driver, pool


class Offered(NamedTuple):
    """A device that a node can use, where it is from, and which nodes can (None: every one)."""

    key: DeviceKey
    device: Device
    pool: Pool
    nodes: NodeSelector | str | None


class Offer(Struct, frozen=True):
    """What a node is offered: devices in the order in which Kubernetes looks at them, and broken pools.

    `broken` says of pools that offer nothing why; `invalid` are those of them whose own slices are wrong,
    `obsolete` those that are elsewhere by now: they hide nothing.
    """

    devices: tuple[Offered, ...]
    broken: dict[PoolKey, str]
    invalid: frozenset[PoolKey] = frozenset()
    obsolete: frozenset[PoolKey] = frozenset()


class Pool:
    """One generation of a pool, all of its slices in the whole cluster."""

    def __init__(self, key: PoolKey, slices: Sequence[ResourceSlice]) -> None:
        self.key = key
        self.slices = sorted(slices, key=lambda each: each.metadata.name)
        self.generation = slices[0].spec.pool.generation
        self.size = max(each.spec.pool.resource_slice_count for each in slices)

    @property
    def skips_node_operations(self) -> tuple[str, ...]:
        """What a node need not do for its devices."""
        return self.slices[0].spec.skip_node_operations

    @cached_property
    def is_of_one_node(self) -> bool:
        """Whether all of it is for the same node alone."""
        first = self.slices[0].spec.node_name
        return bool(first) and all(each.spec.node_name == first for each in self.slices)

    @cached_property
    def counters(self) -> dict[tuple[str, str], int]:
        """What its counter sets hold, in billionths, by the names of the set and the counter."""
        return {
            (each.name, name): units(parse_quantity(counter.value))
            for one in self.slices
            for each in one.spec.shared_counters
            for name, counter in each.counters.items()
        }

    @cached_property
    def counter_sets(self) -> bytes:
        """Its counter sets as they are written; the same for pools that have the same."""
        return msgspec.msgpack.encode([each.spec.shared_counters for each in self.slices])

    @cached_property
    def fault(self) -> str:
        """What is wrong in its slices and between them; "" where nothing is."""
        if flaw := next(self._odd_amounts(), ""):
            return flaw
        sets = Tally(each.name for one in self.slices for each in one.spec.shared_counters)
        if twice := _twice(sets):
            return f"{sets[twice]} of its counter sets are called {twice}"
        for one in self.slices:
            for device in one.spec.devices:
                for each in device.consumes_counters:
                    if each.counter_set not in sets:
                        return (
                            f"its device {device.name} names counter set {each.counter_set}, which it lacks"
                        )
                    for name, counter in each.counters.items():
                        if (each.counter_set, name) not in self.counters:
                            return f"its device {device.name} names counter {name}, which it lacks"
                        if parse_quantity(counter.value).sign < 0:
                            return f"its device {device.name} takes less than nothing of counter {name}"
        return ""

    def _odd_amounts(self) -> Iterator[str]:
        for one in self.slices:
            for each in one.spec.shared_counters:
                for name, counter in each.counters.items():
                    if not is_quantity(counter.value):
                        yield f"its counter {name} has no amount, but {counter.value!r}"
            for device in one.spec.devices:
                for what, text in _amounts(device):
                    if not is_quantity(text):
                        yield f"{what} of its device {device.name} is no amount, but {text!r}"

    @cached_property
    def has_groups(self) -> bool:
        """Whether only some of its devices may use a counter set at the same time."""
        return any(
            each.compatibility_groups
            for one in self.slices
            for device in one.spec.devices
            for each in device.consumes_counters
        )

    @cached_property
    def takers(self) -> list[Device]:
        """Its devices that consume counters."""
        return [each for one in self.slices for each in one.spec.devices if each.consumes_counters]


def counters_taken(device: Device) -> dict[tuple[str, str], int]:
    """What a device takes of counters, in billionths, by the names of the set and the counter."""
    return {
        (each.counter_set, name): units(parse_quantity(counter.value))
        for each in device.consumes_counters
        for name, counter in each.counters.items()
    }


class Pools:
    """All slices of a cluster, or of a machine, indexed by the nodes that they are for."""

    def __init__(self, slices: Iterable[ResourceSlice]) -> None:
        self._by_pool: dict[PoolKey, dict[int, list[ResourceSlice]]] = {}
        self._of_node: dict[str, list[ResourceSlice]] = {}
        self._everywhere: list[ResourceSlice] = []
        self._selected: list[ResourceSlice] = []
        for each in slices:
            spec = each.spec
            generations = self._by_pool.setdefault(_pool_of(each), {})
            generations.setdefault(spec.pool.generation, []).append(each)
            if spec.node_name:
                self._of_node.setdefault(spec.node_name, []).append(each)
            elif spec.all_nodes:
                self._everywhere.append(each)
            else:
                self._selected.append(each)
        self._pools: dict[tuple[PoolKey, int], Pool] = {}
        self._offered: dict[int, tuple[Offered, ...]] = {}

    @property
    def shared(self) -> bool:
        """Whether there are slices that are not of one node."""
        return bool(self._everywhere or self._selected)

    def shared_with(self, node: Node) -> Sequence[ResourceSlice]:
        """The slices that a node can use and others can, too."""
        return [*self._everywhere, *(each for each in self._selected if _reaches(each, node))]

    def of_node(self, name: str) -> Sequence[ResourceSlice]:
        """The slices that are of this node alone."""
        return self._of_node.get(name, ())

    def pool(self, key: PoolKey, generation: int) -> Pool:
        """A pool as one generation has it."""
        found = self._pools.get((key, generation))
        if found is None:
            found = self._pools[key, generation] = Pool(key, self._by_pool[key][generation])
        return found

    def former_takers(self, pool: Pool) -> list[Device]:
        """The devices that consumed counters in older generations of a pool, and that it has no more."""
        former = {
            device.name: device
            for generation in sorted(self._by_pool[pool.key])
            if generation < pool.generation
            for device in self.pool(pool.key, generation).takers
        }
        present = {device.name for one in pool.slices for device in one.spec.devices} if former else ()
        return [device for name, device in former.items() if name not in present]

    def offer(self, node: Node | None) -> Offer:
        """What a node is offered; no node: whatever there is, wherever it can be used."""
        if node is None:
            owned = (each for slices in self._of_node.values() for each in slices)
            relevant = [*self._everywhere, *self._selected, *owned]
        else:
            relevant = [*self.of_node(node.name), *self.shared_with(node)]
        return self.offer_of(relevant, node)

    def own_offer(self, node: Node) -> tuple[Offer, Sequence[ResourceSlice]]:
        """What a node is offered for itself, and the slices besides that it shares with others.

        Where others see a part of a pool of its own, or only some devices of a slice, all that it is offered
        counts as its own.
        """
        own, shared = self.of_node(node.name), self.shared_with(node)
        pools = {_pool_of(each) for each in own}
        if pools.isdisjoint(map(_pool_of, shared)) and not any(
            each.spec.per_device_node_selection for each in shared
        ):
            return self.offer_of(own, node), shared
        return self.offer_of([*own, *shared], node), ()

    def offer_of(self, relevant: Iterable[ResourceSlice], node: Node | None) -> Offer:
        """What the slices that reach a node offer it.

        A node that sees all slices of a generation takes them, as Kubernetes does, though other nodes may
        have a newer one already.
        """
        seen: dict[PoolKey, list[ResourceSlice]] = {}
        for each in relevant:
            seen.setdefault(_pool_of(each), []).append(each)
        broken: dict[PoolKey, str] = {}
        invalid, obsolete = set(), set()
        whole: list[tuple[bool, PoolKey, list[ResourceSlice], Pool]] = []
        for key, slices in seen.items():
            newest = max(each.spec.pool.generation for each in slices)
            pool = self.pool(key, newest)
            kept = [each for each in slices if each.spec.pool.generation == newest]
            is_whole = len(kept) == pool.size
            if not is_whole and max(self._by_pool[key]) > newest:
                broken[key] = "its newest generation is for other nodes"
                obsolete.add(key)
            elif not is_whole and len(pool.slices) != pool.size:
                broken[key] = f"it is being updated: {len(pool.slices)} of its {pool.size} slices are there"
            elif pool.has_groups:
                broken[key] = "its devices have compatibility groups, which are not understood"
            elif fault := _same_names(kept) or pool.fault:
                broken[key] = fault
                invalid.add(key)
            else:
                kept.sort(key=lambda each: each.metadata.name)
                binds = any(device.binding_conditions for each in kept for device in each.spec.devices)
                whole.append((binds, key, kept, pool))
        whole.sort(key=lambda each: each[:2])
        devices = (
            offered
            for _, _, slices, pool in whole
            for each in slices
            for offered in self._offered_by(each, pool)
            if node is None
            or not each.spec.per_device_node_selection
            or _device_reaches(offered.device, node)
        )
        return Offer(tuple(devices), broken, frozenset(invalid), frozenset(obsolete))

    def _offered_by(self, one: ResourceSlice, pool: Pool) -> tuple[Offered, ...]:
        found = self._offered.get(id(one))
        if found is None:
            found = self._offered[id(one)] = tuple(_offered(one, pool))
        return found


def _amounts(device: Device) -> Iterator[tuple[str, str]]:
    """All quantities that a device states, and what they are of."""
    for name, capacity in device.capacity.items():
        yield f"capacity {name}", capacity.value
        policy = capacity.request_policy
        if policy is not None:
            bounds = policy.valid_range
            stated = (policy.default, *policy.valid_values)
            stated += (bounds.min, bounds.max, bounds.step) if bounds is not None else ()
            yield from ((f"the policy of capacity {name}", each) for each in stated if each is not None)
    for each in device.consumes_counters:
        yield from ((f"what counter {name} gives", counter.value) for name, counter in each.counters.items())


def _pool_of(one: ResourceSlice) -> PoolKey:
    return one.spec.driver, one.spec.pool.name


def _offered(one: ResourceSlice, pool: Pool) -> Iterator[Offered]:
    spec = one.spec
    driver, name = pool.key
    everywhere = spec.node_name or spec.node_selector
    for device in spec.devices:
        nodes = everywhere
        if spec.per_device_node_selection:
            nodes = device.node_name or device.node_selector
        yield Offered((driver, name, device.name), device, pool, nodes or None)


def _same_names(slices: Sequence[ResourceSlice]) -> str:
    """What is wrong with the names of the devices that a node can see; other nodes may have the same."""
    names = Tally(device.name for one in slices for device in one.spec.devices)
    twice = _twice(names)
    return f"{names[twice]} of its devices are called {twice}" if twice else ""


def _twice(names: Tally[str]) -> str:
    """A name that is there more than once."""
    return next((name for name, times in names.items() if times > 1), "")


def _reaches(one: ResourceSlice, node: Node) -> bool:
    if one.spec.node_selector is not None:
        return selects(one.spec.node_selector, node)
    return bool(one.spec.per_device_node_selection) and any(
        _device_reaches(each, node) for each in one.spec.devices
    )


def _device_reaches(device: Device, node: Node) -> bool:
    if device.node_name:
        return device.node_name == node.name
    return selects(device.node_selector, node) if device.node_selector else bool(device.all_nodes)

"""How close devices are to one another, and what links them: as a machine was surveyed, or as slices say."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Protocol

from cod.drivers.protocol import DeviceKey
from cod.resource import NUMA_NODE, PCI_BUS_ID, PCIE_ROOT, Device
from cod.topology import OTHER, SAME_DEVICE, SAME_NODE, SAME_ROOT, Connection, Topology

LEVEL = 100_000  # the distance from one level of closeness to the next
_STEP = 100
_FASTEST = _STEP - 1
_MB_S = 10_000

Pair = tuple[DeviceKey, DeviceKey]

_SHARED = ((PCIE_ROOT, SAME_ROOT), (NUMA_NODE, SAME_NODE))


class Surroundings(Protocol):
    """Where devices are."""

    def distance(self, one: tuple[DeviceKey, Device], other: tuple[DeviceKey, Device]) -> int:
        """How far apart two devices are: 0 is nearest, and `LEVEL` is one level of closeness."""

    @property
    def links(self) -> Mapping[Pair, Connection]:
        """What links devices past PCI, under both orders of each pair."""

    def switch(self, one: tuple[DeviceKey, Device]) -> Hashable:
        """What stands for the switch that a device is below; None where it is below none."""


class Stated:
    """Where devices are as far as their attributes say; no link is known."""

    links: Mapping[Pair, Connection] = {}

    def distance(self, one: tuple[DeviceKey, Device], other: tuple[DeviceKey, Device]) -> int:
        """By the PCI function, the root complex and the NUMA node."""
        if one[0] == other[0]:
            return 0
        mine, theirs = one[1].attributes, other[1].attributes
        address = mine.get(PCI_BUS_ID)
        if address is not None and address == theirs.get(PCI_BUS_ID):
            return SAME_DEVICE.rank * LEVEL
        for name, level in _SHARED:
            value = mine.get(name)
            if value is not None and value == theirs.get(name):
                return level.rank * LEVEL
        return OTHER.rank * LEVEL

    def switch(self, one: tuple[DeviceKey, Device]) -> Hashable:
        """The root complex, or else the PCI function: no switch is known."""
        attributes = one[1].attributes
        return attributes.get(PCIE_ROOT) or attributes.get(PCI_BUS_ID)


class Surveyed:
    """Where the devices of a machine are, by its topology."""

    def __init__(self, topology: Topology) -> None:
        self.links: Mapping[Pair, Connection] = topology.links
        self._topology = topology
        self._points = {each.key: each for each in topology.devices if each.key}
        self._stated = Stated()

    def distance(self, one: tuple[DeviceKey, Device], other: tuple[DeviceKey, Device]) -> int:
        """By the level of closeness, then the way, then what it carries."""
        a, b = self._points.get(one[0]), self._points.get(other[0])
        if a is None or b is None:
            return self._stated.distance(one, other)
        found = self._topology.closeness(a, b)
        slowness = max(0, _FASTEST - found.mb_s // _MB_S)
        return found.level.rank * LEVEL + found.distance * _STEP + slowness

    def switch(self, one: tuple[DeviceKey, Device]) -> Hashable:
        """The way down to the outermost bridge that the device is below."""
        point = self._points.get(one[0])
        if point is None or not point.root:
            return self._stated.switch(one)
        return point.path[:3]

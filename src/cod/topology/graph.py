"""The graph of a machine: its devices, each with its place, and the links between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from msgspec import Struct

from cod.drivers.attributes import PARENT_ATTRIBUTE
from cod.drivers.inventory import Inventory
from cod.drivers.protocol import DeviceKey, FoundDevice
from cod.host import Host
from cod.resource import NUMA_NODE
from cod.topology.closeness import Closeness, Measure
from cod.topology.lanes import Lanes
from cod.topology.link import Connection, connections
from cod.topology.locality import Locality
from cod.topology.point import UNKNOWN, Point, numa_step
from cod.topology.tree import Branch, grow

_DEEPEST = 64  # bridges on a way; a bus has a number of eight bits, and a real way a handful
_BRIDGE = 0x0604
_BRIDGES = 0x06


class Topology(Struct, frozen=True, dict=True):
    """A machine's devices in the order of its inventory, and how they are connected.

    `links` has each link under both orders of its ends. NUMA nodes and PCI functions are the `host`'s.
    """

    host: Host
    devices: tuple[Point, ...]
    links: dict[tuple[DeviceKey, DeviceKey], Connection]
    locality: Locality

    @cached_property
    def bare_functions(self) -> tuple[Point, ...]:
        """The PCI functions that no device is, without the bridges."""
        known = {each.function for each in self.devices}
        return tuple(
            Point(address, *place_of(self.host, self.locality, address))
            for address, function in self.host.pci.items()
            if address not in known and function.base_class != _BRIDGE
        )

    @cached_property
    def tree(self) -> Branch:
        """The tree of all devices."""
        return grow(self.devices)

    @cached_property
    def lanes(self) -> Lanes:
        """What the PCI Express links of the functions carry."""
        return Lanes(self.host)

    @cached_property
    def measure(self) -> Measure:
        """The measure of closeness on this machine."""
        return Measure(self.links, self.lanes.narrowest, self.locality.distance)

    def closeness(self, one: Point, other: Point) -> Closeness:
        """How close two devices or functions are. Costs a few µs."""
        return self.measure.between(one, other)

    def matrix(self, points: Sequence[Point] | None = None) -> list[list[Closeness]]:
        """The closeness of every two devices, or of every two of these points, row by row in their order."""
        return self.measure.matrix(self.devices if points is None else points)


def survey(host: Host, inventory: Inventory) -> Topology:
    """The graph of a machine and of what the drivers found on it. Total: what says nothing is at no place."""
    locality = Locality(host.numa, host.pci, _stated_of_roots(host, inventory.found.values()))
    tops = _Tops(inventory.found)
    devices = (_point(host, locality, tops, key, found) for key, found in inventory.found.items())
    return Topology(host, tuple(devices), connections(inventory.found), locality)


def _stated_of_roots(host: Host, devices: Iterable[FoundDevice]) -> Iterator[tuple[str, int]]:
    """What devices say of the NUMA node of the root complex that they hang below."""
    for found in devices:
        function = host.pci.get(_function(found))
        if function and function.root:
            yield function.root, _stated_numa(found)


def place_of(host: Host, locality: Locality, address: str) -> tuple[tuple[str, ...], str, int]:
    """A function's path, its address and its NUMA node. Virtual functions are where their physical one is."""
    function = host.pci.get(address)
    if function is None:
        return (numa_step(UNKNOWN), "", _slot(address)), address, UNKNOWN
    whole = host.pci.get(function.physical, function)
    numa = locality.of_root(whole.root) if whole.root else locality.of_function(whole)
    bridges = [each for each in whole.bridges[:_DEEPEST] if _is_bridge(host, each)]
    return (numa_step(numa), whole.root, *bridges, _slot(whole.address)), address, numa


def _is_bridge(host: Host, address: str) -> bool:
    """Whether a function on a way is a bridge, as far as the machine says.

    Another is one that has a domain of its own below it (Intel VMD): a part of the root complex, no switch.
    """
    function = host.pci.get(address)
    return function is None or function.class_ == 0 or function.class_ >> 16 == _BRIDGES


def _slot(address: str) -> str:
    """The PCI device that a function is of: `0000:3b:00` for `0000:3b:00.1`."""
    return address.rpartition(".")[0] or address


class _Tops:
    """The device that another is a part of, through all that lies between them."""

    def __init__(self, found: Mapping[DeviceKey, FoundDevice]) -> None:
        self._found = {(driver, device): each for (driver, _, device), each in found.items()}

    def __call__(self, driver: str, name: str) -> tuple[str, FoundDevice]:
        """The name of the outermost device, which nobody may have found, and the outermost found one."""
        found = self._found[driver, name]
        passed = {name}
        while (parent := found.text(PARENT_ATTRIBUTE)) and parent not in passed:
            name = parent
            passed.add(name)
            if (driver, name) not in self._found:
                break
            found = self._found[driver, name]
        return name, found


def _point(host: Host, locality: Locality, tops: _Tops, key: DeviceKey, found: FoundDevice) -> Point:
    driver, _, device = key
    top_name, top = tops(driver, device)
    own, whole = _function(found), _function(top) or _function(found)
    path, _, numa = place_of(host, locality, whole)
    if not whole:
        path = (*path[:-1], f"{driver}/{top_name}")
    if numa == UNKNOWN and not path[1]:
        stated = _stated_numa(top, found)
        numa = UNKNOWN if stated == UNKNOWN else locality.of_number(stated)
        path = (numa_step(numa), *path[1:])
    return Point(device, path, own or whole, numa, key, found)


def _function(found: FoundDevice) -> str:
    return found.pci_address or next(iter(found.functions), "")


def _stated_numa(*devices: FoundDevice) -> int:
    for found in devices:
        attribute = found.device.attributes.get(NUMA_NODE)
        if attribute and attribute.int_ is not None:
            return max(attribute.int_, UNKNOWN)
    return UNKNOWN

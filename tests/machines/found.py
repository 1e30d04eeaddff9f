"""Devices as drivers would yield them, for tests that need no driver."""

from __future__ import annotations

from collections.abc import Iterable

from cod.cdi.spec import ContainerEdits
from cod.drivers import FoundDevice, Inventory, Link, attributes, family, place
from cod.drivers.attributes import PARENT_ATTRIBUTE
from cod.host import Host
from cod.resource import NUMA_NODE, PCI_BUS_ID, Device, Taint

DRIVER = "test.cod.dev"
POOL = "node"


def found(
    host: Host,
    name: str,
    address: str = "",
    *,
    type_: str = "gpu",
    parent: str = "",
    links: Iterable[Link] = (),
    numa: int | None = None,
    unready: str = "",
    model: str = "",
) -> FoundDevice:
    """A device at a PCI function, or at none."""
    placed = place(host.pci[address]) if address in host.pci else attributes({PCI_BUS_ID: address})
    facts = attributes(
        {PARENT_ATTRIBUTE: parent, "model": model} | ({} if numa is None else {NUMA_NODE: numa})
    )
    taints = (Taint("cod.dev/unready", unready, "NoSchedule"),) if unready else ()
    device = Device(name, family(type_) | placed | facts, taints=taints)
    return FoundDevice(device, f"cod.dev/{type_}", name, ContainerEdits(env=("A=b",)), links=tuple(links))


def inventory(devices: Iterable[FoundDevice], driver: str = DRIVER) -> Inventory:
    return Inventory(found={(driver, POOL, each.device.name): each for each in devices})


def merged(*inventories: Inventory) -> Inventory:
    return Inventory(found={key: each for one in inventories for key, each in one.found.items()})

"""PCI functions for programs that drive them themselves (virtual machines, DPDK, SPDK), by the kernel's VFIO.

The unit is the IOMMU group: what an IOMMU cannot keep apart goes together, and cannot be used at all while
another driver has a part of it. A group is opened by `/dev/vfio/GROUP` and `/dev/vfio/vfio`, or, since Linux
6.6, function by function by `/dev/vfio/devices/vfioN` and `/dev/iommu`. A program needs memory that it may
lock (RLIMIT_MEMLOCK) as large as what it gives the device.

Source: the kernel's `Documentation/driver-api/vfio.rst`, `drivers/vfio/group.c`; the SR-IOV device plugin for
names and paths.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from cod.cdi.spec import ContainerEdits, DeviceNode
from cod.drivers.attributes import attribute_class, attributes, family, place
from cod.drivers.nodes import device_node
from cod.drivers.protocol import FoundDevice, Skipped
from cod.host import Host, Node, PciFunction
from cod.resource import Attribute, Device, DeviceClass, Taint

CLASS = "vfio"
KIND = "cod.dev/vfio"
GROUPS = "/sys/kernel/iommu_groups"

_CONTAINER, _IOMMU = "/dev/vfio/vfio", "/dev/iommu"
_CDEV = re.compile(r"vfio\d{1,9}")

# Drivers beside which the kernel lets a group be used: they do no DMA of their own (`driver_managed_dma`).
_HARMLESS = ("", "pci-stub", "pcieport", "shpchp")
_BRIDGES = (0x0604, 0x0607, 0x0609)


class _Way(Struct, frozen=True):
    """The nodes by which a group can be opened: its own, and the one that all groups share."""

    own: tuple[DeviceNode, ...]
    shared: DeviceNode


class Vfio(Struct, frozen=True):
    """The driver of IOMMU groups. It has to stand before those of the functions' own families."""

    name: str = "vfio.cod.dev"
    looks_for: str = "PCI functions bound to vfio-pci or a variant of it"

    def classes(self) -> Iterable[DeviceClass]:
        """`vfio`."""
        return (attribute_class(CLASS),)

    def discover(self, host: Host) -> Iterator[FoundDevice | Skipped]:
        """One device a group, `pci-0000-3b-00-0` by its first function that VFIO has."""
        groups: dict[str, list[PciFunction]] = {}
        for each in host.pci.values():
            groups.setdefault(each.iommu_group, []).append(each)
        for group, functions in groups.items():
            bound = [each for each in functions if is_vfio(each.driver)]
            if bound and group.isdecimal():
                yield _device(host, group, functions, bound)
            else:
                yield from (Skipped(each.address, "it is in no IOMMU group") for each in bound)


def is_vfio(driver: str) -> bool:
    """Whether a kernel driver is VFIO's or a variant of it (`vfio-pci`, `xe-vfio-pci`, `mlx5_vfio_pci`)."""
    return re.fullmatch(r"(.+-)?vfio-pci", driver.replace("_", "-")) is not None


def label(address: str) -> str:
    """The name of a device by its PCI address: `pci-0000-3b-00-0`, which is what DRANET calls a NIC, too."""
    return "pci-" + address.replace(":", "-").replace(".", "-")


def _device(host: Host, group: str, functions: list[PciFunction], bound: list[PciFunction]) -> FoundDevice:
    first = bound[0]
    is_viable = _is_viable(host, group, functions)
    node = host.node(f"/dev/vfio/{group}") or host.node(f"/dev/vfio/noiommu-{group}")
    ways = [*_together(host, group, node), *_singly(host, bound)]
    reason = "" if ways else "no-device-node"
    if not is_viable:
        reason = "group-in-use-by-host"
    has_iommu = host.value(f"{GROUPS}/{group}/name") != "vfio-noiommu"
    facts = {
        "group": int(group) if len(group) < 10 else None,
        "iommu": has_iommu and not (node and node.path.startswith("/dev/vfio/noiommu-")),
        "functions": len(bound),
    }
    return FoundDevice(
        device=Device(
            label(first.address),
            attributes=family(CLASS) | place(first) | attributes(facts) | _kind_of(host, first),
            taints=(Taint("cod.dev/unready", reason),) if reason else (),
        ),
        kind=KIND,
        cdi_name=first.address,
        edits=ContainerEdits(device_nodes=tuple(each for way in ways for each in way.own)),
        common=ContainerEdits(device_nodes=tuple(way.shared for way in ways)),
        aliases=(group, *(each.address for each in bound[1:])),
        # What cannot be handed out takes nothing from the drivers of the functions that VFIO has no hold of.
        functions=tuple(
            each.address for each in (functions if is_viable else bound) if each.base_class not in _BRIDGES
        ),
    )


def _is_viable(host: Host, group: str, functions: list[PciFunction]) -> bool:
    """Whether the kernel would let a group be used; what is in it need not be on PCI."""
    names = {*host.names(f"{GROUPS}/{group}/devices")} - {each.address for each in functions}
    drivers = {each.driver for each in functions}
    drivers |= {host.target(f"{GROUPS}/{group}/devices/{name}/driver") for name in names}
    return all(each in _HARMLESS or is_vfio(each) for each in drivers)


def _together(host: Host, group: str, node: Node | None) -> Iterator[_Way]:
    """The way by the group's node. One without an IOMMU has a name that programs do not know."""
    container = host.node(_CONTAINER)
    if node and container:
        yield _Way((device_node(node, path=f"/dev/vfio/{group}"),), device_node(container))


def _singly(host: Host, functions: list[PciFunction]) -> Iterator[_Way]:
    """The way function by function, which has to be there for each that VFIO has."""
    iommu = host.node(_IOMMU)
    found = [
        host.node_of(f"{each.path}/vfio-dev/{name}")
        for each in functions
        for name in host.matching(f"{each.path}/vfio-dev", _CDEV)[:1]
    ]
    nodes = tuple(device_node(node) for node in found if node)
    if iommu and len(nodes) == len(functions):
        yield _Way(nodes, device_node(iommu))


def _kind_of(host: Host, function: PciFunction) -> dict[str, Attribute]:
    """What a function is; its type is its PCI class."""
    return attributes(
        {
            "vendorId": f"0x{function.vendor:04x}",
            "deviceId": f"0x{function.device:04x}",
            "pciClass": f"0x{function.class_:06x}",
            "kernelDriver": function.driver,
            "productName": host.pci_names.device(function.vendor, function.device),
            "virtualFunction": bool(function.physical),
            "physicalFunction": function.physical,
        }
    )

"""What a container needs for a PCI function that is bound to VFIO: the nodes of its IOMMU group.

A group is the smallest thing that an IOMMU keeps apart, so that all its functions go together. It is opened
by `/dev/vfio/GROUP` and `/dev/vfio/vfio`, or, since Linux 6.6, function by function with `/dev/iommu`.
Without an IOMMU the host calls the node `noiommu-GROUP`, and programs look for `GROUP` as ever. Source: the
kernel's `Documentation/driver-api/vfio.rst`.
"""

from __future__ import annotations

from msgspec import Struct

from cod.cdi.spec import ContainerEdits, DeviceNode
from cod.drivers.nodes import device_node
from cod.drivers.taints import unready
from cod.host import Host, Node, PciFunction
from cod.resource import Taint

GROUPS = "/sys/kernel/iommu_groups"

# Drivers beside which the kernel lets a group be used: they do no DMA of their own.
_HARMLESS = ("", "pci-stub", "pcieport", "shpchp")
_BRIDGES = (0x0604, 0x0607, 0x0609)  # of PCI, of CardBus, and half transparent: nobody can be given them
_NO_IOMMU = "/dev/vfio/noiommu-"


class VfioGroup(Struct, frozen=True):
    """A group that can be opened: its functions, its own nodes, and those that all groups share.

    `in_use` are those of its members that a driver of the host has; while there are any, it cannot be used,
    and `functions` are only those that VFIO has, so that the others stay with their drivers. Without an IOMMU
    nothing keeps the device from all memory of the host.
    """

    functions: tuple[str, ...]
    edits: ContainerEdits
    common: ContainerEdits
    in_use: tuple[str, ...]
    has_iommu: bool

    @property
    def taints(self) -> tuple[Taint, ...]:
        """Why nobody may be given it now."""
        return unready("group-in-use-by-host" if self.in_use else "")


def is_vfio(driver: str) -> bool:
    """Whether a kernel driver is VFIO's or a variant of it (`vfio-pci`, `xe-vfio-pci`, `mlx5_vfio_pci`)."""
    return f"-{driver.replace('_', '-')}".endswith("-vfio-pci")


def vfio_group(host: Host, function: PciFunction) -> VfioGroup | str:
    """The group of a function, or why it cannot be opened."""
    group = function.iommu_group
    if not group.isdecimal():
        return "it is in no IOMMU group"
    drivers = _drivers(host, function)
    in_use = tuple(name for name, each in drivers.items() if not is_vfio(each) and each not in _HARMLESS)
    bound = [host.pci[name] for name, each in drivers.items() if is_vfio(each) and name in host.pci]
    # a group is opened in one of two ways; a node that its way's other node is missing for is of no use
    own = host.node(f"/dev/vfio/{group}") or host.node(f"{_NO_IOMMU}{group}")
    groups = [own, host.node("/dev/vfio/vfio")]
    cdevs = [f"/dev/vfio/devices/{name}" for each in bound for name in host.names(f"{each.path}/vfio-dev")]
    singly = [*map(host.node, cdevs), host.node("/dev/iommu")] if cdevs else [None]
    ways = [[each for each in way if each] for way in (groups, singly) if None not in way]
    if not ways:
        return (
            f"neither /dev/vfio/{group} with /dev/vfio/vfio is there, nor /dev/vfio/devices with /dev/iommu"
        )
    members = bound if in_use else [host.pci[name] for name in drivers if name in host.pci]
    return VfioGroup(
        functions=tuple(each.address for each in members if each.base_class not in _BRIDGES),
        edits=ContainerEdits(device_nodes=tuple(_in_container(node) for way in ways for node in way[:-1])),
        common=ContainerEdits(device_nodes=tuple(device_node(way[-1]) for way in ways)),
        in_use=in_use,
        has_iommu=not (own and own.path.startswith(_NO_IOMMU)),
    )


def _drivers(host: Host, function: PciFunction) -> dict[str, str]:
    """The drivers of all members of a function's group; some members may be on no PCI bus."""
    directory = f"{GROUPS}/{function.iommu_group}/devices"
    listed = {*host.names(directory)}
    found = {
        address: each.driver
        for address, each in host.pci.items()
        if address in listed or each.iommu_group == function.iommu_group
    }
    return found | {name: host.target(f"{directory}/{name}/driver") for name in listed - host.pci.keys()}


def _in_container(node: Node) -> DeviceNode:
    return device_node(node, path=node.path.replace(_NO_IOMMU, "/dev/vfio/"))

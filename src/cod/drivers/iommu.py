"""IOMMU groups: what VFIO hands out is the whole group, since its functions can reach one another's memory.

A group is opened as `/dev/vfio/GROUP` after `/dev/vfio/vfio`, or since Linux 6.6 function by function as
`/dev/vfio/devices/vfioN` after `/dev/iommu`; a container gets whichever there are. Without an IOMMU the
host's node is called `noiommu-GROUP`, and the container's as ever. Source: the kernel's
`Documentation/driver-api/vfio.rst`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from cod.cdi.spec import DeviceNode
from cod.drivers.nodes import device_node
from cod.host import Host, PciFunction

GROUPS = "/sys/kernel/iommu_groups"

_VFIO = re.compile(r"([a-z0-9_]+[-_])?vfio[-_]pci")
_CDEV = re.compile(r"vfio\d{1,6}")
_BRIDGE = 0x06


class VfioGroup(Struct, frozen=True):
    """A group whose function is bound to VFIO: its own nodes, those that all groups share, its functions.

    `others` are drivers that have a function of it, so that nobody can open it until they let go.
    """

    name: str
    own: tuple[DeviceNode, ...]
    common: tuple[DeviceNode, ...]
    functions: tuple[str, ...]
    others: tuple[str, ...] = ()


def is_vfio(driver: str) -> bool:
    """Whether a kernel driver leaves functions to user space: `vfio-pci`, `xe-vfio-pci`, `mlx5_vfio_pci`."""
    return _VFIO.fullmatch(driver) is not None


def vfio_group(host: Host, function: PciFunction) -> VfioGroup | None:
    """The group of a function bound to VFIO; nothing where it is not, or where no node leads to it."""
    if not is_vfio(function.driver) or not function.iommu_group:
        return None
    group = function.iommu_group
    members = tuple(_members(host, function))
    own = (*_legacy(host, group), *_by_function(host, members))
    shared = (host.node(path) for path in ("/dev/vfio/vfio", "/dev/iommu"))
    others = (each.driver for each in members if each.class_ >> 16 != _BRIDGE and not is_vfio(each.driver))
    return (
        VfioGroup(
            name=group,
            own=own,
            common=tuple(device_node(node) for node in shared if node),
            functions=tuple(each.address for each in members),
            others=tuple(sorted({*filter(None, others)})),
        )
        if own
        else None
    )


def _members(host: Host, function: PciFunction) -> Iterator[PciFunction]:
    """The functions of a group, itself at least, in the order of addresses."""
    names = {function.address, *host.names(f"{GROUPS}/{function.iommu_group}/devices")}
    return (each for address, each in host.pci.items() if address in names)


def _legacy(host: Host, group: str) -> Iterator[DeviceNode]:
    path = f"/dev/vfio/{group}"
    if node := host.node(path) or host.node(f"/dev/vfio/noiommu-{group}"):
        yield device_node(node, path=path)


def _by_function(host: Host, members: tuple[PciFunction, ...]) -> Iterator[DeviceNode]:
    for each in members:
        for name in host.matching(f"{each.path}/vfio-dev", _CDEV):
            if node := host.node(f"/dev/vfio/devices/{name}"):
                yield device_node(node)

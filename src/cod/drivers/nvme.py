"""NVMe namespaces: whole disks for containers.

The namespace's block device is given, never the controller's node, which could format it. A disk that the
machine itself uses is nobody's to have. Source: the kernel's `Documentation/ABI/testing/sysfs-nvme`;
`drivers/nvme/host/multipath.c` for names: `nvme0c1n1` is one way to `nvme0n1`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from cod.cdi.spec import ContainerEdits
from cod.drivers.attributes import Plain, attribute_class, attributes, family, place
from cod.drivers.nodes import device_node
from cod.drivers.protocol import FoundDevice, Skipped
from cod.drivers.taints import IN_USE, unready
from cod.host import Host, Node, SysDevice
from cod.host.in_use import InUse
from cod.resource import Capacity, Device, DeviceClass

CLASS = "nvme"
KIND = "cod.dev/nvme"

_BLOCKS = "/sys/class/block"
_NAMESPACE = re.compile(r"nvme\d{1,5}n\d{1,5}")
_SECTOR = 512  # bytes; `size` counts these whatever the disk's own blocks are


class Nvme(Struct, frozen=True):
    """The driver of NVMe namespaces."""

    name: str = "nvme.cod.dev"
    looks_for: str = f"block devices nvmeXnY in {_BLOCKS}"

    def classes(self) -> Iterable[DeviceClass]:
        """`nvme`."""
        return (attribute_class(CLASS),)

    def discover(self, host: Host) -> Iterator[FoundDevice | Skipped]:
        """`nvme0n1` … as the kernel calls them."""
        in_use = InUse(host)
        for disk in host.devices_in(_BLOCKS):
            if not _NAMESPACE.fullmatch(disk.name):
                continue
            if node := host.node_of(disk.path):
                yield _device(host, disk, node, unusable=IN_USE if in_use.why(node, disk.path) else "")
            else:
                yield Skipped(disk.name, f"it has no node in /dev with the numbers of {disk.path}/dev")


def _device(host: Host, disk: SysDevice, node: Node, unusable: str) -> FoundDevice:
    controller = f"{disk.path}/device"
    function = host.pci.get(disk.function)
    size = (host.number(f"{disk.path}/size") or 0) * _SECTOR
    facts: dict[str, Plain] = {
        "model": host.value(f"{controller}/model"),
        "serial": host.value(f"{controller}/serial"),
        "firmware": host.value(f"{controller}/firmware_rev"),
        "transport": host.value(f"{controller}/transport"),
        "wwid": host.value(f"{disk.path}/wwid"),
        "readOnly": host.value(f"{disk.path}/ro") == "1",
    }
    return FoundDevice(
        device=Device(
            name=disk.name,
            attributes=family(CLASS) | (place(function) if function else {}) | attributes(facts),
            capacity={"size": Capacity(str(size))} if size > 0 else {},
            taints=unready(unusable),
        ),
        kind=KIND,
        cdi_name=disk.name,
        edits=ContainerEdits(device_nodes=(device_node(node),)),
    )

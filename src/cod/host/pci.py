"""PCI functions: what they are, which kernel driver has them, and the way to them through bridges.

The directory of a function, without links, is the way itself:
`/sys/devices/pci0000:16/0000:16:01.0/0000:17:00.0` hangs below the bridge `0000:16:01.0` of the root complex
`pci0000:16`. In stripped trees the directory stands directly in `/sys/bus/pci/devices` and says no way.
Source: Documentation/ABI/testing/sysfs-bus-pci of Linux.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from cod.host.numa import parse_list, parse_mask

if TYPE_CHECKING:
    from cod.host.machine import Host

DEVICES = "/sys/bus/pci/devices"

_ADDRESS = re.compile(r"[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]")
_ROOT = re.compile(r"pci[0-9a-f]{4,8}:[0-9a-f]{2}")


class PciFunction(Struct, frozen=True):
    """One function. A number is 0 and a text "" where the machine does not say.

    `address` is `domain:bus:device.function`, with a domain of four to eight digits; `class_` has 24 bits:
    class, subclass, interface. `root` is the root complex and `bridges` the way from there. `numa_node` is -1
    where it is unknown; `cpus` may be known even then. `physical` is the function that a virtual one is of.
    """

    address: str
    path: str
    vendor: int
    device: int
    class_: int
    subsystem_vendor: int
    subsystem_device: int
    revision: int
    driver: str
    numa_node: int
    cpus: tuple[int, ...]
    iommu_group: str
    physical: str
    root: str
    bridges: tuple[str, ...]

    @property
    def base_class(self) -> int:
        """Class and subclass, without the interface: 0x0300 is a VGA controller."""
        return self.class_ >> 8


def read_functions(host: Host) -> dict[str, PciFunction]:
    """All functions by address, in its order. Costs about 60 µs each."""
    addresses = filter(_ADDRESS.fullmatch, host.names(DEVICES))
    return {each: _function(host, each) for each in sorted(addresses, key=address_order)}


def address_order(address: str) -> tuple[int, str]:
    """A sort key for addresses, which are hexadecimal and whose domains differ in length."""
    domain, _, rest = address.partition(":")
    return int(domain, 16), rest


def _function(host: Host, address: str) -> PciFunction:
    path = host.resolve(f"{DEVICES}/{address}") or f"{DEVICES}/{address}"
    parts = path.split("/")
    root = next((part for part in parts if _ROOT.fullmatch(part)), "")
    numa_node = host.number(f"{path}/numa_node")
    return PciFunction(
        address=address,
        path=path,
        vendor=host.number(f"{path}/vendor") or 0,
        device=host.number(f"{path}/device") or 0,
        class_=host.number(f"{path}/class") or 0,
        subsystem_vendor=host.number(f"{path}/subsystem_vendor") or 0,
        subsystem_device=host.number(f"{path}/subsystem_device") or 0,
        revision=host.number(f"{path}/revision") or 0,
        driver=host.target(f"{path}/driver"),
        numa_node=-1 if numa_node is None or not 0 <= numa_node < 2**31 else numa_node,
        cpus=parse_list(host.value(f"{path}/local_cpulist")) or parse_mask(host.value(f"{path}/local_cpus")),
        iommu_group=host.target(f"{path}/iommu_group"),
        physical=host.target(f"{path}/physfn"),
        root=root,
        bridges=tuple(part for part in parts[:-1] if root and _ADDRESS.fullmatch(part)),
    )

"""Intel QuickAssist: virtual functions that encrypt and compress, bound to VFIO for programs in user space.

What a virtual function can do is what its physical one is configured for. The physical function itself, and
virtual ones that the kernel's own crypto has, are not handed out. Names are those of Intel's DRA driver.
Source: the kernel's `Documentation/ABI/testing/sysfs-driver-qat`; device ids of `drivers/crypto/intel/qat`
and of DPDK, which knows older ones, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from cod.drivers.attributes import Plain, attribute_class, attributes, family, place
from cod.drivers.names import uid
from cod.drivers.protocol import FoundDevice, Skipped
from cod.drivers.taints import unready
from cod.drivers.vfio_group import VfioGroup, is_vfio, vfio_group
from cod.host import Host, PciFunction
from cod.resource import Device, DeviceClass

KIND = "intel.com/qat"
CLASS = "qat.intel.com"

_VENDOR = 0x8086
_PHYSICAL = {  # device ids, and what the kernel's driver for them calls them
    0x0435: "dh895xcc",
    0x18A0: "c4xxx",
    0x18EE: "200xx",
    0x19E2: "c3xxx",
    0x37C8: "c6xx",
    0x6F54: "d15xx",
    0x4940: "4xxx",
    0x4942: "401xx",
    0x4944: "402xx",
    0x4946: "420xx",
    0x4948: "6xxx",
}
_VIRTUAL = {  # the same of virtual functions
    0x0443: "dh895xcc",
    0x18A1: "c4xxx",
    0x18EF: "200xx",
    0x19E3: "c3xxx",
    0x37C9: "c6xx",
    0x6F55: "d15xx",
    0x4941: "4xxx",
    0x4943: "401xx",
    0x4945: "402xx",
    0x4947: "420xx",
    0x4949: "6xxx",
}
_SERVICES = ("sym", "asym", "dc", "dcc", "decomp")


class Qat(Struct, frozen=True):
    """The driver of QuickAssist; it stands before that of VFIO, as it knows more of these functions."""

    name: str = "qat.cod.dev"
    looks_for: str = "QuickAssist functions of vendor 8086, virtual ones bound to a VFIO driver"

    def classes(self) -> Iterable[DeviceClass]:
        """`qat.intel.com`."""
        return (attribute_class(CLASS),)

    def discover(self, host: Host) -> Iterator[FoundDevice | Skipped]:
        """The virtual functions by address and device id, `0000-6b-00-1-0x4941`."""
        grouped: dict[str, str] = {}  # who has a function by its IOMMU group
        for function in host.pci.values():
            if function.vendor != _VENDOR:
                continue
            if function.device in _PHYSICAL:
                count = host.number(f"{function.path}/sriov_numvfs") or 0
                why = f"it is a physical function; its virtual ones, of which it has {count}, are handed out"
                yield Skipped(function.address, why)
            elif function.device in _VIRTUAL:
                owner = grouped.get(function.address, "")
                found = _offer(host, function, owner)
                yield found
                if isinstance(found, FoundDevice):
                    grouped |= dict.fromkeys(found.functions, found.device.name)


def _offer(host: Host, function: PciFunction, owner: str) -> FoundDevice | Skipped:
    """A virtual function, unless it goes with `owner`, which has its IOMMU group."""
    if owner:
        return Skipped(function.address, f"it is part of {owner}, as it is in the same IOMMU group")
    if not is_vfio(function.driver):
        bound = f"bound to {function.driver}" if function.driver else "not bound to any driver"
        return Skipped(function.address, f"it is {bound}; vfio-pci is needed")
    group = vfio_group(host, function)
    if isinstance(group, str):
        return Skipped(function.address, group)
    name = uid(function.address, function.device)
    return FoundDevice(
        device=_device(host, function, name, group),
        kind=KIND,
        cdi_name=name,
        edits=group.edits,
        common=group.common,
        functions=group.functions,
    )


def _device(host: Host, function: PciFunction, name: str, group: VfioGroup) -> Device:
    physical = host.pci.get(function.physical)
    services = state = ""  # in a guest the physical function is not to be seen
    if physical:
        services, state = (host.value(f"{physical.path}/qat/{each}") for each in ("cfg_services", "state"))
    facts: dict[str, Plain] = {
        "model": _VIRTUAL[function.device],
        "productName": host.pci_names.device(function.vendor, function.device),
        "productId": f"0x{function.device:04x}",
        "kernelDriver": function.driver,
        "physicalFunction": function.physical,
        "services": services,
    }
    # one by one as well, since a selector that looks for "sym" in a text finds it in "asym"
    offered = [each for each in services.split(";") if each in _SERVICES]
    down = unready("physical-function-down" if state == "down" else "")
    return Device(
        name=name,
        attributes=family("qat", CLASS) | place(function) | attributes(facts | dict.fromkeys(offered, True)),
        taints=(*group.taints, *down)[:1],
    )

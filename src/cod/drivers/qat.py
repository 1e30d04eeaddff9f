"""Intel QuickAssist: virtual functions that encrypt and compress, bound to VFIO for programs in user space.

What a virtual function can do is what its physical one is configured for. The physical function itself, which
is listed with its state and its services so that people see what can be made of it, and virtual ones that the
kernel's own crypto has are nobody's to have. Names of virtual functions are those of Intel's DRA driver.
Source: the kernel's `Documentation/ABI/testing/sysfs-driver-qat`; device ids of `drivers/crypto/intel/qat`
and of DPDK, which knows older ones, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from cod.cdi.spec import NO_EDITS
from cod.drivers.attributes import PARENT_ATTRIBUTE, Plain, attribute_class, attributes, family, place
from cod.drivers.names import dashed
from cod.drivers.protocol import FoundDevice, Skipped
from cod.drivers.taints import unready
from cod.drivers.vfio_group import is_vfio, vfio_group
from cod.drivers.virtual_functions import virtual_counts, virtual_functions
from cod.host import Host, PciFunction
from cod.resource import Attribute, Device, DeviceClass

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
SERVICES = ("sym", "asym", "dc", "dcc", "decomp")


class Qat(Struct, frozen=True):
    """The driver of QuickAssist; it stands before that of VFIO, as it knows more of these functions."""

    name: str = "qat.cod.dev"
    looks_for: str = "QuickAssist functions of vendor 8086, virtual ones bound to a VFIO driver"

    def classes(self) -> Iterable[DeviceClass]:
        """`qat.intel.com`."""
        return (attribute_class(CLASS),)

    def discover(self, host: Host) -> Iterator[FoundDevice | Skipped]:
        """Physical functions by address, `qatpf-0000-6b-00-0`, and virtual ones, `qatvf-0000-6b-00-1`."""
        functions = [each for each in host.pci.values() if each.vendor == _VENDOR]
        virtual = virtual_functions(host, [each for each in functions if each.device in _VIRTUAL])
        grouped: dict[str, str] = {}  # who has a function by its IOMMU group
        for function in functions:
            if function.device in _PHYSICAL and not is_vfio(function.driver):
                yield _physical(host, function)
            elif function.device in _VIRTUAL:
                owner = grouped.get(function.address, "")
                found = _offer(host, function, owner, virtual.get(function.address))
                yield found
                if isinstance(found, FoundDevice):
                    grouped |= dict.fromkeys(found.functions, found.device.name)


def _physical(host: Host, function: PciFunction) -> FoundDevice:
    """A physical function, which serves the host's kernel and its own virtual functions, and no container."""
    name = f"qatpf-{dashed(function.address)}"
    counts = virtual_counts(host, function)
    facts: dict[str, Plain] = {"model": _PHYSICAL[function.device], **_facts(host, function), **counts}
    reason = "used-by-virtual-functions" if counts.get("vfs") else "no-virtual-functions"
    if facts.get("state") == "down":
        reason = "down"
    about = family("qat", CLASS) | place(function) | attributes(facts) | _services(host, function)
    return FoundDevice(Device(name, about, taints=unready(reason)), KIND, name, NO_EDITS)


def _offer(host: Host, function: PciFunction, owner: str, number: int | None) -> FoundDevice | Skipped:
    """A virtual function, unless it goes with `owner`, which has its IOMMU group."""
    if owner:
        return Skipped(function.address, f"it is part of {owner}, as it is in the same IOMMU group")
    if not is_vfio(function.driver):
        bound = f"bound to {function.driver}" if function.driver else "not bound to any driver"
        return Skipped(function.address, f"it is {bound}; vfio-pci is needed")
    group = vfio_group(host, function)
    if isinstance(group, str):
        return Skipped(function.address, group)
    physical = host.pci.get(function.physical)  # in a guest it is not to be seen
    facts: dict[str, Plain] = {
        "model": _VIRTUAL[function.device],
        **_facts(host, function),
        "vf": number,
        PARENT_ATTRIBUTE: f"qatpf-{dashed(physical.address)}" if physical else "",
    }
    is_down = physical is not None and _state(host, physical) == "down"
    name = f"qatvf-{dashed(function.address)}"
    return FoundDevice(
        device=Device(
            name=name,
            attributes=family("qat", CLASS)
            | place(function)
            | attributes(facts)
            | (_services(host, physical) if physical else {}),
            taints=(*group.taints, *unready("physical-function-down" if is_down else ""))[:1],
        ),
        kind=KIND,
        cdi_name=name,
        edits=group.edits,
        common=group.common,
        functions=group.functions,
    )


def _facts(host: Host, function: PciFunction) -> dict[str, Plain]:
    return {
        "productName": host.pci_names.device(function.vendor, function.device),
        "productId": f"0x{function.device:04x}",
        "kernelDriver": function.driver,
        "state": _state(host, function),
    }


def _state(host: Host, physical: PciFunction) -> str:
    return host.value(f"{physical.path}/qat/state")


def _services(host: Host, physical: PciFunction) -> dict[str, Attribute]:
    """What a physical function and all its virtual ones do; nothing where the kernel does not say.

    Each service is an attribute as well, since a selector that looks for `sym` in a text finds it in `asym`;
    also those that are off, since a selector fails on an attribute that is not there.
    """
    text = host.value(f"{physical.path}/qat/cfg_services")
    enabled = set(text.split(";"))
    if not enabled & {*SERVICES}:
        return {}
    return attributes({"services": text, **{each: each in enabled for each in SERVICES}})

"""Compute accelerators of the kernel's own class `accel`: the NPUs of processors, and inference cards.

The kernel driver lets many processes use one at a time, so that it can be shared. Source: the kernel's
`Documentation/accel`; for Intel's NPUs the output of `intel-cdi-specs-generator npu`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from cod.cdi.spec import ContainerEdits
from cod.drivers.attributes import attributes, family, family_classes, place
from cod.drivers.names import uid
from cod.drivers.nodes import device_node
from cod.drivers.protocol import FoundDevice, Skipped
from cod.host import Host, Node, SysDevice
from cod.resource import Device, DeviceClass

CLASS_DIRECTORY = "/sys/class/accel"

_VENDORS = {  # who makes what a kernel driver drives
    "intel_vpu": "intel.com",
    "amdxdna": "amd.com",
    "qaic": "qualcomm.com",
}
_OF_OTHERS = ("habanalabs",)  # drivers whose accelerators a driver of their own offers


class Accel(Struct, frozen=True):
    """The driver of accelerators that need no more than their node."""

    name: str = "accel.cod.dev"
    looks_for: str = f"devices in {CLASS_DIRECTORY}"

    def classes(self) -> Iterable[DeviceClass]:
        """`npu.intel.com` and its like, `accel` for those of unknown vendors, and `npu` for all."""
        return family_classes("npu", *(f"npu.{vendor}" for vendor in _VENDORS.values()), "accel")

    def discover(self, host: Host) -> Iterator[FoundDevice | Skipped]:
        """`accel0`, `accel1` … as the kernel calls them."""
        listed = host.names(CLASS_DIRECTORY)
        controls = {name for name in listed if name.startswith("accel_control")}
        for each in host.devices_in(CLASS_DIRECTORY):
            driver = host.target(f"{each.path}/device/driver")
            if each.name in controls or driver in _OF_OTHERS:
                continue
            if node := host.node_of(each.path):
                yield _device(host, each, node, driver)
            else:
                yield Skipped(each.name, f"it has no node in /dev with the numbers of {each.path}/dev")


def _device(host: Host, accel: SysDevice, node: Node, driver: str) -> FoundDevice:
    vendor = _VENDORS.get(driver, "")
    function = host.pci.get(accel.function)
    facts = {
        "kernelDriver": driver,
        "productName": host.pci_names.device(function.vendor, function.device) if function else "",
        "firmware": host.value(f"{accel.parent}/fw_version") or host.value(f"{accel.path}/device/fw_version"),
    }
    where = place(function) if function else {}
    return FoundDevice(
        device=Device(
            name=accel.name.lower(),
            attributes=family("npu", f"npu.{vendor}" if vendor else "accel") | where | attributes(facts),
            allow_multiple_allocations=True,
        ),
        kind=f"{vendor}/npu" if vendor else "cod.dev/accel",
        cdi_name=accel.name,
        edits=ContainerEdits(device_nodes=tuple(map(device_node, _nodes(host, accel, node)))),
        aliases=(uid(function.address, function.device),) if function else (),
    )


def _nodes(host: Host, accel: SysDevice, node: Node) -> list[Node]:
    """The accelerator's node, and the one for control that some kernels make beside it."""
    control = host.node(node.path.replace(accel.name, accel.name.replace("accel", "accel_controlD")))
    return [node, control] if control else [node]

"""PCI functions bound to VFIO, which user space drives itself: for virtual machines, DPDK and SPDK.

One device is one IOMMU group, for nobody can be given less. Groups with a function that a vendor's driver
knows are that driver's. A program needs a `memlock` limit as large as the memory it gives the device.
Source: the kernel's `Documentation/driver-api/vfio.rst`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from cod.drivers.attributes import Plain, attribute_class, attributes, family, place
from cod.drivers.names import dashed
from cod.drivers.protocol import FoundDevice, Skipped
from cod.drivers.vfio_group import VfioGroup, is_vfio, vfio_group
from cod.host import Host, PciFunction
from cod.resource import Device, DeviceClass

CLASS = "vfio"
KIND = "cod.dev/vfio"


class Vfio(Struct, frozen=True):
    """The driver of IOMMU groups."""

    name: str = "vfio.cod.dev"
    looks_for: str = "PCI functions bound to vfio-pci or a variant of it"

    def classes(self) -> Iterable[DeviceClass]:
        """`vfio`."""
        return (attribute_class(CLASS),)

    def discover(self, host: Host) -> Iterator[FoundDevice | Skipped]:
        """`vfio-0000-3b-00-0` … by the first function that VFIO has.

        The number of a group, by which programs open it, changes when cards or virtual functions do.
        """
        seen: set[str] = set()
        for function in host.pci.values():
            if not is_vfio(function.driver) or function.iommu_group in seen:
                continue
            group = vfio_group(host, function)
            if isinstance(group, str):
                yield Skipped(function.address, group)
                continue
            seen.add(function.iommu_group)
            yield _device(host, function, group)


def _device(host: Host, function: PciFunction, group: VfioGroup) -> FoundDevice:
    facts: dict[str, Plain] = {
        "group": function.iommu_group,
        "iommu": group.has_iommu,
        "functions": len(group.functions),
        "vendorId": f"{function.vendor:04x}",
        "deviceId": f"{function.device:04x}",
        "pciClass": f"{function.base_class:04x}",
        "productName": host.pci_names.device(function.vendor, function.device),
        "kernelDriver": function.driver,
        "physicalFunction": function.physical,
    }
    name = f"vfio-{dashed(function.address)}"
    return FoundDevice(
        device=Device(
            name=name,
            attributes=family(CLASS) | place(function) | attributes(facts),
            taints=group.taints,
        ),
        kind=KIND,
        cdi_name=function.address,
        aliases=(function.iommu_group,),
        edits=group.edits,
        common=group.common,
        functions=group.functions,
    )

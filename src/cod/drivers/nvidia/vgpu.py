"""vGPUs: slices of an NVIDIA GPU for virtual machines, which get them as VFIO devices.

    /sys/bus/mdev/devices/<uuid>                        a mediated device below the GPU's function
    /sys/class/mdev_bus/<address>/mdev_supported_types  what more can be made
    <virtual function>/nvidia/current_vgpu_type         since Linux 6.8: 0, or the type it plays
    <virtual function>/nvidia/creatable_vgpu_types      `1414 : NVIDIA H200X-1-18C`, a line each

Source: NVIDIA Virtual GPU Software User Guide § Creating an NVIDIA vGPU on a Linux with KVM Hypervisor.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from cod.host import Host, PciFunction

_MDEVS = "/sys/bus/mdev/devices"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TYPE = re.compile(r"\s*(\d{1,9})\s*:\s*(\S.*)")
_MOST_TYPES = 16  # lists of an attribute are short


class Vgpu(Struct, frozen=True):
    """A vGPU. `physical` is the GPU's address; `type_` what it plays, "" where it plays nothing yet."""

    id_: str
    function: PciFunction
    physical: str
    group: str
    type_: str
    creatable: tuple[str, ...] = ()


def find_vgpus(host: Host, functions: Iterable[PciFunction]) -> Iterator[Vgpu]:
    """The mediated devices, then the virtual functions that may be vGPUs."""
    by_address = {each.address: each for each in functions}
    for device in host.devices_in(_MDEVS):
        if device.function in by_address and _UUID.fullmatch(device.name):
            function = by_address[device.function]
            yield Vgpu(
                id_=device.name,
                function=function,
                physical=function.physical or function.address,
                group=host.target(f"{device.path}/iommu_group"),
                type_=host.value(f"{device.path}/mdev_type/name") or host.target(f"{device.path}/mdev_type"),
            )
    for function in by_address.values():
        current = host.number(f"{function.path}/nvidia/current_vgpu_type") if function.physical else None
        if current is not None:
            yield Vgpu(
                id_=re.sub(r"[:.]", "-", function.address),
                function=function,
                physical=function.physical,
                group=function.iommu_group,
                type_=str(current) if current > 0 else "",
                creatable=_creatable_on_function(host, function),
            )


def creatable_types(host: Host, function: PciFunction) -> tuple[str, ...]:
    """The types of mediated devices that can still be made on a GPU."""
    top = f"/sys/class/mdev_bus/{function.address}/mdev_supported_types"
    found = [
        host.value(f"{top}/{type_}/name") or type_
        for type_ in host.names(top)
        if (host.number(f"{top}/{type_}/available_instances") or 0) > 0
    ]
    return tuple(found[:_MOST_TYPES])


def _creatable_on_function(host: Host, function: PciFunction) -> tuple[str, ...]:
    lines = map(_TYPE.fullmatch, host.read(f"{function.path}/nvidia/creatable_vgpu_types").splitlines())
    return tuple([line[2].strip() for line in lines if line][:_MOST_TYPES])

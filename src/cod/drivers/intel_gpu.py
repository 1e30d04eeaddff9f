"""Intel GPUs, whole or as virtual functions, for containers or bound to VFIO for virtual machines.

Devices, names and nodes are those of `intel-cdi-specs-generator gpu`: DRM nodes with their links in
`/dev/dri/by-path`, which programs use to find the nodes of a GPU, and the nodes of the management engine as
devices of a kind of their own. Source: also the kernel's `Documentation/ABI/testing/sysfs-driver-intel-*`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from cod.cdi.spec import NO_EDITS, ContainerEdits, Mount
from cod.drivers.attributes import (
    PARENT_ATTRIBUTE,
    Plain,
    attribute_class,
    attributes,
    family,
    family_classes,
    place,
    version,
)
from cod.drivers.names import uid
from cod.drivers.nodes import device_node, node_with_numbers
from cod.drivers.protocol import FoundDevice, Skipped
from cod.drivers.vfio_group import is_vfio, vfio_group
from cod.host import Host, PciFunction
from cod.resource import Capacity, Device, DeviceClass, Taint

KIND = "intel.com/gpu"
MEI_KIND = "intel.com/gpu-mei"
CLASS = "gpu.intel.com"
MEI_CLASS = "gpu-mei.intel.com"

_VENDOR = 0x8086
_DISPLAY = (0x0300, 0x0302, 0x0380)
_DRIVERS = ("i915", "xe")
_DRM = r"(card|renderD)\d{1,6}"
_MEI = r"mei\d{1,6}"
_VIRTUAL = r"virtfn(\d{1,5})"
_BY_PATH = "/dev/dri/by-path"


class IntelGpu(Struct, frozen=True):
    """The driver of Intel GPUs; it stands before that of VFIO, as it knows more of a GPU's functions."""

    name: str = "intel-gpu.cod.dev"
    looks_for: str = "display functions of vendor 8086, bound to i915, xe or a VFIO driver"

    def classes(self) -> Iterable[DeviceClass]:
        """`gpu.intel.com`, `gpu`, and `gpu-mei.intel.com` for their management engines."""
        return (*family_classes("gpu", CLASS), attribute_class(MEI_CLASS))

    def discover(self, host: Host) -> Iterator[FoundDevice | Skipped]:
        """The GPUs by address and device id, `0000-03-00-0-0x56c0`, as Intel's DRA driver names them."""
        names: dict[str, str] = {}  # of the devices, by address; a physical function comes before its own
        grouped: dict[str, str] = {}  # who has a function by its IOMMU group
        for function in host.pci.values():
            if function.vendor != _VENDOR or function.base_class not in _DISPLAY:
                continue
            if function.address in grouped:
                why = f"it is part of {grouped[function.address]}, as it is in the same IOMMU group"
                yield Skipped(function.address, why)
                continue
            found = _offer(host, function, names)
            yield found
            if isinstance(found, FoundDevice):
                names[function.address] = found.device.name
                grouped |= dict.fromkeys(found.functions, found.device.name)
                yield from _engines(host, function, found.device.name)


def _offer(host: Host, function: PciFunction, names: dict[str, str]) -> FoundDevice | Skipped:
    if function.driver in _DRIVERS:
        return _for_containers(host, function, names)
    if not is_vfio(function.driver):
        bound = f"bound to {function.driver}" if function.driver else "not bound to any driver"
        return Skipped(function.address, f"it is {bound}; i915, xe or vfio-pci is needed")
    group = vfio_group(host, function)
    if isinstance(group, str):
        return Skipped(function.address, group)
    device = _device(host, function, names, taints=group.taints)
    return FoundDevice(device, KIND, device.name, group.edits, common=group.common, functions=group.functions)


def _for_containers(host: Host, function: PciFunction, names: dict[str, str]) -> FoundDevice | Skipped:
    """A GPU with DRM nodes; each name of theirs that is free of its kind is an alias."""
    listed = host.matching(f"{function.path}/drm", _DRM)
    nodes = {
        name: node_with_numbers(host, f"/dev/dri/{name}", f"{function.path}/drm/{name}") for name in listed
    }
    if not listed or None in nodes.values():
        return Skipped(
            function.address, "not all of its DRM nodes are in /dev/dri" if listed else "it has no DRM nodes"
        )
    device = _device(host, function, names, memory=_memory(host, function, listed))
    return FoundDevice(
        device=device,
        kind=KIND,
        cdi_name=device.name,
        edits=ContainerEdits(
            device_nodes=tuple(device_node(node) for node in nodes.values() if node),
            mounts=tuple(_links(host, function, listed)),
        ),
        aliases=tuple(name for name in listed if name.startswith("card"))[:1],
    )


def _links(host: Host, function: PciFunction, listed: list[str]) -> Iterator[Mount]:
    """The links by which programs find the nodes of a PCI function; CDI has no links, so they are mounts."""
    for what in ("card", "render"):
        path = f"{_BY_PATH}/pci-{function.address}-{what}"
        if host.target(path) in listed and host.node(host.resolve(path) or ""):
            yield Mount(path, path, ("bind", "rw"), "none")


def _device(
    host: Host,
    function: PciFunction,
    names: dict[str, str],
    *,
    memory: int = 0,
    taints: tuple[Taint, ...] = (),
) -> Device:
    vfs = host.number(f"{function.path}/sriov_totalvfs")
    driver = version(host.value(f"/sys/module/{function.driver}/version"))
    facts: dict[str, Plain] = {
        "productName": host.pci_names.device(function.vendor, function.device),
        "productId": f"0x{function.device:04x}",
        "kernelDriver": function.driver,
        "discrete": bool(function.bridges) if function.root else None,
        "totalVfs": vfs or None,
        "vfs": host.number(f"{function.path}/sriov_numvfs") if vfs else None,
        "vf": _number(host, function),
        PARENT_ATTRIBUTE: names.get(function.physical),
    }
    return Device(
        name=uid(function.address, function.device),
        attributes=family("gpu", CLASS)
        | place(function)
        | attributes(facts)
        | ({"driverVersion": driver} if driver else {}),
        capacity={"memory": Capacity(str(memory))} if memory > 0 else {},
        taints=taints,
    )


def _number(host: Host, function: PciFunction) -> int | None:
    """Which of its physical function's virtual ones it is, from 0 on, as PCI counts them."""
    if not function.physical:
        return None
    physical = f"{function.path}/physfn"
    numbers = [
        int(link.removeprefix("virtfn"))
        for link in host.matching(physical, _VIRTUAL)
        if host.target(f"{physical}/{link}") == function.address
    ]
    return numbers[0] if numbers else None


def _memory(host: Host, function: PciFunction, listed: list[str]) -> int:
    """The bytes of its own memory, 0 where sysfs does not say: only some releases of the drivers do."""
    tiles = host.glob(f"{function.path}/tile*/physical_vram_size_bytes")
    cards = [f"{function.path}/drm/{name}/lmem_total_bytes" for name in listed]
    return sum(host.number(path) or 0 for path in tiles or cards)


def _engines(host: Host, function: PciFunction, parent: str) -> Iterator[FoundDevice | Skipped]:
    """The nodes of a GPU's management engine, which update its firmware; each is a device for itself."""
    for directory in host.glob(f"{function.path}/*.mei*/mei"):
        for name in host.matching(directory, _MEI):
            node = node_with_numbers(host, f"/dev/{name}", f"{directory}/{name}")
            if not node:
                yield Skipped(name, f"it has no node in /dev with the numbers of {directory}/{name}/dev")
                continue
            about = family("gpu-mei", MEI_CLASS) | place(function) | attributes({PARENT_ATTRIBUTE: parent})
            edits = ContainerEdits(device_nodes=(device_node(node),))
            yield FoundDevice(Device(name, about), MEI_KIND, name, edits, common=NO_EDITS)

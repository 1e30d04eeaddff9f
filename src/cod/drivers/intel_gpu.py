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
    driver_version,
    family,
    family_classes,
    place,
)
from cod.drivers.names import uid
from cod.drivers.nodes import device_node
from cod.drivers.protocol import FoundDevice, Skipped
from cod.drivers.taints import unready
from cod.drivers.vfio_group import is_vfio, vfio_group
from cod.drivers.virtual_functions import virtual_counts, virtual_functions
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
_SURVIVAL = "survivability_mode"  # there while xe can do nothing but take new firmware
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
        functions = [each for each in host.pci.values() if _is_gpu(each)]
        virtual = virtual_functions(host, functions)
        names: dict[str, str] = {}  # of the devices, by address; a physical function comes before its own
        grouped: dict[str, str] = {}  # who has a function by its IOMMU group
        for function in functions:
            if function.address in grouped:
                why = f"it is part of {grouped[function.address]}, as it is in the same IOMMU group"
                yield Skipped(function.address, why)
                continue
            found = _offer(host, function, names, virtual)
            yield found
            if isinstance(found, FoundDevice):
                names[function.address] = found.device.name
                grouped |= dict.fromkeys(found.functions, found.device.name)
                yield from _engines(host, function, found.device.name)


def _is_gpu(function: PciFunction) -> bool:
    return function.vendor == _VENDOR and function.base_class in _DISPLAY


def _offer(
    host: Host, function: PciFunction, names: dict[str, str], virtual: dict[str, int]
) -> FoundDevice | Skipped:
    number = virtual.get(function.address)
    if function.driver in _DRIVERS:
        return _for_containers(host, function, names, number)
    if not is_vfio(function.driver):
        bound = f"bound to {function.driver}" if function.driver else "not bound to any driver"
        return Skipped(function.address, f"it is {bound}; i915, xe or vfio-pci is needed")
    group = vfio_group(host, function)
    if isinstance(group, str):
        return Skipped(function.address, group)
    device = _device(
        host, function, names, number, memory=_quota(host, function, number), taints=group.taints
    )
    return FoundDevice(device, KIND, device.name, group.edits, common=group.common, functions=group.functions)


def _for_containers(
    host: Host, function: PciFunction, names: dict[str, str], number: int | None
) -> FoundDevice | Skipped:
    """A GPU with DRM nodes, of which the card's name is an alias; one with broken firmware has none."""
    if host.exists(f"{function.path}/{_SURVIVAL}"):
        broken = _device(host, function, names, number, taints=unready("firmware-broken"))
        return FoundDevice(broken, KIND, broken.name, NO_EDITS)
    listed = host.matching(f"{function.path}/drm", _DRM)
    nodes = {name: host.node_of(f"{function.path}/drm/{name}", f"/dev/dri/{name}") for name in listed}
    if not listed or None in nodes.values():
        return Skipped(
            function.address, "not all of its DRM nodes are in /dev/dri" if listed else "it has no DRM nodes"
        )
    memory = _quota(host, function, number) or _memory(host, function, listed)
    device = _device(host, function, names, number, memory=memory)
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
    number: int | None,
    *,
    memory: int = 0,
    taints: tuple[Taint, ...] = (),
) -> Device:
    facts: dict[str, Plain] = {
        "productName": host.pci_names.device(function.vendor, function.device),
        "productId": f"0x{function.device:04x}",
        "kernelDriver": function.driver,
        "discrete": bool(function.bridges) if function.root else None,
        "vf": number,
        **virtual_counts(host, function),
        PARENT_ATTRIBUTE: names.get(function.physical),
    }
    return Device(
        name=uid(function.address, function.device),
        attributes=family("gpu", CLASS)
        | place(function)
        | attributes(facts)
        | driver_version(host.value(f"/sys/module/{function.driver}/version")),
        capacity={"memory": Capacity(str(memory))} if memory > 0 else {},
        taints=taints,
    )


def _quota(host: Host, function: PciFunction, number: int | None) -> int:
    """The bytes of memory that a virtual function has of its GPU's, 0 where its driver does not say."""
    physical = host.pci.get(function.physical)
    if physical is None or number is None:
        return 0
    return host.number(f"{physical.path}/sriov_admin/vf{number}/profile/vram_quota") or 0


def _memory(host: Host, function: PciFunction, listed: list[str]) -> int:
    """The bytes of a GPU's own memory, 0 where sysfs does not say: only some releases of the drivers do."""
    tiles = host.glob(f"{function.path}/tile*/physical_vram_size_bytes")
    cards = [f"{function.path}/drm/{name}/lmem_total_bytes" for name in listed]
    return sum(host.number(path) or 0 for path in tiles or cards)


def _engines(host: Host, function: PciFunction, parent: str) -> Iterator[FoundDevice | Skipped]:
    """The nodes of a GPU's management engine, which update its firmware; each is a device for itself."""
    for directory in host.glob(f"{function.path}/*.mei*/mei"):
        for name in host.matching(directory, _MEI):
            node = host.node_of(f"{directory}/{name}", f"/dev/{name}")
            if not node:
                yield Skipped(name, f"it has no node in /dev with the numbers of {directory}/{name}/dev")
                continue
            about = family("gpu-mei", MEI_CLASS) | place(function) | attributes({PARENT_ATTRIBUTE: parent})
            edits = ContainerEdits(device_nodes=(device_node(node),))
            yield FoundDevice(Device(name, about), MEI_KIND, name, edits, common=NO_EDITS)

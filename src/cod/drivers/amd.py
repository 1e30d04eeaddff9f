"""AMD GPUs, whole or in partitions, as the amdgpu driver shows them.

A GPU is a DRM device with a compute node of KFD. In a partition mode (CPX and its like) the first partition
keeps the PCI function's DRM device, the others have platform devices of their own (`amdgpu_xcp_N`), outside
the PCI tree; those without a compute node are not in use. A container needs `/dev/kfd` once, and for each GPU
or partition the DRM nodes. Source: the kernel's `Documentation/gpu/amdgpu`; output of `amd-ctk cdi generate`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec import Struct

from cod.cdi.spec import ContainerEdits
from cod.drivers.attributes import attributes, family, family_classes, place, version
from cod.drivers.kfd import NODES, XGMI, KfdNode, read_kfd_nodes
from cod.drivers.nodes import device_node
from cod.drivers.protocol import FoundDevice, Link, Skipped
from cod.host import Host
from cod.resource import PCI_BUS_ID, Attribute, Capacity, Device, DeviceClass

KIND = "amd.com/gpu"
CLASS = "gpu.amd.com"

_FUNCTIONS = "/sys/module/amdgpu/drivers/pci:amdgpu"
_PARTITIONS = "/sys/devices/platform/amdgpu_xcp_*"
_RENDER = re.compile(r"renderD(\d{1,6})")
_CARD = re.compile(r"card\d{1,6}")


class Amd(Struct, frozen=True):
    """The driver of AMD GPUs."""

    name: str = "amd.cod.dev"
    looks_for: str = f"PCI functions of the amdgpu driver with a compute node in {NODES}"

    def classes(self) -> Iterable[DeviceClass]:
        """`gpu.amd.com` and `gpu`."""
        return family_classes("gpu", CLASS)

    def discover(self, host: Host) -> Iterator[FoundDevice | Skipped]:
        """`gpu-0`, `gpu-1` … in the order of their render minors, as AMD's own generator numbers them."""
        drm = dict(_drm_devices(host))
        if not drm:
            return
        nodes = {node.render_minor: node for node in read_kfd_nodes(host).values() if node.render_minor}
        for minor in sorted(drm.keys() - nodes):
            yield Skipped(drm[minor], "it has no compute node in KFD")
        gpus = [_Gpu(drm[minor], nodes[minor]) for minor in sorted(drm.keys() & nodes)]
        names = {gpu.node.number: f"gpu-{index}" for index, gpu in enumerate(gpus)}
        partitions = Counter(gpu.node.pci_address for gpu in gpus)
        kfd = host.node("/dev/kfd")
        for index, gpu in enumerate(gpus):
            nodes_of_gpu = [host.node(f"/dev/dri/{name}") for name in gpu.drm_names(host)]
            if kfd is None or None in nodes_of_gpu:
                yield Skipped(gpu.directory, "not all of its nodes are in /dev/dri, or /dev/kfd is missing")
                continue
            edits = ContainerEdits(
                device_nodes=tuple(device_node(node, "rwm") for node in nodes_of_gpu if node)
            )
            yield FoundDevice(
                device=gpu.device(host, names, partitions[gpu.node.pci_address]),
                kind=KIND,
                cdi_name=str(index),
                edits=edits,
                common=ContainerEdits(device_nodes=(device_node(kfd, "rwm"),)),
                links=tuple(gpu.links(names)),
            )


class _Gpu(Struct, frozen=True):
    """A GPU, or one of its partitions: its directory in sysfs, and its compute node."""

    directory: str
    node: KfdNode

    def drm_names(self, host: Host) -> list[str]:
        """Its nodes in `/dev/dri`: the card's, and the one for rendering."""
        names = host.names(f"{self.directory}/drm")
        return [name for name in names if _CARD.fullmatch(name) or _RENDER.fullmatch(name)]

    def device(self, host: Host, names: dict[int, str], partitions: int) -> Device:
        """What the API says of it; `partitions` is into how many its GPU is divided."""
        address = self.node.pci_address
        function = f"{_FUNCTIONS}/{address}"
        modes = [host.value(f"{function}/current_{kind}_partition").lower() for kind in ("compute", "memory")]
        target = self.node.properties.get("gfx_target_version", 0)
        facts = {
            "productName": host.value(f"{function}/product_name"),
            "uniqueId": f"{self.node.properties.get('unique_id', 0):016x}",
            "gfxVersion": f"{target // 10000}.{target // 100 % 100}.{target % 100}" if target else "",
            "computeUnits": _compute_units(self.node),
            "renderMinor": self.node.render_minor,
            "partitioned": partitions > 1,
            "partition": "_".join(filter(None, modes)),
            "partitionModes": host.value(f"{function}/available_compute_partition"),
        }
        where = place(host.pci[address]) if address in host.pci else {PCI_BUS_ID: Attribute(string=address)}
        return Device(
            name=names[self.node.number],
            attributes=family("gpu", CLASS) | where | attributes(facts) | _driver_version(host),
            capacity={"memory": Capacity(str(self.node.memory))} if self.node.memory else {},
        )

    def links(self, names: dict[int, str]) -> Iterator[Link]:
        """Its XGMI links; within a package the bandwidth is that of the package."""
        for link in self.node.links:
            if link.kind == XGMI and link.to in names:
                yield Link(to=names[link.to], kind="xgmi", mb_s=link.mb_s)


def _drm_devices(host: Host) -> Iterator[tuple[int, str]]:
    """The minors of all render nodes of the driver, and the directories of the devices that have them."""
    for directory in (*host.glob(f"{_FUNCTIONS}/*:*:*.*"), *host.glob(_PARTITIONS)):
        for name in host.names(f"{directory}/drm"):
            if match := _RENDER.fullmatch(name):
                yield int(match[1]), directory


def _compute_units(node: KfdNode) -> int | None:
    simds, per_unit = node.properties.get("simd_count", 0), node.properties.get("simd_per_cu", 0)
    return simds // per_unit if per_unit else None


def _driver_version(host: Host) -> dict[str, Attribute]:
    found = version(host.value("/sys/module/amdgpu/version"))
    return {"driverVersion": found} if found else {}

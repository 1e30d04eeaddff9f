"""AMD's GPUs and their partitions as COD offers them.

A container needs the DRM nodes of each, and `/dev/kfd` once. A GPU that is divided is there beside its
partitions, tainted: it says which modes it can be in, and brings nothing into a container.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cod.cdi.spec import NO_EDITS, ContainerEdits
from cod.drivers.amd.family import CLASS
from cod.drivers.amd.gpus import Gpu, Part, find_gpus
from cod.drivers.amd.kfd import XGMI, KfdNode
from cod.drivers.attributes import (
    PARENT_ATTRIBUTE,
    VERSION_ATTRIBUTE,
    attributes,
    driver_version,
    family,
    place,
)
from cod.drivers.nodes import device_node
from cod.drivers.protocol import FoundDevice, Link, Skipped
from cod.drivers.taints import unready
from cod.host import Host, Node, PciFunction
from cod.resource import Attribute, Capacity, Device

KIND = "amd.com/gpu"

_KFD = "/dev/kfd"
_DIVIDED = "partitioned"

Attributes = dict[str, Attribute]


def offer(host: Host, functions: list[PciFunction]) -> Iterator[FoundDevice | Skipped]:
    """The devices that are made of these PCI functions."""
    found = list(find_gpus(host, functions))
    yield from (each for each in found if isinstance(each, Skipped))
    gpus = [each for each in found if isinstance(each, Gpu)]
    if not gpus:
        return
    kfd = host.node(_KFD)
    names: dict[int, str] = {}
    for gpu in gpus:
        offered = [part.node.number for part in gpu.parts if kfd and not part.missing]
        names |= {number: gpu.part_name(number) for number in offered}
    minors = sorted(part.node.render_minor for gpu in gpus for part in gpu.parts)
    indices = {minor: str(index) for index, minor in enumerate(minors)}
    driver = _driver_version(host)
    for gpu in gpus:
        facts = _facts(host, gpu) | driver
        if gpu.is_divided:
            yield _divided(host, gpu, facts)
        for part in gpu.parts:
            if kfd and not part.missing:
                yield _device(host, gpu, part, facts, kfd, indices[part.node.render_minor], names)
            else:
                missing = [*part.missing, *([] if kfd else [_KFD])]
                yield Skipped(part.directory, f"its device nodes are not there: {', '.join(missing)}")


def _device(
    host: Host, gpu: Gpu, part: Part, facts: Attributes, kfd: Node, index: str, names: Mapping[int, str]
) -> FoundDevice:
    """A GPU, or one partition of it."""
    uuid = f"GPU-{part.node.unique_id:016x}" if part.node.unique_id else ""
    own: Attributes = attributes({"renderMinor": part.node.render_minor})
    if gpu.is_divided:
        own |= attributes({PARENT_ATTRIBUTE: gpu.name, "parentUuid": uuid})
    else:
        own |= attributes({"uuid": uuid}) | _modes(host, gpu.function)
    return FoundDevice(
        device=Device(
            name=names[part.node.number],
            attributes=family("gpu", CLASS) | facts | own,
            capacity=_capacity(part.node.memory, part.node.compute_units),
        ),
        kind=KIND,
        cdi_name=index,
        edits=ContainerEdits(device_nodes=tuple(device_node(each, "rwm") for each in part.drm)),
        common=ContainerEdits(device_nodes=(device_node(kfd, "rwm"),)),
        links=tuple(_links(part.node, names)),
    )


def _divided(host: Host, gpu: Gpu, facts: Attributes) -> FoundDevice:
    """A GPU whose partitions are the devices to use."""
    nodes = [part.node for part in gpu.parts]
    uuid = f"GPU-{nodes[0].unique_id:016x}" if nodes[0].unique_id else ""
    return FoundDevice(
        device=Device(
            name=gpu.name,
            attributes=family("gpu", CLASS)
            | facts
            | attributes({"uuid": uuid, "partitions": len(nodes)})
            | _modes(host, gpu.function),
            capacity=_capacity(sum(each.memory for each in nodes), sum(each.compute_units for each in nodes)),
            taints=unready(_DIVIDED),
        ),
        kind=KIND,
        cdi_name=gpu.name,
        edits=NO_EDITS,
    )


def _facts(host: Host, gpu: Gpu) -> Attributes:
    """What is the same of a GPU and of its partitions."""
    function, node = gpu.function, gpu.parts[0].node
    listed = host.pci_names
    return place(function) | attributes(
        {
            "model": host.value(f"{function.path}/product_name")
            or listed.device(function.vendor, function.device),
            "productId": f"{function.device & 0xFFFF:04x}",
            "architecture": node.architecture,
            "xgmiHive": f"{node.hive:016x}" if node.hive else "",
            "profile": "_".join(filter(None, (gpu.compute_mode, gpu.memory_mode))).lower(),
        }
    )


def _modes(host: Host, function: PciFunction) -> Attributes:
    """The modes that a GPU can be in, as the kernel lists them: `SPX, DPX, QPX, CPX`."""
    return attributes(
        {
            f"{kind}Modes": host.value(f"{function.path}/available_{kind}_partition")
            for kind in ("compute", "memory")
        }
    )


def _capacity(memory: int, compute_units: int) -> dict[str, Capacity]:
    capacity = {}
    if memory:
        capacity["memory"] = Capacity(str(memory) if memory % 2**20 else f"{memory // 2**20}Mi")
    if compute_units:
        capacity["computeUnits"] = Capacity(str(compute_units))
    return capacity


def _links(node: KfdNode, names: Mapping[int, str]) -> Iterator[Link]:
    """The XGMI links to others that are offered."""
    for link in node.links:
        if link.kind == XGMI and link.to in names:
            yield Link(to=names[link.to], kind="xgmi", count=link.count, mb_s=link.mb_s)


def _driver_version(host: Host) -> Attributes:
    """The version of the kernel module, or of the kernel that it is a part of."""
    text = host.value("/sys/module/amdgpu/version") or host.value("/proc/sys/kernel/osrelease")
    return driver_version(text) or attributes({VERSION_ATTRIBUTE: text})

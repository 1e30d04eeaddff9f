"""AMD's GPUs as the amdgpu driver shows them, each with its parts.

A GPU is a DRM device with a compute node of KFD. In a partition mode (DPX, QPX, CPX …) the first partition
has the DRM device of the PCI function; the others have platform devices, which are there in any mode and
count only with a compute node:

    /sys/devices/pci…/0000:05:00.0/drm/{card0,renderD128}
    /sys/devices/pci…/0000:05:00.0/{current,available}_{compute,memory}_partition
    /sys/devices/platform/amdgpu_xcp_0/drm/{card1,renderD129}

Source: Linux `Documentation/gpu/amdgpu`; ROCm's container toolkit and device plugin.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from cod.drivers.amd.family import KERNEL_DRIVER
from cod.drivers.amd.kfd import KfdNode, read_kfd_nodes
from cod.drivers.protocol import Skipped
from cod.host import Host, Node, PciFunction

WHOLE = "SPX"  # the mode of a GPU that is not divided

_PLATFORM = "/sys/devices/platform"
_PARTITION = re.compile(r"amdgpu_xcp_\d{1,6}")
_DRM = re.compile(r"(card|renderD)\d{1,6}")
_MODE = re.compile(r"[A-Z]{1,8}\d{0,2}")

Nodes = dict[int, KfdNode]
"""Compute nodes by the render minor of their DRM device."""


class Part(Struct, frozen=True):
    """A GPU, or one of its partitions: its directory in sysfs, its compute node, and its DRM nodes.

    `missing` are paths of DRM nodes that it lacks: where they should be is nothing, or another device's node.
    """

    directory: str
    node: KfdNode
    drm: tuple[Node, ...]
    missing: tuple[str, ...]


class Gpu(Struct, frozen=True):
    """A GPU: its number, its place, and its parts in the order of their minors.

    The parts are itself alone, or its partitions. `compute_mode` (`SPX`, `CPX`) and `memory_mode` (`NPS1`)
    are "" where it knows none.
    """

    index: int
    function: PciFunction
    parts: tuple[Part, ...]
    compute_mode: str = ""
    memory_mode: str = ""

    @property
    def name(self) -> str:
        """What the driver calls it."""
        return f"gpu-{self.index}"

    @property
    def is_divided(self) -> bool:
        """Whether its parts are partitions."""
        return len(self.parts) > 1 or self.compute_mode not in ("", WHOLE)

    def part_name(self, node: int) -> str:
        """What the driver calls the part with that compute node."""
        number = next(index for index, part in enumerate(self.parts) if part.node.number == node)
        return f"{self.name}-{number}" if self.is_divided else self.name


def find_gpus(host: Host, functions: Iterable[PciFunction]) -> Iterator[Gpu | Skipped]:
    """The GPUs in the order of their first minors, and what is none. Partitions count to their GPU."""
    ours: dict[str, PciFunction] = {}
    for function in functions:
        if function.driver == KERNEL_DRIVER:
            ours[function.address] = function
        else:
            yield Skipped(function.address, _whose(function))
    if not ours:
        return
    nodes = {node.render_minor: node for node in read_kfd_nodes(host).values()}
    first = {address: _part(host, function.path, nodes) for address, function in ours.items()}
    parts = {address: [part] if part else [] for address, part in first.items()}
    yield from _add_partitions(host, nodes, parts)
    for address in ours:
        if not parts[address]:
            yield Skipped(address, "it has no compute node in KFD, or none that this process may see")
    ordered = sorted(
        (sorted(each, key=_minor) for each in parts.values() if each), key=lambda each: _minor(each[0])
    )
    owners = {part.node.number: address for address, each in parts.items() for part in each}
    for index, mine in enumerate(ordered):
        yield _gpu(host, index, ours[owners[mine[0].node.number]], tuple(mine))


def _whose(function: PciFunction) -> str:
    """Why a function that amdgpu does not have is none of ours."""
    if not function.driver:
        return "no kernel driver has it"
    if "vfio" in function.driver:
        return f"it is bound to {function.driver}: the driver of VFIO has it"
    return f"it is bound to {function.driver}, not to {KERNEL_DRIVER}"


def _part(host: Host, directory: str, nodes: Nodes) -> Part | None:
    """What a device is that has DRM nodes and a compute node."""
    names = host.matching(f"{directory}/drm", _DRM)
    minors = [int(name[7:]) for name in names if name.startswith("renderD")]
    compute = next((nodes[each] for each in minors if each in nodes), None)
    if compute is None:
        return None
    paths = {f"/dev/dri/{name}": f"{directory}/drm/{name}" for name in names}
    drm = {path: host.node_of(device, path) for path, device in paths.items()}
    missing = tuple(path for path, node in drm.items() if node is None)
    return Part(directory, compute, tuple(node for node in drm.values() if node), missing)


def _add_partitions(host: Host, nodes: Nodes, parts: dict[str, list[Part]]) -> Iterator[Skipped]:
    """Give the partitions beyond the first to their GPUs, and say which are not in use."""
    heads = {address: each[0].node for address, each in parts.items() if each}
    unused = 0
    for name in host.matching(_PLATFORM, _PARTITION):
        part = _part(host, f"{_PLATFORM}/{name}", nodes)
        if part is None:
            unused += 1
        elif owner := _owner(part.node, parts, heads):
            parts[owner].append(part)
        else:
            yield Skipped(part.directory, "the GPU that it is a partition of is not there")
    if unused:
        yield Skipped(f"{_PLATFORM}/amdgpu_xcp_*", f"{unused} without a compute node: partitions not in use")


def _owner(node: KfdNode, addresses: Iterable[str], heads: Mapping[str, KfdNode]) -> str:
    """The function that a partition is of, or "".

    It is in the same slot. Of several there (virtual functions), the one with the same identity counts first:
    older kernels write a partition's number where its location has the function's.
    """

    def strangeness(address: str) -> tuple[bool, bool, str]:
        same = address in heads and heads[address].unique_id == node.unique_id
        return not same, address != node.address, address

    return min((each for each in addresses if each.startswith(f"{node.slot}.")), key=strangeness, default="")


def _gpu(host: Host, index: int, function: PciFunction, parts: tuple[Part, ...]) -> Gpu:
    modes = (host.value(f"{function.path}/current_{each}_partition") for each in ("compute", "memory"))
    compute, memory = (mode if _MODE.fullmatch(mode) else "" for mode in modes)
    return Gpu(index, function, parts, compute, memory)


def _minor(part: Part) -> int:
    return part.node.render_minor

"""The compute nodes of amdgpu: GPUs and their partitions, CPUs, and the links between all of them.

A node with a DRM render minor is a GPU, or one partition of it; nodes without are CPUs. Links of type 11 are
XGMI, those of type 2 PCIe. A machine of n nodes has n² files of links: they are read for GPUs alone. Source:
Linux `drivers/gpu/drm/amd/amdkfd/kfd_topology.c`; ROCm `libhsakmt` topology.
"""

from __future__ import annotations

from msgspec import Struct

from cod.host import Host

NODES = "/sys/class/kfd/kfd/topology/nodes"

XGMI = 11
VRAM = (1, 2)  # heap types of a GPU's own memory: visible to the CPU, and not


class KfdLink(Struct, frozen=True, gc=False):
    """A link to another node. `weight` is a distance, 13 within a package; `mb_s` is 0 where unknown."""

    to: int
    kind: int
    weight: int
    mb_s: int


class KfdNode(Struct, frozen=True, gc=False):
    """One node: what its `properties` say, and for a GPU its memory in bytes and its links."""

    number: int
    properties: dict[str, int]
    memory: int = 0
    links: tuple[KfdLink, ...] = ()

    @property
    def render_minor(self) -> int:
        """The minor of its DRM render node; 0 for a node that is no GPU."""
        return self.properties.get("drm_render_minor", 0)

    @property
    def pci_address(self) -> str:
        """The PCI function it is, or is a partition of."""
        domain, location = self.properties.get("domain", 0), self.properties.get("location_id", 0)
        return f"{domain:04x}:{location >> 8 & 0xFF:02x}:{location >> 3 & 0x1F:02x}.{location & 7}"


def read_kfd_nodes(host: Host) -> dict[int, KfdNode]:
    """All nodes by number. Costs about 20 µs a link, or 1 µs from the host's cache.

    The kernel counts the changes of the topology in `generation_id`.
    """
    numbers = sorted(int(name) for name in host.names(NODES) if name.isdecimal() and len(name) < 6)
    generation = host.value(f"{NODES.rpartition('/')[0]}/generation_id")
    files = [NODES, *(f"{NODES}/{number}/properties" for number in numbers)]

    def read() -> list[KfdNode]:
        return [_node(host, number) for number in numbers]

    nodes = host.remembered("kfd", generation, files, read, list[KfdNode])
    return {node.number: node for node in nodes}


def _node(host: Host, number: int) -> KfdNode:
    directory = f"{NODES}/{number}"
    properties = _properties(host.read(f"{directory}/properties"))
    if properties.get("drm_render_minor", 0) <= 0:
        return KfdNode(number, properties)
    links = (_properties(host.read(path)) for path in _listed(host, f"{directory}/io_links"))
    return KfdNode(number, properties, _memory(host, directory), tuple(map(_link, filter(None, links))))


def _listed(host: Host, directory: str) -> list[str]:
    return [f"{directory}/{name}/properties" for name in host.names(directory)]


def _memory(host: Host, directory: str) -> int:
    banks = (_properties(host.read(path)) for path in _listed(host, f"{directory}/mem_banks"))
    return sum(each.get("size_in_bytes", 0) for each in banks if each.get("heap_type") in VRAM)


def _link(properties: dict[str, int]) -> KfdLink:
    return KfdLink(
        to=properties.get("node_to", -1),
        kind=properties.get("type", 0),
        weight=properties.get("weight", 0),
        mb_s=properties.get("max_bandwidth", 0),
    )


def _properties(text: str) -> dict[str, int]:
    """Lines of a name and a number; what is no such line, or no number of 64 bits, is passed over."""
    words = text.split()
    pairs = zip(words[::2], words[1::2], strict=False)
    return {name: int(value) for name, value in pairs if value.isdecimal() and len(value) < 21}

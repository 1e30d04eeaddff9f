"""The compute nodes of amdgpu: GPUs and their partitions, and the links between them.

    /sys/class/kfd/kfd/topology/generation_id
    /sys/class/kfd/kfd/topology/nodes/2/properties                 drm_render_minor 128, location_id 1280 …
    /sys/class/kfd/kfd/topology/nodes/2/mem_banks/0/properties     heap_type 1, size_in_bytes …
    /sys/class/kfd/kfd/topology/nodes/2/io_links/1/properties      type 11, node_to 3, weight 13 …

A node with a DRM render minor is a GPU or a partition of one; the others are CPUs. n nodes have n² files of
links, which are kept from one process to the next. A node that this process may not see has nothing in its
files.
Source: Linux `drivers/gpu/drm/amd/amdkfd/kfd_topology.c`; ROCm `libhsakmt`.
"""

from __future__ import annotations

from zlib import crc32

from msgspec import Struct

from cod.host import Host

TOPOLOGY = "/sys/class/kfd/kfd/topology"
NODES = f"{TOPOLOGY}/nodes"

XGMI = 11
_VRAM = (1, 2)  # heap types of a GPU's own memory: what the CPU can see of it, and the rest
_MOST_BYTES = 2**60


class KfdLink(Struct, frozen=True, gc=False):
    """A link to another node.

    `kind` is XGMI, 2 for PCIe. `weight` is a distance, 13 within a package. `mb_s` is the bandwidth in one
    direction of all the links there are side by side, `count`; 0 where it is unknown.
    """

    to: int
    kind: int
    weight: int
    count: int
    mb_s: int


class KfdNode(Struct, frozen=True, gc=False):
    """A GPU or a partition of one. `memory` is in bytes; what is not known is 0.

    `location` has a PCI address without its domain, and the number of a partition: in the four highest bits,
    or where the function's number is, as older kernels write it. Partitions of a GPU have one `unique_id`,
    GPUs that XGMI links have one `hive`.
    """

    number: int
    render_minor: int
    domain: int
    location: int
    unique_id: int
    hive: int
    target: int
    compute_units: int
    memory: int
    links: tuple[KfdLink, ...]

    @property
    def slot(self) -> str:
        """Domain, bus and device of its PCI address."""
        return f"{self.domain:04x}:{self.location >> 8 & 0xFF:02x}:{self.location >> 3 & 0x1F:02x}"

    @property
    def address(self) -> str:
        """Its PCI address; that of a partition may be off in the function's number."""
        return f"{self.slot}.{self.location & 7}"

    @property
    def architecture(self) -> str:
        """The name that compilers use, such as `gfx90a`; "" where it is unknown."""
        major, minor, step = self.target // 10000, self.target // 100 % 100, self.target % 100
        return f"gfx{major}{minor:x}{step:x}" if self.target else ""


def read_kfd_nodes(host: Host) -> dict[int, KfdNode]:
    """The nodes of GPUs by number. Costs about 20 µs a link, or 1 µs where it is remembered.

    The kernel counts the changes of the topology. What every node says of itself is read each time all the
    same: it is other in a container that may use some of the GPUs only.
    """
    numbers = [int(name) for name in host.names(NODES) if name.isdecimal() and len(name) < 6]
    texts = {number: host.read(f"{NODES}/{number}/properties") for number in sorted(numbers)}
    said = {number: _numbers(text) for number, text in texts.items()}
    gpus = {number: each for number, each in said.items() if 0 < each.get("drm_render_minor", 0) < 2**20}
    if not gpus:
        return {}
    seen = crc32("\0".join(f"{number} {text}" for number, text in texts.items()).encode("utf-8", "replace"))
    version = f"{host.value(f'{TOPOLOGY}/generation_id')} {seen:08x}"
    files = (path for number in gpus for path in (*_banks(host, number), *_link_files(host, number)))

    def read() -> list[KfdNode]:
        return [_node(host, number, each) for number, each in gpus.items()]

    return {node.number: node for node in host.remembered("kfd", version, files, read, list[KfdNode])}


def _node(host: Host, number: int, said: dict[str, int]) -> KfdNode:
    simds, each = said.get("simd_count", 0), said.get("simd_per_cu", 0)
    links = (_numbers(host.read(path)) for path in _link_files(host, number))
    return KfdNode(
        number=number,
        render_minor=said["drm_render_minor"],
        domain=said.get("domain", 0) & 0xFFFFFFFF,
        location=said.get("location_id", 0) & 0xFFFFFFFF,
        unique_id=said.get("unique_id", 0),
        hive=said.get("hive_id", 0),
        target=said.get("gfx_target_version", 0) & 0xFFFFFFFF,
        compute_units=(simds & 0xFFFFFFFF) // each if each else 0,
        memory=_memory(host, number),
        links=tuple(_link(each) for each in links if "node_to" in each),
    )


def _link_files(host: Host, node: int) -> list[str]:
    return _listed(host, f"{NODES}/{node}/io_links")


def _banks(host: Host, node: int) -> list[str]:
    return _listed(host, f"{NODES}/{node}/mem_banks")


def _listed(host: Host, directory: str) -> list[str]:
    return [f"{directory}/{name}/properties" for name in host.names(directory)]


def _memory(host: Host, node: int) -> int:
    banks = (_numbers(host.read(path)) for path in _banks(host, node))
    sizes = (each.get("size_in_bytes", 0) for each in banks if each.get("heap_type") in _VRAM)
    return sum(each for each in sizes if each < _MOST_BYTES)


def _link(said: dict[str, int]) -> KfdLink:
    """A link; the kernel gives the bandwidth of one as the least, and of all as the most."""
    most, least = (said.get(f"{each}_bandwidth", 0) & 0xFFFFFFFF for each in ("max", "min"))
    return KfdLink(
        to=said["node_to"],
        kind=said.get("type", 0),
        weight=said.get("weight", 0),
        count=most // least if least and not most % least else 1,
        mb_s=most,
    )


def _numbers(text: str) -> dict[str, int]:
    """Lines of a name and a number of at most 64 bits; others are passed over."""
    words = text.split()
    pairs = zip(words[::2], words[1::2], strict=False)
    return {
        name: number
        for name, value in pairs
        if len(value) < 21 and value.isdecimal() and (number := int(value)) < 2**64
    }

"""NUMA nodes: memory and the CPUs next to it.

Numbers may be sparse. A node without CPUs is the memory of a coherent GPU or of an expander: near to nothing
that computes. Source: Documentation/ABI/stable/sysfs-devices-node of Linux.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from cod.host.machine import Host

_NODES = "/sys/devices/system/node"
_NODE = re.compile(r"node[0-9]{1,5}")
_MEMORY = re.compile(r"MemTotal:\s*(\d{1,18}) kB")
_RANGE = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?")
_MOST_CPUS = 65536


class NumaNode(Struct, frozen=True):
    """One node: its CPUs in order, its memory in bytes, and how far the other nodes are (itself is 10)."""

    number: int
    cpus: tuple[int, ...]
    memory: int
    distances: dict[int, int]


def read_numa_nodes(host: Host) -> dict[int, NumaNode]:
    """The nodes that are online, by number. A machine without any says nothing of its memory."""
    shown = [int(name[4:]) for name in host.matching(_NODES, _NODE)]
    online = parse_list(host.value(f"{_NODES}/online")) or tuple(shown)
    return {number: _node(host, number, online) for number in sorted({*shown}.intersection(online))}


def parse_list(text: str) -> tuple[int, ...]:
    """The numbers of a kernel list, `0-3,8`, in order; none where it cannot be read."""
    numbers: set[int] = set()
    room = _MOST_CPUS  # for all ranges together: thousands of wide ones would take minutes
    for part in text.split(","):
        match = _RANGE.fullmatch(part.strip())
        if match is None:
            return ()
        start = int(match[1])
        end = int(match[2] or start)
        room -= end - start + 1
        if not start <= end < _MOST_CPUS or room < 0:
            return ()
        numbers.update(range(start, end + 1))
    return tuple(sorted(numbers))


def parse_mask(text: str) -> tuple[int, ...]:
    """The numbers of a kernel mask, `00000001,000000ff`, in order; none where it cannot be read."""
    groups = text.strip().split(",")
    if not all(re.fullmatch(r"[0-9a-fA-F]{1,8}", group) for group in groups) or len(groups) * 32 > _MOST_CPUS:
        return ()
    bits = int("".join(group.rjust(8, "0") for group in groups), 16)
    return tuple(number for number in range(bits.bit_length()) if bits >> number & 1)


def format_list(numbers: tuple[int, ...]) -> str:
    """Numbers as a kernel list: `0-3,8`."""
    parts: list[list[int]] = []
    for number in sorted(numbers):
        if parts and parts[-1][-1] == number - 1:
            parts[-1][1:] = [number]
        else:
            parts.append([number])
    return ",".join("-".join(map(str, part)) for part in parts)


def _node(host: Host, number: int, online: tuple[int, ...]) -> NumaNode:
    directory = f"{_NODES}/node{number}"
    memory = _MEMORY.search(host.read(f"{directory}/meminfo"))
    words = host.value(f"{directory}/distance").split()
    distances = (int(word) if word.isdecimal() and len(word) < 10 else 0 for word in words)
    return NumaNode(
        number=number,
        cpus=parse_list(host.value(f"{directory}/cpulist")) or _cpus(host, directory),
        memory=int(memory[1]) * 1024 if memory else 0,
        distances=dict(zip(online, distances, strict=False)),
    )


def _cpus(host: Host, directory: str) -> tuple[int, ...]:
    """The CPUs that a node links to, for kernels whose node has no list of them."""
    names = (name[3:] for name in host.names(directory) if re.fullmatch(r"cpu\d{1,5}", name))
    return tuple(map(int, names))

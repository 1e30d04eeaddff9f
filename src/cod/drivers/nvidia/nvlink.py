"""NVLink between GPUs, as `nvidia-smi topo -m` prints it.

The matrix has a row and a column for each GPU, and for each NIC in newer versions; `NV12` says that twelve
links run between two GPUs, or between both and the switches. All else in it is PCI and NUMA, which sysfs says
better. The kernel shows no NVLink.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from cod.drivers.protocol import DeviceKey, FoundDevice, Link

KIND = "nvlink"
DRIVER = "nvidia.cod.dev"

_ESCAPE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_COLUMN = re.compile(r"[A-Za-z]+[A-Za-z_]*\d+(_\d+)?")  # GPU0, NIC3, mlx5_0
_GPU = re.compile(r"GPU(\d{1,4})")
_LINKS = re.compile(r"NV(\d{1,3})")


def links_of_topology_text(text: str) -> dict[int, tuple[Link, ...]]:
    """The links of each GPU by its index; GPUs without any are left out. A text without a matrix has none.

    The other GPU is called as the driver calls it, `gpu-3`.
    """
    columns: list[str] = []
    found: dict[int, tuple[Link, ...]] = {}
    for line in _ESCAPE.sub("", text).splitlines():
        words = line.split()
        if not columns:
            columns = list(_header(words))
        elif words and words[0] in columns and (gpu := _GPU.fullmatch(words[0])):
            found[int(gpu[1])] = tuple(_row(columns, words))
    return {index: links for index, links in found.items() if links}


def with_links(found: Mapping[DeviceKey, FoundDevice], text: str) -> dict[DeviceKey, FoundDevice]:
    """Devices of a machine, the GPUs of this driver with the links that a text says of them."""
    links = {device_name(index): each for index, each in links_of_topology_text(text).items()}
    return {
        key: replace(each, links=links[key[2]]) if key[0] == DRIVER and key[2] in links else each
        for key, each in found.items()
    }


def device_name(index: int) -> str:
    """What the driver calls a GPU."""
    return f"gpu-{index}"


def _header(words: list[str]) -> Iterator[str]:
    """The columns that stand for devices; `CPU Affinity` and what follows stand for none."""
    if not words or not _GPU.fullmatch(words[0]) or "X" in words:
        return
    for word in words:
        if not _COLUMN.fullmatch(word):
            return
        yield word


def _row(columns: list[str], words: list[str]) -> Iterator[Link]:
    for column, cell in zip(columns, words[1:], strict=False):
        gpu, links = _GPU.fullmatch(column), _LINKS.fullmatch(cell)
        if gpu and links and column != words[0]:
            yield Link(to=device_name(int(gpu[1])), kind=KIND, count=int(links[1]))


def links_of_counts(counts: Iterable[tuple[int, int, int]]) -> dict[int, tuple[Link, ...]]:
    """The same from counts of links: a GPU's index, another's, how many."""
    found: dict[int, list[Link]] = {}
    for index, other, count in counts:
        found.setdefault(index, []).append(Link(to=device_name(other), kind=KIND, count=count))
    return {index: tuple(links) for index, links in found.items()}

"""The matrix of a machine in the manner of `nvidia-smi topo -m`: letters for every two devices, and CPUs."""

from __future__ import annotations

from collections.abc import Sequence

from cod.host.numa import format_list
from cod.topology import Closeness, Point, Topology

_LEGEND = (
    ("X", "itself, or a part of the same PCI function"),
    ("NV#", "that many NVLinks"),
    ("XGMI", "a link of AMD's Infinity Fabric"),
    ("LINK", "another link past PCI"),
    ("PIX", "at most one PCIe switch"),
    ("PXB", "several PCIe switches, not the host bridge"),
    ("PHB", "the PCIe host bridge (root complex)"),
    ("NODE", "host bridges of one NUMA node"),
    ("SYS", "across NUMA nodes, or unknown"),
)


def draw_matrix(topology: Topology, points: Sequence[Point]) -> str:
    """The whole text, with its line ends. Costs a cell a pair."""
    matrix = topology.matrix(points)
    names = [point.name for point in points]
    affinities = [_affinity(topology, point) for point in points]
    headers = [*names, "CPU Affinity", "NUMA Affinity"]
    cells = [[each.letters for each in row] + affinities[at] for at, row in enumerate(matrix)]
    widths = [max(map(len, column)) for column in zip(headers, *cells, strict=True)]
    first = max(map(len, names), default=0)
    lines = [" " * first + "  " + "  ".join(map(str.ljust, headers, widths))]
    lines += [
        f"{name.ljust(first)}  {'  '.join(map(str.ljust, row, widths))}"
        for name, row in zip(names, cells, strict=True)
    ]
    legend = _legend(matrix)
    return "".join(f"{line.rstrip()}\n" for line in [*lines, *(["", *legend] if legend else [])])


def shown(topology: Topology, *, is_all: bool = False) -> list[Point]:
    """The points that a matrix has something to say of: those at a place of a bus, or with links.

    `is_all` adds what is on a NUMA node and no bus, and functions that no driver offers.
    """
    linked = {key for pair in topology.links for key in pair}
    points = [*topology.devices, *(topology.bare_functions if is_all else ())]
    return [
        point for point in points if (point.is_placed and (point.function or is_all)) or point.key in linked
    ]


def _affinity(topology: Topology, point: Point) -> list[str]:
    node = topology.host.numa.get(point.numa)
    return [format_list(node.cpus) if node else "", str(point.numa) if point.numa >= 0 else "N/A"]


def _legend(matrix: Sequence[Sequence[Closeness]]) -> list[str]:
    """The letters that occur, and what they mean."""
    found = {each.letters for row in matrix for each in row}  # of a million cells, a handful
    used = {"NV#" if letters.startswith("NV") else letters for letters in found}
    return [f"{letters.ljust(4)}  {meaning}" for letters, meaning in _LEGEND if letters in used]

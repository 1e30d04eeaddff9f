"""What hangs below what on machines that hwloc has recorded; hwloc itself is asked where it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections import Counter
from itertools import combinations
from xml.etree import ElementTree

import pytest

from cod.drivers import Inventory, discover
from cod.host import Host
from cod.show.matrix import draw_matrix, shown
from cod.show.svg import draw_svg
from cod.show.tree import draw_tree
from cod.topology import OTHER, SAME_DEVICE, SAME_NODE, SAME_ROOT, SAME_SWITCH, Level, Topology, survey

from .machines import HWLOC, Machines

ON_A_NODE = {  # hwloc asks only for the CPUs, which are all of them here; the kernel names the node, too
    "40intel64-2g2n4c+pcilocality": {"pci0000:40": 2},
}


def topology_of(host: Host) -> Topology:
    """The machine's functions, whichever drivers there may be."""
    return survey(host, Inventory())


@pytest.mark.parametrize("name", HWLOC)
def test_every_machine_can_be_drawn(name: str, machines: Machines) -> None:
    host = machines.hwloc(name)
    topology = survey(host, discover(host))
    for is_all in (False, True):
        ElementTree.fromstring(draw_svg(topology, {}, name, is_all=is_all))
        assert draw_tree(topology, {}, name, is_all=is_all).startswith(name)
        draw_matrix(topology, shown(topology, is_all=is_all))


def test_accelerators_and_nics_in_two_switches_are_next_to_one_another(machines: Machines) -> None:
    topology = topology_of(machines.hwloc("32intel64-2p8co2t+8ve"))
    pairs = [*combinations(topology.bare_functions, 2)]
    assert Counter(topology.closeness(*pair).letters for pair in pairs) == {"PIX": 21, "NODE": 45}
    levels = Counter(topology.closeness(*pair).level for pair in pairs)
    assert levels == {SAME_SWITCH: 20, SAME_DEVICE: 1, SAME_NODE: 45}  # one NIC has two functions
    engines = [point for point in topology.bare_functions if point.function[:7] in ("0000:1b", "0000:1c")]
    assert topology.closeness(*engines).mb_s == 15753  # as hwloc has it: 15.753846 GB/s


def test_a_machine_of_137_functions_has_its_matrix_in_a_moment(machines: Machines) -> None:
    topology = topology_of(machines.hwloc("32em64t-2n8c+dax+nvme+mic+dimms"))
    points = topology.bare_functions
    assert len(points) > 120
    topology.matrix(points)
    start = time.process_time()
    topology.matrix(points)
    assert time.process_time() - start < 0.02


@pytest.mark.parametrize("name", HWLOC)
def test_hwloc_sees_the_same_tree(name: str, machines: Machines) -> None:
    if shutil.which("lstopo-no-graphics") is None:
        pytest.skip("lstopo is not installed (hwloc)")
    host = machines.hwloc(name)
    run = subprocess.run(
        ["lstopo-no-graphics", "--of", "xml", "--filter", "io:all"],
        env={**os.environ, "HWLOC_FSROOT": str(host.root), "HWLOC_THISSYSTEM": "0", "HWLOC_HIDE_ERRORS": "2"},
        capture_output=True,
        check=True,
    )
    seen = _ways(ElementTree.fromstring(run.stdout))
    topology = topology_of(host)
    points = {point.name: point for point in topology.bare_functions if point.name in seen}
    on_a_node = ON_A_NODE.get(name, {})
    nodes = {address: -1 if node is None else node for address, (_, node) in seen.items()}
    nodes |= {each.name: on_a_node[each.root] for each in points.values() if each.root in on_a_node}
    assert {address: point.numa for address, point in points.items()} == nodes
    wrong = []
    for one, other in combinations(points, 2):
        ours, theirs = topology.closeness(points[one], points[other]).level, _level(seen, one, other)
        if ours != theirs:
            wrong.append(f"{one} {other}: ours {ours.name}, hwloc's {theirs.name}")
    assert wrong == []
    missing = {name for name, each in host.pci.items() if each.base_class != 0x0604} - points.keys()
    assert all(len(address) > 12 for address in missing)  # this hwloc passes over domains of 32 bits


Way = tuple[tuple[str, ...], int | None]


def _ways(tree: ElementTree.Element) -> dict[str, Way]:
    """The bridges above each function, outermost first, the host bridge by a number, and its NUMA node."""
    found: dict[str, Way] = {}

    def walk(element: ElementTree.Element, bridges: tuple[str, ...], node: int | None) -> None:
        kind = element.get("type")
        if nodes := element.get("nodeset"):
            bits = int("".join(part.removeprefix("0x").zfill(8) for part in nodes.split(",")), 16)
            node = bits.bit_length() - 1 if bits.bit_count() == 1 else None
        if kind == "Bridge":
            bridges = (*bridges, element.get("gp_index", ""))
        elif kind == "PCIDev":
            found[element.get("pci_busid", "")] = bridges, node
        for child in element.findall("object"):
            walk(child, bridges, node)

    walk(tree, (), None)
    return found


def _level(seen: dict[str, Way], one: str, other: str) -> Level:
    (way, node), (other_way, other_node) = seen[one], seen[other]
    if one.partition(".")[0] == other.partition(".")[0]:
        return SAME_DEVICE
    if way[:2] == other_way[:2] and len(way) > 1:
        return SAME_SWITCH
    if way[:1] == other_way[:1]:
        return SAME_ROOT
    return SAME_NODE if node is not None and node == other_node else OTHER

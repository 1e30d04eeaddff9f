"""The levels one by one, on machines built for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from cod.drivers import Link
from cod.topology import (
    LINK,
    OTHER,
    SAME_DEVICE,
    SAME_NODE,
    SAME_ROOT,
    SAME_SWITCH,
    Closeness,
    Topology,
    survey,
)
from tests.machines.found import found, inventory, merged
from tests.machines.tree import Tree

NODES = "/sys/devices/system/node"
UP = ("0000:00:01.0", "0000:01:00.0")  # a root port and a switch's upstream port


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Two NUMA nodes with two root complexes on the first and one on the second."""
    tree = Tree(tmp_path)
    tree.file(f"{NODES}/online", "0-1\n")
    for number in (0, 1):
        tree.file(f"{NODES}/node{number}/cpulist", f"{number * 4}-{number * 4 + 3}\n")
        tree.file(f"{NODES}/node{number}/distance", "10 21\n" if number == 0 else "32 10\n")
    for address, bridges, root, numa in (
        ("0000:03:00.0", (*UP, "0000:02:00.0"), "pci0000:00", 0),
        ("0000:04:00.0", (*UP, "0000:02:01.0"), "pci0000:00", 0),
        ("0000:04:00.1", (*UP, "0000:02:01.0"), "pci0000:00", 0),
        ("0000:07:00.0", (*UP, "0000:02:02.0", "0000:05:00.0", "0000:06:00.0"), "pci0000:00", 0),
        ("0000:09:00.0", ("0000:00:02.0",), "pci0000:00", 0),
        ("0000:21:00.0", ("0000:20:01.0",), "pci0000:20", 0),
        ("0000:41:00.0", ("0000:40:01.0",), "pci0000:40", 1),
    ):
        tree.pci(address, 1, 2, 0x030200, numa=numa, root=root, bridges=bridges)
    return tree


def closeness(topology: Topology, one: str, other: str) -> Closeness:
    points = {point.name: point for point in (*topology.devices, *topology.bare_functions)}
    return topology.closeness(points[one], points[other])


def bare(tree: Tree) -> Topology:
    return survey(tree.host, inventory([]))


@pytest.mark.parametrize(
    ("other", "level", "letters"),
    [
        ("0000:03:00.0", SAME_DEVICE, "X"),
        ("0000:04:00.0", SAME_SWITCH, "PIX"),
        ("0000:07:00.0", SAME_SWITCH, "PXB"),
        ("0000:09:00.0", SAME_ROOT, "PHB"),
        ("0000:21:00.0", SAME_NODE, "NODE"),
        ("0000:41:00.0", OTHER, "SYS"),
    ],
)
def test_functions_are_as_close_as_the_way_that_they_share(
    tree: Tree, other: str, level: object, letters: str
) -> None:
    found = closeness(bare(tree), "0000:03:00.0", other)
    assert (found.level, found.letters) == (level, letters)


def test_levels_and_distances_are_in_order(tree: Tree) -> None:
    topology = bare(tree)
    here, *others = topology.bare_functions
    names = [each.name for each in sorted(others, key=lambda each: topology.closeness(here, each).key)]
    assert names == [
        "0000:04:00.0", "0000:04:00.1", "0000:07:00.0", "0000:09:00.0", "0000:21:00.0", "0000:41:00.0"
    ]  # fmt: skip


def test_the_distance_of_numa_nodes_is_the_larger_of_both_ways(tree: Tree) -> None:
    assert closeness(bare(tree), "0000:03:00.0", "0000:41:00.0").distance == 32


def test_functions_of_one_pci_device_are_one_device_and_the_vendor_calls_it_pix(tree: Tree) -> None:
    assert closeness(bare(tree), "0000:04:00.0", "0000:04:00.1") == Closeness(SAME_DEVICE, "PIX", 2)


def test_virtual_functions_are_the_device_of_their_physical_one(tree: Tree) -> None:
    for address in ("0000:04:10.0", "0000:04:11.3"):
        path = tree.pci(address, 1, 3, 0x020000, numa=0, root="pci0000:00", bridges=(*UP, "0000:02:01.0"))
        tree.link(f"{path}/physfn", f"{path.rpartition('/')[0]}/0000:04:00.0")
    topology = bare(tree)
    assert closeness(topology, "0000:04:10.0", "0000:04:11.3").level == SAME_DEVICE
    assert closeness(topology, "0000:04:10.0", "0000:04:00.0").level == SAME_DEVICE
    assert closeness(topology, "0000:04:10.0", "0000:03:00.0").level == SAME_SWITCH


def test_a_domain_below_a_function_is_a_part_of_the_root_complex_and_no_switch(tree: Tree) -> None:
    tree.pci("0000:00:0e.0", 0x8086, 0x467F, 0x010400, numa=0)
    for port in (2, 3):
        bridges = ("0000:00:0e.0", "pci10000:00", f"10000:00:0{port}.0")
        tree.pci(f"10000:0{port}:00.0", 1, 2, 0x010802, numa=0, bridges=bridges)
    topology = bare(tree)
    assert closeness(topology, "10000:02:00.0", "10000:03:00.0").letters == "PHB"
    assert closeness(topology, "10000:02:00.0", "0000:03:00.0").letters == "PHB"


def test_parts_are_the_device_that_they_are_parts_of_through_all_that_lies_between(tree: Tree) -> None:
    host = tree.host
    devices = [
        found(host, "gpu0", "0000:03:00.0"),
        found(host, "slice0", "0000:03:00.0", parent="gpu0"),
        found(host, "part0", parent="slice0"),
        found(host, "part1", parent="slice0"),
        found(host, "gpu1", "0000:04:00.0"),
    ]
    topology = survey(host, inventory(devices))
    assert closeness(topology, "part0", "gpu0").level == SAME_DEVICE
    assert closeness(topology, "part0", "part1").letters == "X"
    assert closeness(topology, "part0", "gpu1").level == SAME_SWITCH


def test_parts_of_a_device_that_nobody_found_are_one_device(tree: Tree) -> None:
    devices = [found(tree.host, name, parent="board") for name in ("a", "b")]
    topology = survey(tree.host, inventory(devices))
    assert closeness(topology, "a", "b").level == SAME_DEVICE


def test_devices_that_are_parts_of_each_other_are_placed_all_the_same(tree: Tree) -> None:
    devices = [
        found(tree.host, "a", parent="b"),
        found(tree.host, "b", parent="a"),
        found(tree.host, "c", parent="c"),
    ]
    assert len(survey(tree.host, inventory(devices)).tree.branches) == 1


def test_two_drivers_devices_at_one_function_are_one_device(tree: Tree) -> None:
    both = merged(
        inventory([found(tree.host, "nic0", "0000:03:00.0")]),
        inventory([found(tree.host, "rdma0", "0000:03:00.0")], "rdma.cod.dev"),
    )
    assert closeness(survey(tree.host, both), "nic0", "rdma0") == Closeness(SAME_DEVICE, "X", 1)


def test_a_link_is_nearer_than_a_switch_and_counts_whichever_end_states_it(tree: Tree) -> None:
    host = tree.host
    devices = [
        found(host, name, address, links=links)
        for name, address, links in (
            ("gpu0", "0000:03:00.0", [Link("gpu2", "nvlink", 4, 100_000), Link("nobody", "nvlink")]),
            ("gpu1", "0000:04:00.0", [Link("test.cod.dev/gpu2", "xgmi"), Link("gpu1", "xgmi")]),
            ("gpu2", "0000:41:00.0", [Link("gpu0", "nvlink", 4, 90_000)]),
        )
    ]
    topology = survey(host, inventory(devices))
    assert closeness(topology, "gpu2", "gpu0") == Closeness(LINK, "NV4", 0, 100_000)
    assert closeness(topology, "gpu0", "gpu2") == Closeness(LINK, "NV4", 0, 100_000)
    assert closeness(topology, "gpu2", "gpu1") == Closeness(LINK, "XGMI")
    assert closeness(topology, "gpu0", "gpu1").level == SAME_SWITCH
    assert len(topology.links) == 4


def test_links_side_by_side_that_one_end_lists_one_by_one_add_up(tree: Tree) -> None:
    links = [Link("gpu1", "nvlink", 1, 25_000)] * 3
    devices = [found(tree.host, "gpu0", links=links), found(tree.host, "gpu1")]
    topology = survey(tree.host, inventory(devices))
    assert closeness(topology, "gpu1", "gpu0") == Closeness(LINK, "NV3", 0, 75_000)


def test_what_has_no_place_is_near_to_nothing_but_itself(tree: Tree) -> None:
    devices = [found(tree.host, "a"), found(tree.host, "b"), found(tree.host, "gone", "ffff:ff:00.0")]
    topology = survey(tree.host, inventory(devices))
    assert closeness(topology, "a", "b") == Closeness(OTHER, "SYS", 255)
    assert closeness(topology, "a", "gone").level == OTHER
    assert closeness(topology, "a", "a").level == SAME_DEVICE


def test_the_way_carries_what_its_narrowest_link_does(tree: Tree) -> None:
    def link(path: str, lanes: int, speed: str) -> None:
        tree.files(
            path,
            {"current_link_width": lanes, "max_link_speed": speed, "current_link_speed": "2.5 GT/s PCIe"},
        )

    root = "/sys/devices/pci0000:00"
    ways = (UP[:1], UP, (*UP, "0000:02:00.0"), (*UP, "0000:02:01.0"))
    for *above, bridge in ways:
        tree.pci(bridge, 1, 2, 0x060400, bridges=tuple(above))
    link(f"{root}/{'/'.join(UP)}", 16, "16.0 GT/s PCIe")
    link(f"{root}/{'/'.join(UP)}/0000:02:00.0/0000:03:00.0", 16, "16.0 GT/s PCIe")
    link(f"{root}/{'/'.join(UP)}/0000:02:01.0/0000:04:00.0", 8, "16.0 GT/s PCIe")
    link(f"{root}/0000:00:02.0/0000:09:00.0", 4, "Unknown")
    topology = bare(tree)
    assert topology.lanes.mb_s(UP[1]) == 4000  # nobody says how fast the port above can be
    link(f"{root}/{'/'.join(UP)}/0000:02:00.0", 16, "16.0 GT/s PCIe")
    link(f"{root}/{'/'.join(UP)}/0000:02:01.0", 8, "8.0 GT/s PCIe")
    link(f"{root}/0000:00:01.0", 16, "32.0 GT/s PCIe")
    topology = bare(tree)
    assert topology.lanes.mb_s(UP[1]) == 31507
    assert topology.lanes.mb_s("0000:04:00.0") == 7876
    assert topology.lanes.mb_s("0000:09:00.0") == 1000
    assert closeness(topology, "0000:03:00.0", "0000:04:00.0").mb_s == 7876
    assert closeness(topology, "0000:03:00.0", "0000:41:00.0").mb_s == 0


def test_lanes_that_no_machine_has_are_unknown(tree: Tree) -> None:
    directory = "/sys/devices/pci0000:00/0000:00:02.0/0000:09:00.0"
    tree.files(directory, {"current_link_width": 255, "current_link_speed": "8 GT/s"})
    assert bare(tree).lanes.mb_s("0000:09:00.0") == 0


def test_a_thousand_devices_have_a_matrix_in_a_moment() -> None:
    from time import process_time

    from cod.drivers import discover
    from cod.drivers.sim import Sim
    from cod.host import open_host

    host = open_host("sim:680gpu")
    topology = survey(host, discover(host, [Sim()]))
    assert len(topology.devices) == 1020
    start = process_time()
    matrix = topology.matrix()
    assert process_time() - start < 1
    assert len(matrix) == len(matrix[-1]) == 1020

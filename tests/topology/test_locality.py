"""Which NUMA node is next to what, where machines say it in different ways or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from cod.topology import Topology, survey
from tests.machines.found import found, inventory
from tests.machines.tree import Tree

NODES = "/sys/devices/system/node"


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Nodes 0 and 1 with CPUs, node 8 that is the memory of a device next to node 1."""
    tree = Tree(tmp_path)
    tree.file(f"{NODES}/online", "0-1,8\n")
    for number, cpus, distances in ((0, "0-3", "10 21 80"), (1, "4-7", "21 10 40"), (8, "", "80 40 10")):
        tree.file(f"{NODES}/node{number}/cpulist", f"{cpus}\n")
        tree.file(f"{NODES}/node{number}/distance", f"{distances}\n")
    return tree


def nodes(topology: Topology) -> dict[str, int]:
    return {point.name: point.numa for point in (*topology.devices, *topology.bare_functions)}


def test_cpus_tell_the_node_where_no_number_does(tree: Tree) -> None:
    tree.pci("0000:01:00.0", 1, 2, 3, local_cpulist="5-6")
    tree.pci("0000:11:00.0", 1, 2, 3, root="pci0000:10", local_cpulist="0-7")
    assert nodes(survey(tree.host, inventory([]))) == {"0000:01:00.0": 1, "0000:11:00.0": -1}


def test_a_root_complex_is_on_one_node_whatever_single_functions_say(tree: Tree) -> None:
    for address, numa in (
        ("0000:01:00.0", 0),
        ("0000:02:00.0", 1),
        ("0000:03:00.0", 1),
        ("0000:04:00.0", -1),
    ):
        tree.pci(address, 1, 2, 3, numa=numa)
    assert set(nodes(survey(tree.host, inventory([]))).values()) == {1}


def test_what_drivers_say_counts_for_a_root_complex_of_which_no_function_says_anything(tree: Tree) -> None:
    tree.pci("0000:01:00.0", 1, 2, 3)
    tree.pci("0000:02:00.0", 1, 2, 3)
    topology = survey(tree.host, inventory([found(tree.host, "gpu0", "0000:01:00.0", numa=1)]))
    assert nodes(topology) == {"gpu0": 1, "0000:02:00.0": 1}


def test_who_sits_at_memory_without_cpus_counts_to_the_nearest_node_that_has_some(tree: Tree) -> None:
    tree.pci("0000:01:00.0", 1, 2, 3, numa=8)
    assert nodes(survey(tree.host, inventory([]))) == {"0000:01:00.0": 1}


def test_memory_that_is_equally_far_from_all_is_near_to_none(tree: Tree) -> None:
    for number in (0, 1):
        tree.file(f"{NODES}/node{number}/distance", "10 10 80\n")
    tree.file(f"{NODES}/node8/distance", "80 80 10\n")
    tree.pci("0000:01:00.0", 1, 2, 3, numa=8)
    assert nodes(survey(tree.host, inventory([]))) == {"0000:01:00.0": -1}


def test_a_lone_node_is_everybodys(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    tree.file(f"{NODES}/online", "0\n")
    tree.file(f"{NODES}/node0/cpulist", "0-3\n")
    tree.pci("0000:01:00.0", 1, 2, 3)
    topology = survey(tree.host, inventory([found(tree.host, "kvm")]))
    assert nodes(topology) == {"kvm": -1, "0000:01:00.0": 0}  # what is nowhere on the bus is at no place


def test_a_device_that_is_no_function_is_where_its_driver_says(tree: Tree) -> None:
    devices = [
        found(tree.host, "pmem0", numa=1),
        found(tree.host, "odd", numa=77),
        found(tree.host, "less", numa=-5),
    ]
    assert nodes(survey(tree.host, inventory(devices))) == {"pmem0": 1, "odd": -1, "less": -1}


def test_a_machine_that_says_nothing_of_nodes_has_those_that_functions_name(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    tree.pci("0000:01:00.0", 1, 2, 3, numa=3)
    assert nodes(survey(tree.host, inventory([]))) == {"0000:01:00.0": 3}

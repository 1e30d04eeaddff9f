"""Fabrics and rails: facts of many devices together."""

from __future__ import annotations

from pathlib import Path

from cod.drivers import Link, discover
from cod.drivers.sim import Sim
from cod.host import open_host
from cod.topology import Topology, fabrics, rails, survey
from tests.machines.found import found, inventory
from tests.machines.tree import Tree


def linked(tmp_path: Path, *links: tuple[str, str, str]) -> Topology:
    names = ("a", "b", "c", "d", "e")
    devices = [
        found(
            Tree(tmp_path).host, name, links=[Link(to, kind, 1, 5) for one, to, kind in links if one == name]
        )
        for name in names
    ]
    return survey(Tree(tmp_path).host, inventory(devices))


def test_devices_that_are_linked_through_each_other_are_one_fabric(tmp_path: Path) -> None:
    topology = linked(tmp_path, ("a", "b", "xgmi"), ("c", "b", "xgmi"), ("d", "e", "xgmi"))
    first, second = fabrics(topology)
    assert [point.name for point in first.members] == ["a", "b", "c"]
    assert [*first.edges] == [(0, 1), (1, 2)]
    assert (first.is_full, second.is_full) == (False, True)
    assert first.mb_s == (5, 5)


def test_links_of_two_kinds_are_two_fabrics(tmp_path: Path) -> None:
    topology = linked(tmp_path, ("a", "b", "nvlink"), ("b", "c", "xgmi"))
    assert [each.kind for each in fabrics(topology)] == ["nvlink", "xgmi"]


def test_without_links_there_is_no_fabric(tmp_path: Path) -> None:
    assert fabrics(linked(tmp_path)) == []


def test_a_rail_is_a_nic_and_the_accelerators_on_its_switch() -> None:
    host = open_host("sim:8gpu")
    topology = survey(host, discover(host, [Sim()]))
    assert {rail.nic.name: [each.name for each in rail.accelerators] for rail in rails(topology)} == {
        "nic0": ["gpu0", "gpu1"],
        "nic1": ["gpu2", "gpu3"],
        "nic2": ["gpu4", "gpu5"],
        "nic3": ["gpu6", "gpu7"],
    }


def test_a_nic_in_another_root_complex_makes_no_rail(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    tree.pci("0000:01:00.0", 1, 2, 0x030200, numa=0)
    tree.pci("0000:02:00.0", 1, 2, 0x020000, numa=0)
    tree.pci("0000:11:00.0", 1, 2, 0x020000, numa=0, root="pci0000:10")
    devices = [
        found(tree.host, "gpu0", "0000:01:00.0"),
        found(tree.host, "far", "0000:11:00.0", type_="nic"),
    ]
    assert rails(survey(tree.host, inventory(devices))) == []
    near = found(tree.host, "near", "0000:02:00.0", type_="nic")
    assert [rail.nic.name for rail in rails(survey(tree.host, inventory([*devices, near])))] == ["near"]

"""Every family of devices is drawn, on a machine that has it."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from cod.drivers import discover
from cod.show.data import graph_data
from cod.show.matrix import draw_matrix, shown
from cod.show.svg import draw_svg
from cod.show.tree import draw_tree
from cod.topology import survey
from tests.machines.families import FAMILIES
from tests.machines.tree import Tree


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_is_drawn_with_each_device_by_name(family: str, tmp_path: Path) -> None:
    make, driver = FAMILIES[family]
    tree = Tree(tmp_path)
    make(tree)
    topology = survey(tree.host, discover(tree.host, [driver]))
    assert topology.devices
    text = draw_svg(topology, {}, family)
    ElementTree.fromstring(text)
    assert all(f"{point.name} · " in text for point in topology.devices)
    assert draw_tree(topology, {}, family).startswith(family)
    draw_matrix(topology, shown(topology))
    assert len(graph_data(topology, {}, family)["devices"]) == len(topology.devices)


def test_parts_of_gpus_that_are_linked_are_one_fabric(tmp_path: Path) -> None:
    make, driver = FAMILIES["amd in partitions"]
    tree = Tree(tmp_path)
    make(tree)
    topology = survey(tree.host, discover(tree.host, [driver]))
    assert "XGMI: gpu-0-0–gpu-0-3, gpu-1-0–gpu-1-3, each with each, 64–819 GB/s" in draw_tree(
        topology, {}, "box"
    )
    parts = [point for point in topology.devices if point.parent]
    assert {each.letters for row in topology.matrix(parts) for each in row} == {"X", "XGMI"}

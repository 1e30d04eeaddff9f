from __future__ import annotations

from pathlib import Path

import pytest

from cod.drivers import FoundDevice, discover
from cod.drivers.vfio import Vfio
from tests.machines.tree import Tree
from tests.machines.vfio import vfio


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def found(tree: Tree) -> dict[str, FoundDevice]:
    inventory = discover(tree.host, [Vfio()])
    assert inventory.failures == ()
    return {each.device.name: each for each in inventory.found.values()}


def test_a_group_is_one_device_with_all_its_functions(tree: Tree) -> None:
    vfio(tree)
    devices = found(tree)
    assert list(devices) == ["vfio-7", "vfio-12", "vfio-20", "vfio-21"]
    assert devices["vfio-12"].functions == ("0000:31:00.0", "0000:31:00.1")
    assert devices["vfio-12"].pci_address == "0000:31:00.0"
    assert devices["vfio-12"].device.attributes["pciClass"].string == "0300"


def test_a_container_gets_the_group_and_the_function_where_the_kernel_has_both(tree: Tree) -> None:
    vfio(tree)
    paths = {name: [node.path for node in each.edits.device_nodes] for name, each in found(tree).items()}
    assert paths["vfio-7"] == ["/dev/vfio/7", "/dev/vfio/devices/vfio0"]
    assert paths["vfio-12"] == ["/dev/vfio/12"]
    common = [node.path for node in found(tree)["vfio-7"].common.device_nodes]
    assert common == ["/dev/vfio/vfio", "/dev/iommu"]


def test_a_group_that_another_driver_has_a_part_of_is_not_ready_a_bridge_does_not_count(tree: Tree) -> None:
    vfio(tree)
    taints = {name: [taint.value for taint in each.device.taints] for name, each in found(tree).items()}
    assert taints == {"vfio-7": [], "vfio-12": [], "vfio-20": [], "vfio-21": ["group-in-use-by-host"]}


def test_without_an_iommu_the_container_sees_the_usual_name(tree: Tree) -> None:
    vfio(tree)
    (tree.root / "dev/vfio/12").rename(tree.root / "dev/vfio/noiommu-12")
    (node,) = found(tree)["vfio-12"].edits.device_nodes
    assert (node.path, node.host_path) == ("/dev/vfio/12", "/dev/vfio/noiommu-12")


def test_a_group_that_no_node_leads_to_is_left_out(tree: Tree) -> None:
    vfio(tree)
    (tree.root / "dev/vfio/20").unlink()
    assert "vfio-20" not in found(tree)
    (skipped,) = discover(tree.host, [Vfio()]).reports[0].skipped
    assert skipped.what == "0000:40:00.0"

from __future__ import annotations

from pathlib import Path

import pytest

from cod.drivers import Inventory, discover
from cod.drivers.amd import Amd
from tests.machines.amd import amd
from tests.machines.tree import Tree


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def inventory(tree: Tree) -> Inventory:
    found = discover(tree.host, [Amd()])
    assert found.failures == ()
    return found


def test_a_gpu_is_described_and_exposed(tree: Tree) -> None:
    amd(tree)
    found = inventory(tree)
    assert [each.device.name for each in found.found.values()] == [f"gpu-{index}" for index in range(8)]
    gpu = [*found.found.values()][5]
    assert gpu.qualified_name == "amd.com/gpu=5"
    assert [node.path for node in gpu.edits.device_nodes] == ["/dev/dri/card5", "/dev/dri/renderD133"]
    assert [node.path for node in gpu.common.device_nodes] == ["/dev/kfd"]
    plain = {
        name: value.string or value.int_ or value.version or value.bool_
        for name, value in gpu.device.attributes.items()
    }
    assert plain == {
        "cod.dev/class": "gpu.amd.com",
        "cod.dev/type": "gpu",
        "resource.kubernetes.io/pciBusID": "0000:15:00.0",
        "resource.kubernetes.io/pcieRoot": "pci0000:a1",
        "resource.kubernetes.io/numaNode": 1,
        "productName": "AMD Instinct MI300X OAM",
        "uniqueId": "0000011f71fb04d0",
        "gfxVersion": "9.4.2",
        "computeUnits": 304,
        "renderMinor": 133,
        "partitioned": False,
        "partition": "spx_nps1",
        "partitionModes": "SPX, DPX, QPX, CPX",
        "driverVersion": "6.12.12",
    }
    assert gpu.device.capacity["memory"].value == "206141652992"


def test_gpus_are_linked_by_xgmi_and_not_by_pcie(tree: Tree) -> None:
    amd(tree)
    for index, gpu in enumerate(inventory(tree).found.values()):
        assert {link.to for link in gpu.links} == {f"gpu-{other}" for other in range(8) if other != index}
        assert {(link.kind, link.mb_s) for link in gpu.links} == {("xgmi", 64000)}


def test_partitions_outside_the_pci_tree_are_devices_at_their_gpus_place(tree: Tree) -> None:
    amd(tree, gpus=2, partitions=4)
    found = [*inventory(tree).found.values()]
    assert [each.pci_address for each in found] == ["0000:10:00.0"] * 4 + ["0000:11:00.0"] * 4
    assert {each.device.attributes["partition"].string for each in found} == {"cpx_nps1"}
    assert all(each.device.attributes["partitioned"].bool_ for each in found)
    assert [node.path for node in found[6].edits.device_nodes] == ["/dev/dri/card6", "/dev/dri/renderD134"]
    assert {link.mb_s for link in found[0].links if link.to in ("gpu-1", "gpu-2", "gpu-3")} == {819200}


def test_what_has_no_compute_node_or_no_device_node_is_left_out_with_the_reason(tree: Tree) -> None:
    amd(tree, gpus=3)
    (tree.root / "sys/class/kfd/kfd/topology/nodes/1/properties").unlink()
    (tree.root / "dev/dri/renderD129").unlink()
    found = inventory(tree)
    assert [each.cdi_name for each in found.found.values()] == ["1"]
    assert [each.why for each in found.reports[0].skipped] == [
        "it has no compute node in KFD",
        "not all of its nodes are in /dev/dri, or /dev/kfd is missing",
    ]


def test_a_machine_without_the_driver_has_none(tree: Tree) -> None:
    assert inventory(tree).found == {}
    assert inventory(tree).reports[0].skipped == ()

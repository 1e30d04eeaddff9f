from __future__ import annotations

from pathlib import Path

import pytest

from cod.drivers import FoundDevice, discover
from cod.drivers.nvme import Nvme
from tests.machines.nvme import nvme
from tests.machines.tree import Tree


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def found(tree: Tree) -> dict[str, FoundDevice]:
    inventory = discover(tree.host, [Nvme()])
    assert inventory.failures == ()
    return {each.device.name: each for each in inventory.found.values()}


def test_namespaces_are_devices_and_partitions_and_paths_are_not(tree: Tree) -> None:
    nvme(tree)
    devices = found(tree)
    assert list(devices) == ["nvme0n1", "nvme1n1", "nvme2n1"]
    disk = devices["nvme1n1"]
    assert [(node.path, node.type) for node in disk.edits.device_nodes] == [("/dev/nvme1n1", "b")]
    assert disk.pci_address == "0000:65:00.0"
    assert disk.device.capacity["size"].value == "1000204886016"
    assert {
        name: disk.device.attributes[name].string for name in ("model", "serial", "firmware", "transport")
    } == {
        "model": "Fast Disk 1TB",
        "serial": "S1",
        "firmware": "1B2Q",
        "transport": "pcie",
    }


def test_the_systems_own_disk_is_nobodys_to_have(tree: Tree) -> None:
    nvme(tree)
    taints = {name: [taint.value for taint in each.device.taints] for name, each in found(tree).items()}
    assert taints == {"nvme0n1": ["in-use-by-host"], "nvme1n1": [], "nvme2n1": []}


def test_a_disk_that_another_device_is_made_of_is_in_use(tree: Tree) -> None:
    nvme(tree)
    tree.link("/sys/devices/pci0000:00/0000:65:00.0/nvme/nvme1/nvme1n1/holders/dm-0", "/sys/block/dm-0")
    assert found(tree)["nvme1n1"].device.taints


def test_a_disk_without_its_node_is_left_out(tree: Tree) -> None:
    nvme(tree)
    (tree.root / "dev/nvme2n1").unlink()
    assert "nvme2n1" not in found(tree)

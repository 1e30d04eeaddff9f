from __future__ import annotations

from pathlib import Path

import pytest

from cod.drivers import FoundDevice, discover
from cod.drivers.dsa import Dsa
from tests.machines.dsa import dsa, queue
from tests.machines.tree import Tree


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    tree = Tree(tmp_path)
    dsa(tree)
    return tree


def found(tree: Tree) -> dict[str, FoundDevice]:
    inventory = discover(tree.host, [Dsa()])
    assert inventory.failures == ()
    return {each.device.name: each for each in inventory.found.values()}


def skipped(tree: Tree) -> dict[str, str]:
    return {each.what: each.why for each in discover(tree.host, [Dsa()]).reports[0].skipped}


def test_enabled_queues_for_users_are_devices(tree: Tree) -> None:
    devices = found(tree)
    assert {name: each.qualified_name for name, each in devices.items()} == {
        "wq0-0": "intel.com/dsa=wq0.0",
        "wq0-1": "intel.com/dsa=wq0.1",
        "wq1-0": "intel.com/iax=wq1.0",
    }
    assert [each.device.attributes["cod.dev/class"].string for each in devices.values()] == [
        "dsa.intel.com", "dsa.intel.com", "iax.intel.com"
    ]  # fmt: skip
    about = devices["wq0-0"].device.attributes
    assert (about["label"].string, about["mode"].string, about["priority"].int_) == (
        "copies",
        "dedicated",
        10,
    )
    assert devices["wq0-0"].pci_address == "0000:6a:01.0"
    assert about["cod.dev/parent"].string == "dsa0"


def test_only_a_shared_queue_is_for_more_than_one(tree: Tree) -> None:
    shared = {name: each.device.allow_multiple_allocations for name, each in found(tree).items()}
    assert shared == {"wq0-0": False, "wq0-1": True, "wq1-0": True}


def test_the_node_of_a_queue_is_there_by_its_numbers_as_well(tree: Tree) -> None:
    nodes = found(tree)["wq1-0"].edits.device_nodes
    assert [(each.path, each.host_path, each.major, each.minor) for each in nodes] == [
        ("/dev/iax/wq1.0", "", 237, 2),
        ("/dev/char/237:2", "/dev/iax/wq1.0", 237, 2),
    ]


def test_other_queues_are_left_out_with_the_reason(tree: Tree) -> None:
    assert skipped(tree) == {
        "dsa0/wq0.2": "its type is 'kernel', not user",
        "dsa0/wq0.3": "its state is 'disabled', not enabled",
        "dsa2": "it is disabled",
    }


def test_a_queue_without_its_node_or_with_junk_in_its_files_is_left_out(tree: Tree, tmp_path: Path) -> None:
    queue(tree, "dsa0", "wq0.4")
    queue(tree, "dsa0", "wq0.5", mode="\x1b[2J", minor=5)
    queue(tree, "dsa0", "wq0.6", minor=6)
    tree.node("/dev/dsa/wq0.6", 237, 7)
    queue(tree, "dsa0", "wq0.7", minor=7)
    tree.node("/dev/dsa/wq0.7", 9, 7)
    (tmp_path / "sys/devices/pci0000:6a/0000:6a:01.0/dsa0/wq0.0/state").write_bytes(b"\xff\x00")
    left_out = skipped(tree)
    missing = "it has no node /dev/dsa/{} with the numbers that sysfs says"
    assert left_out["dsa0/wq0.4"] == missing.format("wq0.4")
    assert left_out["dsa0/wq0.5"] == "its mode is '\\x1b[2J', neither dedicated nor shared"
    assert left_out["dsa0/wq0.6"] == missing.format("wq0.6")
    assert left_out["dsa0/wq0.7"] == missing.format("wq0.7")
    assert "wq0-0" not in found(tree)

from __future__ import annotations

from pathlib import Path

import pytest

from cod.drivers import FoundDevice, Inventory, discover
from cod.drivers.nvme import Nvme
from cod.host import open_host
from tests.machines.nvme import FREE, LEFT, RIGHT, ROOT, controller, namespace, nvme
from tests.machines.tree import Tree


def inventory_of(tree: Tree) -> Inventory:
    inventory = discover(tree.host, [Nvme()])
    assert inventory.failures == ()
    return inventory


def devices(tree: Tree) -> dict[str, FoundDevice]:
    return {each.device.name: each for each in inventory_of(tree).found.values()}


def skipped(tree: Tree) -> list[str]:
    return [f"{each.what}: {each.why}" for report in inventory_of(tree).reports for each in report.skipped]


def reasons(tree: Tree) -> dict[str, list[str]]:
    return {name: [taint.value for taint in each.device.taints] for name, each in devices(tree).items()}


def real(tree: Tree, path: str) -> str:
    found = tree.host.resolve(path)
    assert found
    return found


def test_every_namespace_is_a_device_by_its_block_device(tree: Tree) -> None:
    nvme(tree)
    found = devices(tree)
    assert list(found) == ["nvme0n1", "nvme1n1", "nvme2n1", "nvme4n1"]
    for name, each in found.items():
        (node,) = each.edits.device_nodes
        assert (node.path, node.type, node.permissions) == (f"/dev/{name}", "b", "rw")
        assert not each.common


def test_no_container_is_given_a_controller(tree: Tree) -> None:
    nvme(tree)
    paths = {node.path for each in devices(tree).values() for node in each.edits.device_nodes}
    assert not paths & {f"/dev/nvme{number}" for number in range(5)}


def test_a_namespace_says_what_it_is_and_where(tree: Tree) -> None:
    nvme(tree)
    free = devices(tree)["nvme1n1"]
    facts = {name: each.string or each.int_ for name, each in free.device.attributes.items()}
    assert facts == {
        "cod.dev/class": "nvme",
        "cod.dev/type": "nvme",
        "resource.kubernetes.io/pciBusID": FREE,
        "resource.kubernetes.io/pcieRoot": "pci0000:00",
        "resource.kubernetes.io/numaNode": 1,
        "model": "SAMSUNG MZQL23T8HCLS-00A07",
        "serial": "S64HNE0R000001",
        "firmware": "GDC5602Q",
        "transport": "pcie",
        "address": FREE,
        "wwid": "eui.0025388b710116a2",
        "namespaceId": 1,
        "blockSize": 512,
        "readOnly": None,
        "paths": 1,
    }
    assert free.device.capacity["size"].value == str(3_750_748_848 * 512)
    assert free.qualified_names == ("cod.dev/nvme=nvme1n1", "cod.dev/nvme=eui.0025388b710116a2")


def test_the_disk_that_the_machine_runs_from_is_offered_to_nobody(tree: Tree) -> None:
    nvme(tree)
    assert reasons(tree) == {"nvme0n1": ["in-use-by-host"], "nvme1n1": [], "nvme2n1": [], "nvme4n1": []}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/proc/self/mountinfo", "22 1 259:10 / /data rw - xfs /dev/nvme1n1 rw\n"),
        ("/proc/1/mountinfo", "22 1 259:10 / /data rw - xfs /dev/nvme1n1 rw\n"),
        ("/proc/self/mountinfo", "22 1 0:33 / /data rw - btrfs /dev/nvme1n1 rw\n"),
        ("/proc/swaps", "Filename Type Size Used Priority\n/dev/nvme1n1 partition 8 0 -2\n"),
    ],
    ids=["mounted", "mounted by init", "btrfs", "swap"],
)
def test_a_disk_that_is_used_in_any_way_is_offered_to_nobody(tree: Tree, path: str, text: str) -> None:
    nvme(tree)
    tree.file(path, text)
    assert reasons(tree)["nvme1n1"] == ["in-use-by-host"]


def test_a_disk_that_is_part_of_another_is_offered_to_nobody(tree: Tree) -> None:
    nvme(tree)
    tree.link(f"{real(tree, '/sys/class/block/nvme1n1')}/holders/dm-0", "/sys/devices/virtual/block/dm-0")
    assert reasons(tree)["nvme1n1"] == ["in-use-by-host"]


def test_a_disk_of_a_mounted_file_system_of_many_is_offered_to_nobody(tree: Tree) -> None:
    nvme(tree)
    disk = real(tree, "/sys/class/block/nvme1n1")
    tree.link("/sys/fs/btrfs/6d6e2b5c-2f8e-4a57-a3bb-6b5d0c1f2e11/devices/nvme1n1", disk)
    assert reasons(tree)["nvme1n1"] == ["in-use-by-host"]


def test_a_disk_with_partitions_waits_even_while_none_is_mounted(tree: Tree) -> None:
    nvme(tree)
    tree.file("/proc/self/mountinfo", "")
    assert reasons(tree)["nvme0n1"] == ["partitioned"]


@pytest.mark.parametrize("system", ["zfs_member", "LVM2_member", "linux_raid_member", "ceph_bluestore"])
def test_a_member_of_a_pool_waits_as_nothing_says_whether_the_pool_is_in_use(tree: Tree, system: str) -> None:
    nvme(tree)
    tree.file("/run/udev/data/b259:10", f"N:nvme1n1\nE:ID_FS_TYPE={system}\nE:ID_FS_USAGE=raid\n")
    assert reasons(tree)["nvme1n1"] == ["member-of-a-pool"]


def test_a_file_system_that_is_not_mounted_is_told_and_no_hindrance(tree: Tree) -> None:
    nvme(tree)
    tree.file("/run/udev/data/b259:10", "E:ID_FS_TYPE=ext4\n")
    assert reasons(tree)["nvme1n1"] == []
    assert devices(tree)["nvme1n1"].device.attributes["fileSystem"].string == "ext4"


def test_many_ways_to_a_namespace_are_one_device_of_all_their_functions(tree: Tree) -> None:
    nvme(tree)
    disk = devices(tree)["nvme2n1"]
    assert disk.functions == (LEFT, RIGHT)  # and not the bridge above them
    assert disk.pci_address == LEFT
    assert disk.units == {LEFT, RIGHT, "/dev/nvme2n1"}
    assert disk.device.attributes["paths"].int_ == 2
    assert disk.device.attributes["serial"].string == "S64HNE0R000002"


@pytest.mark.parametrize("lost", ["nvme2c2n1", "nvme2c3n1"])
def test_a_subsystem_whose_ways_cannot_be_seen_has_its_controllers(tree: Tree, lost: str) -> None:
    nvme(tree)
    (tree.root / "sys/class/block" / lost).unlink()
    assert devices(tree)["nvme2n1"].pci_address in (LEFT, RIGHT)
    assert devices(tree)["nvme2n1"].functions == ()
    for each in (tree.root / "sys/class/block").glob("nvme2c*"):
        each.unlink()
    assert devices(tree)["nvme2n1"].functions == (LEFT, RIGHT)


def test_one_way_that_lives_is_enough(tree: Tree) -> None:
    nvme(tree)
    tree.file(f"{real(tree, '/sys/class/nvme/nvme2')}/state", "connecting\n")
    assert reasons(tree)["nvme2n1"] == []
    tree.file(f"{real(tree, '/sys/class/nvme/nvme3')}/state", "dead\n")
    assert reasons(tree)["nvme2n1"] == ["not-live"]


def test_the_same_namespace_by_two_controllers_without_multipath_is_one_device(tree: Tree) -> None:
    for number, address in ((0, LEFT), (1, RIGHT)):
        namespace(tree, f"nvme{number}n1", controller(tree, number, address), number, "eui.0025388b710116a3")
    assert list(devices(tree)) == ["nvme0n1"]
    assert skipped(tree) == ["nvme1n1: it is another way to nvme0n1: both are eui.0025388b710116a3"]


def test_several_namespaces_of_a_controller_are_several_devices(tree: Tree) -> None:
    above = controller(tree, 0, ROOT)
    for number in (1, 2):
        namespace(tree, f"nvme0n{number}", above, number, f"eui.0025388b710116a{number}")
    assert [each.units for each in devices(tree).values()] == [
        {ROOT, "/dev/nvme0n1"},
        {ROOT, "/dev/nvme0n2"},
    ]


def test_a_disk_over_a_network_is_on_no_bus(tree: Tree) -> None:
    nvme(tree)
    disk = devices(tree)["nvme4n1"]
    assert disk.pci_address == ""
    assert disk.units == {"/dev/nvme4n1"}
    assert disk.device.attributes["transport"].string == "tcp"


def test_a_namespace_without_a_size_waits(tree: Tree) -> None:
    namespace(tree, "nvme0n1", controller(tree, 0, ROOT), 0, "", sectors=0)
    assert reasons(tree) == {"nvme0n1": ["no-size"]}
    assert devices(tree)["nvme0n1"].device.capacity == {}


def test_a_node_that_is_missing_or_another_is_told(tree: Tree) -> None:
    nvme(tree)
    (tree.root / "dev/nvme1n1").unlink()
    tree.node("/dev/nvme4n1", 259, 31, kind="b")
    assert list(devices(tree)) == ["nvme0n1", "nvme2n1"]
    assert [each.partition(":")[0] for each in skipped(tree)] == ["nvme1n1", "nvme4n1"]


def test_no_disk_that_this_machine_uses_is_offered_here() -> None:
    mounted = Path("/proc/self/mountinfo").read_text()
    for each in discover(open_host("/"), [Nvme()]).found.values():
        if f"{each.edits.device_nodes[0].path} " in mounted:
            assert each.device.taints


def test_a_disk_that_is_mounted_by_another_way_than_the_first_is_offered_to_nobody(tree: Tree) -> None:
    for number, address in ((0, LEFT), (1, RIGHT)):
        namespace(tree, f"nvme{number}n1", controller(tree, number, address), number, "eui.0025388b710116a3")
    tree.file("/proc/self/mountinfo", "22 1 259:1 / /data rw,relatime - ext4 /dev/nvme1n1 rw\n")
    assert reasons(tree) == {"nvme0n1": ["in-use-by-host"]}


def test_a_disk_whose_partitions_only_another_way_shows_waits(tree: Tree) -> None:
    for number, address in ((0, LEFT), (1, RIGHT)):
        namespace(tree, f"nvme{number}n1", controller(tree, number, address), number, "eui.0025388b710116a3")
    tree.directory(f"{real(tree, '/sys/class/block/nvme1n1')}/nvme1n1p1")
    assert reasons(tree) == {"nvme0n1": ["partitioned"]}


@pytest.mark.parametrize(
    "line",
    [
        "22 1 0:30 / /data rw - bcachefs /dev/nvme0n1p2:/dev/nvme1n1 rw",
        "22 1 259:2 / /data rw - xfs /dev/nvme0n1p2 rw,attr2,logdev=/dev/nvme1n1,noquota",
        "22 1 259:2 / /data rw - xfs /dev/nvme0n1p2 rw,rtdev=/dev/nvme1n1",
        "22 1 259:2 / /data rw - ext4 /dev/nvme0n1p2 rw,journal_path=/dev/nvme1n1",
    ],
)
def test_a_further_disk_of_a_mounted_file_system_is_offered_to_nobody(tree: Tree, line: str) -> None:
    nvme(tree)
    tree.file("/proc/self/mountinfo", line + "\n")
    found = reasons(tree)
    assert found["nvme0n1"] == found["nvme1n1"] == ["in-use-by-host"]
    assert found["nvme2n1"] == []

from __future__ import annotations

from pathlib import Path

import pytest

from cod.drivers import FoundDevice, Inventory, discover
from cod.drivers.vfio import Vfio, is_vfio
from tests.machines.tree import Tree
from tests.machines.vfio import DISK, GPU, SHARED, SOUND, VIRTUAL, function, vfio


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def devices(tree: Tree) -> dict[str, FoundDevice]:
    inventory = inventory_of(tree)
    return {each.cdi_name: each for each in inventory.found.values()}


def inventory_of(tree: Tree) -> Inventory:
    inventory = discover(tree.host, [Vfio()])
    assert inventory.failures == ()
    return inventory


def skipped(tree: Tree) -> list[tuple[str, str]]:
    return [(each.what, each.why) for report in inventory_of(tree).reports for each in report.skipped]


def nodes(device: FoundDevice) -> list[tuple[str, str]]:
    edits = [*device.edits.device_nodes, *device.common.device_nodes]
    return [(node.path, node.host_path) for node in edits]


def reasons(device: FoundDevice) -> list[str]:
    return [taint.value for taint in device.device.taints]


def test_a_group_is_one_device_of_all_its_functions_but_the_bridge(tree: Tree) -> None:
    vfio(tree)
    gpu = devices(tree)[GPU]
    assert gpu.device.name == "pci-0000-3b-00-0"
    assert gpu.functions == (GPU, SOUND)
    assert gpu.qualified_names == (
        "cod.dev/vfio=0000:3b:00.0",
        "cod.dev/vfio=41",
        "cod.dev/vfio=0000:3b:00.1",
    )
    assert nodes(gpu) == [("/dev/vfio/41", ""), ("/dev/vfio/vfio", "")]
    assert not reasons(gpu)
    assert SOUND not in devices(tree)


def test_a_group_says_what_is_in_it(tree: Tree) -> None:
    vfio(tree)
    attributes = devices(tree)[GPU].device.attributes
    assert attributes["group"].int_ == 41
    assert attributes["functions"].int_ == 2
    assert attributes["vendorId"].string == "0x10de"
    assert attributes["deviceId"].string == "0x2330"
    assert attributes["pciClass"].string == "0x030200"
    assert attributes["iommu"].bool_ is True
    assert attributes["resource.kubernetes.io/pciBusID"].string == GPU


def test_where_there_is_an_iommufd_both_ways_are_open(tree: Tree) -> None:
    vfio(tree)
    assert nodes(devices(tree)[DISK]) == [
        ("/dev/vfio/42", ""),
        ("/dev/vfio/devices/vfio0", ""),
        ("/dev/vfio/vfio", ""),
        ("/dev/iommu", ""),
    ]


def test_a_kernel_without_groups_nodes_has_the_iommufd_alone(tree: Tree) -> None:
    tree.node("/dev/iommu", 10, 127)
    function(tree, DISK, 0x144D, 0xA80A, 0x010802, 42, cdev=7)
    (disk,) = devices(tree).values()
    assert nodes(disk) == [("/dev/vfio/devices/vfio7", ""), ("/dev/iommu", "")]


def test_a_group_that_another_driver_has_a_part_of_is_offered_to_nobody_and_takes_nothing(tree: Tree) -> None:
    vfio(tree)
    shared = devices(tree)[SHARED]
    assert reasons(shared) == ["group-in-use-by-host"]
    assert shared.units == {SHARED}


def test_a_function_without_a_driver_goes_with_its_group(tree: Tree) -> None:
    vfio(tree)
    tree.pci("0000:3b:00.2", 0x10DE, 0x1AD8, 0x0C0330, iommu_group="41")
    gpu = devices(tree)[GPU]
    assert gpu.functions == (GPU, SOUND, "0000:3b:00.2")
    assert not reasons(gpu)


def test_what_is_no_pci_function_and_has_a_driver_keeps_its_group_from_use(tree: Tree) -> None:
    vfio(tree)
    platform = "/sys/devices/platform/dma-controller"
    tree.link(f"{platform}/driver", "/sys/bus/platform/drivers/pl330")
    tree.link("/sys/kernel/iommu_groups/42/devices/dma-controller", platform)
    assert reasons(devices(tree)[DISK]) == ["group-in-use-by-host"]


def test_a_virtual_function_names_its_physical_one(tree: Tree) -> None:
    vfio(tree)
    attributes = devices(tree)[VIRTUAL].device.attributes
    assert attributes["virtualFunction"].bool_ is True
    assert attributes["physicalFunction"].string == "0000:af:00.0"
    assert attributes["kernelDriver"].string == "mlx5_vfio_pci"


def test_without_an_iommu_the_container_sees_the_group_by_its_number(tree: Tree) -> None:
    tree.node("/dev/vfio/vfio", 10, 196)
    tree.node("/dev/vfio/noiommu-7", 243, 0)
    function(tree, DISK, 0x144D, 0xA80A, 0x010802, 7)
    disk = devices(tree)[DISK]
    assert nodes(disk) == [("/dev/vfio/7", "/dev/vfio/noiommu-7"), ("/dev/vfio/vfio", "")]
    assert disk.device.attributes["iommu"].bool_ is False


def test_a_group_that_nothing_opens_waits(tree: Tree) -> None:
    vfio(tree)
    (tree.root / "dev/vfio/vfio").unlink()
    assert reasons(devices(tree)[GPU]) == ["no-device-node"]
    assert nodes(devices(tree)[GPU]) == []
    assert nodes(devices(tree)[DISK]) == [("/dev/vfio/devices/vfio0", ""), ("/dev/iommu", "")]


def test_a_function_in_no_group_is_told(tree: Tree) -> None:
    tree.pci(DISK, 0x144D, 0xA80A, 0x010802, driver="vfio-pci")
    assert devices(tree) == {}
    assert skipped(tree) == [(DISK, "it is in no IOMMU group")]


@pytest.mark.parametrize(
    ("driver", "expected"),
    [
        ("vfio-pci", True),
        ("mlx5_vfio_pci", True),
        ("xe-vfio-pci", True),
        ("nvgrace_gpu_vfio_pci", True),
        ("", False),
        ("notvfio-pci", False),
        ("vfio-pci-core", False),
    ],
)
def test_variants_of_the_driver_are_known_by_their_name(driver: str, expected: bool) -> None:
    assert is_vfio(driver) is expected

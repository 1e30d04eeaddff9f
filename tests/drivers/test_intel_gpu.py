from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cod.cdi.spec import Mount
from cod.drivers import FoundDevice, discover
from cod.drivers.drm import Drm
from cod.drivers.intel_gpu import IntelGpu
from cod.resource import Taint
from tests.machines.intel import intel
from tests.machines.tree import Tree

CARD, VF, VFIO_VF, GUEST = (
    "0000-03-00-0-0x56c0",
    "0000-03-00-1-0x56c0",
    "0000-03-00-2-0x56c0",
    "0000-1a-00-0-0x0bd5",
)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    tree = Tree(tmp_path)
    intel(tree)
    return tree


def found(tree: Tree) -> dict[str, FoundDevice]:
    inventory = discover(tree.host, [IntelGpu(), Drm()])
    assert inventory.failures == ()
    return {each.device.name: each for each in inventory.found.values()}


def skipped(tree: Tree) -> list[tuple[str, str]]:
    return [(each.what, each.why) for each in discover(tree.host, [IntelGpu()]).reports[0].skipped]


def nodes(device: FoundDevice) -> list[str]:
    return [each.path for each in (*device.edits.device_nodes, *device.common.device_nodes)]


def value(device: FoundDevice, name: str) -> object:
    attribute = device.device.attributes.get(name)
    if attribute is None:
        return None
    return next(each for each in (attribute.string, attribute.bool_, attribute.int_) if each is not None)


def test_gpus_have_the_names_of_intels_tools_and_nobody_else_offers_them(tree: Tree) -> None:
    assert {name: each.qualified_names for name, each in found(tree).items()} == {
        "0000-00-02-0-0x4626": ("intel.com/gpu=0000-00-02-0-0x4626", "intel.com/gpu=card0"),
        CARD: (f"intel.com/gpu={CARD}", "intel.com/gpu=card1"),
        "mei1": ("intel.com/gpu-mei=mei1",),
        VF: (f"intel.com/gpu={VF}", "intel.com/gpu=card2"),
        VFIO_VF: (f"intel.com/gpu={VFIO_VF}",),
        GUEST: (f"intel.com/gpu={GUEST}",),
    }


def test_a_container_gets_the_drm_nodes_and_the_links_to_them(tree: Tree) -> None:
    card = found(tree)[CARD]
    assert nodes(card) == ["/dev/dri/card1", "/dev/dri/renderD129"]
    links = [f"/dev/dri/by-path/pci-0000:03:00.0-{what}" for what in ("card", "render")]
    assert card.edits.mounts == tuple(Mount(link, link, ("bind", "rw"), "none") for link in links)
    assert card.device.capacity["memory"].value == str(16 * 2**30)
    assert [value(card, name) for name in ("kernelDriver", "discrete", "totalVfs", "vfs")] == [
        "xe", True, 31, 2
    ]  # fmt: skip
    assert value(found(tree)["0000-00-02-0-0x4626"], "discrete") is False


def test_virtual_functions_are_part_of_their_physical_one(tree: Tree) -> None:
    devices = found(tree)
    assert {name: value(each, "cod.dev/parent") for name, each in devices.items()} == {
        "0000-00-02-0-0x4626": None, CARD: None, "mei1": CARD, VF: CARD, VFIO_VF: CARD, GUEST: None
    }  # fmt: skip
    assert [value(devices[name], "vf") for name in (CARD, VF, VFIO_VF)] == [None, 1, 2]


def test_a_virtual_function_has_as_much_memory_as_its_gpu_gives_it(tree: Tree) -> None:
    memory = [found(tree)[name].device.capacity["memory"].value for name in (VF, VFIO_VF)]
    assert memory == [str(2**30), str(2**31)]


def test_a_gpu_with_broken_firmware_is_for_nobody_and_the_way_to_mend_it_is(tree: Tree) -> None:
    path = tree.host.pci["0000:03:00.0"].path
    tree.file(f"{path}/survivability_mode", "Capability Info : 0x0\n")
    shutil.rmtree(tree.root / f"{path[1:]}/drm")
    devices = found(tree)
    assert devices[CARD].device.taints == (Taint("cod.dev/unready", "firmware-broken"),)
    assert nodes(devices[CARD]) == []
    assert devices["mei1"].device.taints == ()


def test_a_gpu_bound_to_vfio_is_its_whole_group(tree: Tree) -> None:
    devices = found(tree)
    assert nodes(devices[VFIO_VF]) == ["/dev/vfio/41", "/dev/vfio/vfio"]
    assert nodes(devices[GUEST]) == ["/dev/vfio/7", "/dev/vfio/devices/vfio0", "/dev/vfio/vfio", "/dev/iommu"]
    assert devices[GUEST].functions == ("0000:1a:00.0", "0000:1a:00.1")
    assert devices[GUEST].device.taints == ()


def test_a_group_of_which_the_host_uses_a_part_is_for_nobody(tree: Tree) -> None:
    tree.pci("0000:1a:00.2", 0x8086, 0x1234, 0x0C0300, driver="xhci_hcd", iommu_group="7")
    assert found(tree)[GUEST].device.taints == (Taint("cod.dev/unready", "group-in-use-by-host"),)


def test_two_gpus_in_one_group_are_one_device(tree: Tree) -> None:
    tree.pci("0000:1b:00.0", 0x8086, 0x0BD5, 0x038000, driver="vfio-pci", iommu_group="7")
    assert found(tree)[GUEST].functions[-1] == "0000:1b:00.0"
    assert skipped(tree) == [("0000:1b:00.0", f"it is part of {GUEST}, as it is in the same IOMMU group")]


def test_what_is_left_out_says_why(tree: Tree, tmp_path: Path) -> None:
    tree.pci("0000:a0:00.0", 0x8086, 0x56C0, 0x030000)
    tree.pci("0000:a1:00.0", 0x8086, 0x56C0, 0x030000, driver="xe")
    tree.pci("0000:a2:00.0", 0x8086, 0x56C0, 0x030000, driver="vfio-pci")
    tree.pci("0000:a3:00.0", 0x8086, 0x56C0, 0x030000, driver="vfio-pci", iommu_group="9")
    (tmp_path / "dev/dri/renderD130").write_bytes(b"c 226:7 0660 0 0\n")
    (tmp_path / "dev/mei1").write_bytes(b"\xff\x00")
    assert skipped(tree) == [
        ("mei1", "it has no node in /dev with the numbers of "
         "/sys/devices/pci0000:00/0000:02:01.0/0000:03:00.0/xe.mei-gscfi.768/mei/mei1/dev"),
        ("0000:03:00.1", "not all of its DRM nodes are in /dev/dri"),
        ("0000:a0:00.0", "it is not bound to any driver; i915, xe or vfio-pci is needed"),
        ("0000:a1:00.0", "it has no DRM nodes"),
        ("0000:a2:00.0", "it is in no IOMMU group"),
        ("0000:a3:00.0", "neither /dev/vfio/9 with /dev/vfio/vfio is there, "
         "nor /dev/vfio/devices with /dev/iommu"),
    ]  # fmt: skip

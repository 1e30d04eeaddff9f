from __future__ import annotations

from typing import Any

import pytest

from cod.cdi.spec import NO_EDITS
from cod.drivers import FoundDevice, Inventory, discover
from cod.drivers.amd import Amd
from cod.drivers.amd.kfd import NODES
from cod.drivers.drm import Drm
from cod.drivers.specs import generate
from cod.resource import Device
from tests.machines.amd import address, amd, kfd_node
from tests.machines.tree import Tree


def inventory(tree: Tree) -> Inventory:
    found = discover(tree.host, [Amd()])
    assert found.failures == ()
    return found


def devices(tree: Tree) -> dict[str, FoundDevice]:
    return {device: found for (_, _, device), found in inventory(tree).found.items()}


def skipped(tree: Tree) -> dict[str, str]:
    return {each.what: each.why for each in inventory(tree).reports[0].skipped}


def plain(device: Device) -> dict[str, Any]:
    return {
        name: next(
            each for each in (value.string, value.int_, value.bool_, value.version) if each is not None
        )
        for name, value in device.attributes.items()
    }


def test_a_gpu_is_described_and_exposed(tree: Tree) -> None:
    amd(tree)
    found = devices(tree)
    assert list(found) == [f"gpu-{index}" for index in range(8)]
    gpu = found["gpu-5"]
    assert gpu.qualified_names == ("amd.com/gpu=5",)
    assert [node.path for node in gpu.edits.device_nodes] == ["/dev/dri/card5", "/dev/dri/renderD133"]
    assert [node.path for node in gpu.common.device_nodes] == ["/dev/kfd"]
    assert plain(gpu.device) == {
        "cod.dev/class": "gpu.amd.com",
        "cod.dev/type": "gpu",
        "resource.kubernetes.io/pciBusID": "0000:1a:00.0",
        "resource.kubernetes.io/pcieRoot": "pci0000:19",
        "resource.kubernetes.io/numaNode": 1,
        "model": "AMD Instinct MI300X OAM",
        "productId": "74a1",
        "architecture": "gfx942",
        "xgmiHive": "d2ca1ad46147c377",
        "profile": "spx_nps1",
        "computeModes": "SPX, DPX, QPX, CPX",
        "memoryModes": "NPS1, NPS4",
        "uuid": "GPU-1a2b3c4d00000005",
        "renderMinor": 133,
        "driverVersion": "6.12.12",
    }
    assert {name: each.value for name, each in gpu.device.capacity.items()} == {
        "memory": "196608Mi",
        "computeUnits": "304",
    }


def test_gpus_are_linked_by_xgmi_and_not_by_pcie(tree: Tree) -> None:
    amd(tree)
    for name, gpu in devices(tree).items():
        assert {link.to for link in gpu.links} == {f"gpu-{other}" for other in range(8)} - {name}
        assert {(link.kind, link.count, link.mb_s) for link in gpu.links} == {("xgmi", 1, 64000)}


def test_as_many_links_run_side_by_side_as_the_bandwidth_of_all_is_that_of_one(tree: Tree) -> None:
    amd(tree, gpus=2)
    link = f"{NODES}/1/io_links/1/properties"
    tree.file(link, "type 11\nnode_to 2\nweight 15\nmin_bandwidth 50000\nmax_bandwidth 150000\n")
    assert [(each.count, each.mb_s) for each in devices(tree)["gpu-0"].links] == [(3, 150000)]
    tree.file(link, "type 11\nnode_to 2\nweight 15\nmin_bandwidth 312\nmax_bandwidth 64000\n")
    assert [(each.count, each.mb_s) for each in devices(tree)["gpu-0"].links] == [(1, 64000)]


@pytest.mark.parametrize("old_kernel", [False, True])
def test_partitions_are_devices_at_their_gpus_place_and_of_their_gpu(tree: Tree, old_kernel: bool) -> None:
    amd(tree, gpus=2, partitions=8, old_kernel=old_kernel)
    found = devices(tree)
    assert list(found) == [
        "gpu-0", *(f"gpu-0-{part}" for part in range(8)), "gpu-1", *(f"gpu-1-{part}" for part in range(8))
    ]  # fmt: skip
    part = found["gpu-1-3"]
    assert part.cdi_name == "11"
    assert part.pci_address == address(1)
    assert [node.path for node in part.edits.device_nodes] == ["/dev/dri/card11", "/dev/dri/renderD139"]
    facts = plain(part.device)
    assert facts["cod.dev/parent"] == "gpu-1"
    assert facts["parentUuid"] == "GPU-1a2b3c4d00000001"
    assert facts["profile"] == "cpx_nps1"
    assert (facts["cod.dev/class"], facts["resource.kubernetes.io/numaNode"]) == ("gpu.amd.com", 1)
    assert part.device.capacity["memory"].value == "24576Mi"
    assert {link.mb_s for link in part.links if link.to.startswith("gpu-1-")} == {819200}
    assert len(part.links) == 15


def test_a_gpu_that_is_divided_is_there_and_nobody_is_given_it(tree: Tree) -> None:
    amd(tree, gpus=2, partitions=4)
    whole = devices(tree)["gpu-1"]
    assert [(each.key, each.value, each.effect) for each in whole.device.taints] == [
        ("cod.dev/unready", "partitioned", "NoSchedule")
    ]
    facts = plain(whole.device)
    assert (facts["partitions"], facts["profile"], facts["computeModes"]) == (
        4,
        "qpx_nps1",
        "SPX, DPX, QPX, CPX",
    )
    assert facts["uuid"] == "GPU-1a2b3c4d00000001"
    assert whole.device.capacity["memory"].value == "196608Mi"
    assert (whole.edits, whole.common, whole.links) == (NO_EDITS, NO_EDITS, ())
    (spec,) = generate(inventory(tree).found).specs
    assert [each.name for each in spec.devices] == [*map(str, range(8)), "all"]


def test_a_gpu_in_a_partition_mode_is_divided_even_where_one_partition_is_seen(tree: Tree) -> None:
    amd(tree, gpus=1, partitions=8)
    for number in range(2, 9):
        tree.file(f"{NODES}/{number}/properties", "")
    assert list(devices(tree)) == ["gpu-0", "gpu-0-0"]


def test_of_virtual_functions_in_one_slot_each_has_its_own_partitions(tree: Tree) -> None:
    for function, identity in ((0, 7), (1, 9)):
        path = tree.pci(f"0000:0c:02.{function}", 0x1002, 0x74B5, 0x120000, driver="amdgpu")
        for part, minor in enumerate((128 + 2 * function, 129 + 2 * function)):
            parent = path if not part else f"/sys/devices/platform/amdgpu_xcp_{function}"
            name = f"renderD{minor}"
            tree.class_device("drm", name, parent, node=f"dri/{name}", numbers=(226, minor))
            location = 0x0C10 + (function | part)
            kfd_node(tree, minor - 127, minor=minor, location=location, unique_id=identity)
    tree.node("/dev/kfd", 235, 0)
    assert {name: found.pci_address[-1] for name, found in devices(tree).items()} == {
        "gpu-0": "0", "gpu-0-0": "0", "gpu-0-1": "0", "gpu-1": "1", "gpu-1-0": "1", "gpu-1-1": "1"
    }  # fmt: skip


def test_platform_devices_without_a_compute_node_are_passed_over_in_a_line(tree: Tree) -> None:
    amd(tree, gpus=2)
    assert skipped(tree) == {
        "/sys/devices/platform/amdgpu_xcp_*": "14 without a compute node: partitions not in use"
    }


@pytest.mark.parametrize("partitions", [1, 8])
def test_no_partition_is_offered_a_second_time_as_a_render_node(tree: Tree, partitions: int) -> None:
    amd(tree, gpus=2, partitions=partitions)
    found = discover(tree.host, [Amd(), Drm()]).found
    assert {driver for driver, _, _ in found} == {"amd.cod.dev"}


def test_a_gpu_that_only_displays_has_a_render_node_all_the_same(tree: Tree) -> None:
    amd(tree, gpus=1)
    tree.file(f"{NODES}/1/properties", "")
    found = discover(tree.host, [Amd(), Drm()]).found
    assert [name for _, _, name in found] == ["render0"]


def test_a_partition_of_a_gpu_that_is_not_there_is_left_out(tree: Tree) -> None:
    amd(tree, gpus=1, partitions=2)
    kfd_node(tree, 2, minor=129, location=0x7700)
    assert (
        skipped(tree)["/sys/devices/platform/amdgpu_xcp_0"]
        == "the GPU that it is a partition of is not there"
    )


def test_what_has_no_compute_node_or_no_device_node_is_left_out_with_the_reason(tree: Tree) -> None:
    amd(tree, gpus=3)
    (tree.root / f"{NODES[1:]}/1/properties").unlink()
    (tree.root / "dev/dri/renderD129").unlink()
    found = devices(tree)
    assert {name: each.cdi_name for name, each in found.items()} == {"gpu-1": "1"}
    assert found["gpu-1"].pci_address == address(2)
    assert skipped(tree)[address(0)] == "it has no compute node in KFD, or none that this process may see"
    gone = "/sys/devices/pci0000:15/0000:15:01.0/0000:16:00.0"
    assert skipped(tree)[gone] == "its device nodes are not there: /dev/dri/renderD129"


def test_a_node_that_is_left_from_another_device_is_none(tree: Tree) -> None:
    amd(tree, gpus=1)
    tree.node("/dev/dri/card0", 226, 7)
    assert devices(tree) == {}
    assert "its device nodes are not there: /dev/dri/card0" in skipped(tree).values()


def test_without_the_node_of_all_gpus_there_is_none(tree: Tree) -> None:
    amd(tree, gpus=1)
    (tree.root / "dev/kfd").unlink()
    assert devices(tree) == {}
    assert "its device nodes are not there: /dev/kfd" in skipped(tree).values()


def test_gpus_of_other_kernel_drivers_are_named_and_other_functions_are_not(tree: Tree) -> None:
    tree.pci("0000:01:00.0", 0x1002, 0x74A1, 0x120000, driver="vfio-pci")
    tree.pci("0000:02:00.0", 0x1002, 0x6798, 0x030000, driver="radeon")
    tree.pci("0000:03:00.0", 0x1002, 0x744C, 0x030000)
    tree.pci("0000:03:00.1", 0x1002, 0xAB30, 0x040300, driver="snd_hda_intel")
    tree.pci("0000:04:00.0", 0x1022, 0x14DA, 0x060000)
    assert devices(tree) == {}
    assert skipped(tree) == {
        "0000:01:00.0": "it is bound to vfio-pci: the driver of VFIO has it",
        "0000:02:00.0": "it is bound to radeon, not to amdgpu",
        "0000:03:00.0": "no kernel driver has it",
    }


def test_a_gpu_that_says_little_of_itself_is_called_what_the_list_of_pci_devices_says(tree: Tree) -> None:
    path = tree.pci("0000:03:00.0", 0x1002, 0x744C, 0x030000, driver="amdgpu")
    tree.class_device("drm", "renderD128", path, node="dri/renderD128", numbers=(226, 128))
    tree.node("/dev/kfd", 235, 0)
    tree.file(f"{NODES}/1/properties", "drm_render_minor 128\nlocation_id 768\ngfx_target_version 110000\n")
    tree.file("/usr/share/hwdata/pci.ids", "1002  AMD\n\t744c  Navi 31 [Radeon RX 7900 XTX]\n")
    tree.file("/proc/sys/kernel/osrelease", "6.8.0-45-generic\n")
    (gpu,) = devices(tree).values()
    facts = plain(gpu.device)
    assert facts["model"] == "Navi 31 [Radeon RX 7900 XTX]"
    assert (facts["architecture"], facts["driverVersion"]) == ("gfx1100", "6.8.0")
    assert facts.keys().isdisjoint({"uuid", "xgmiHive", "profile", "computeModes"})
    assert gpu.device.capacity == {}


def test_a_machine_without_the_family_has_none(tree: Tree) -> None:
    assert inventory(tree).found == {}
    assert inventory(tree).reports[0].skipped == ()

from __future__ import annotations

import pytest

from cod.cdi.spec import ContainerEdits
from cod.drivers import FoundDevice, Inventory, discover
from cod.drivers.nvidia import Nvidia
from cod.host import open_host
from cod.resource import problems
from tests.machines import nvidia
from tests.machines.tree import Tree

POOL = ("nvidia.cod.dev", "localhost")


def found(tree: Tree, driver: Nvidia | None = None) -> Inventory:
    inventory = discover(tree.host, [driver or Nvidia()])
    assert inventory.failures == ()
    assert [problem for each in inventory.slices for problem in problems(each)] == []
    return inventory


def device(inventory: Inventory, name: str) -> FoundDevice:
    return inventory.found[(*POOL, name)]


def names(inventory: Inventory, kind: str = "nvidia.com/gpu") -> list[str]:
    return [key[2] for key, each in inventory.found.items() if each.kind == kind]


def skipped(inventory: Inventory) -> dict[str, str]:
    return {each.what: each.why for each in inventory.reports[0].skipped}


def taints(each: FoundDevice) -> list[tuple[str, str]]:
    return [(taint.key, taint.value) for taint in each.device.taints]


def nodes(edits: ContainerEdits) -> list[str]:
    return [node.path for node in edits.device_nodes]


def test_a_machine_without_nvidia_has_none() -> None:
    assert list(Nvidia().discover(open_host("sim:8gpu"))) == []


def test_gpus_are_numbered_in_the_order_of_the_bus_whatever_their_minor_numbers(tree: Tree) -> None:
    nvidia.dgx(tree, "NVIDIA H100 80GB HBM3")
    inventory = found(tree)
    assert names(inventory) == [f"gpu-{index}" for index in range(8)]
    third = device(inventory, "gpu-2")
    assert third.qualified_names == ("nvidia.com/gpu=2", f"nvidia.com/gpu={nvidia.uuid_of(2)}")
    assert nodes(third.edits) == ["/dev/nvidia5", "/dev/dri/card3", "/dev/dri/renderD130"]
    attributes = third.device.attributes
    assert attributes["resource.kubernetes.io/pciBusID"].string == "0000:47:00.0"
    assert attributes["resource.kubernetes.io/pcieRoot"].string == "pci0000:40"
    assert attributes["resource.kubernetes.io/numaNode"].int_ == 0
    assert attributes["model"].string == "NVIDIA H100 80GB HBM3"
    assert attributes["uuid"].string == nvidia.uuid_of(2)
    assert (attributes["index"].int_, attributes["minor"].int_) == (2, 5)
    assert attributes["driverVersion"].version == "535.104.5"
    assert attributes["cod.dev/class"].string == "gpu.nvidia.com"
    assert third.units == {"0000:47:00.0", *nodes(third.edits)}
    assert taints(third) == []
    assert skipped(inventory) == {}


def test_what_the_kernel_does_not_say_of_memory_is_not_invented(tree: Tree) -> None:
    nvidia.dgx(tree, "NVIDIA H100 80GB HBM3")
    whole = device(found(tree), "gpu-0").device
    assert whole.capacity == {}
    assert whole.consumes_counters == ()


def test_libraries_come_from_where_libcuda_of_the_kernel_module_lies(tree: Tree) -> None:
    nvidia.dgx(tree)
    tree.file(f"{nvidia.LIBRARIES}/libcuda.so.470.1.2", "another version")
    common = device(found(tree), "gpu-0").common
    assert "NVIDIA_CTK_LIBCUDA_DIR=/usr/lib/x86_64-linux-gnu" in common.env
    paths = [mount.container_path for mount in common.mounts]
    assert f"{nvidia.LIBRARIES}/libcuda.so.{nvidia.VERSION}" in paths
    assert f"{nvidia.LIBRARIES}/libcuda.so.470.1.2" not in paths
    assert all(mount.host_path == mount.container_path for mount in common.mounts)
    assert "/usr/bin/nvidia-smi" in paths
    assert [hook.args[1] for hook in common.hooks] == [
        "create-symlinks",
        "enable-cuda-compat",
        "update-ldcache",
        "disable-device-node-modification",
        "update-application-profile",
    ]
    assert nodes(common) == [
        "/dev/nvidia-modeset",
        "/dev/nvidia-uvm",
        "/dev/nvidia-uvm-tools",
        "/dev/nvidiactl",
    ]


def test_libraries_behind_linked_directories_are_mounted_where_they_are(tree: Tree) -> None:
    nvidia.kernel(tree)
    nvidia.gpu(tree, 0, "NVIDIA T4", 0x1EB8)
    tree.file(f"/usr/lib/libcuda.so.{nvidia.VERSION}", "library")
    tree.link("/usr/lib64", "lib")
    common = device(found(tree), "gpu-0").common
    assert [mount.container_path for mount in common.mounts] == [f"/usr/lib/libcuda.so.{nvidia.VERSION}"]


def test_a_driver_that_runs_in_a_container_is_found_below_its_root(tree: Tree) -> None:
    nvidia.kernel(tree)
    nvidia.gpu(tree, 0, "NVIDIA T4", 0x1EB8)
    nvidia.user_space(tree, "/run/nvidia/driver")
    for driver in (Nvidia(), Nvidia(root="/run/nvidia/driver/")):
        common = device(found(tree, driver), "gpu-0").common
        smi = next(mount for mount in common.mounts if mount.container_path == "/usr/bin/nvidia-smi")
        assert smi.host_path == "/run/nvidia/driver/usr/bin/nvidia-smi"
        assert common.device_nodes[-1].host_path == ""
    assert "user libraries" in skipped(found(tree, Nvidia(root="/opt/driver")))


def test_without_libraries_of_the_running_version_the_report_says_so(tree: Tree) -> None:
    nvidia.kernel(tree, "550.1.2")
    nvidia.user_space(tree)
    nvidia.gpu(tree, 0, "NVIDIA T4", 0x1EB8)
    inventory = found(tree)
    assert skipped(inventory) == {
        "user libraries": "no libcuda.so of the kernel module's version below /",
    }
    assert device(inventory, "gpu-0").common.mounts == ()


def test_without_the_hook_program_links_are_mounts_and_there_are_no_hooks(tree: Tree) -> None:
    nvidia.dgx(tree)
    (tree.root / nvidia.HOOK[1:]).unlink()
    inventory = found(tree)
    gpu = device(inventory, "gpu-0")
    assert gpu.edits.hooks == gpu.common.hooks == ()
    by_path = {mount.container_path: mount.host_path for mount in gpu.common.mounts}
    for link in ("libcuda.so", "libcuda.so.1"):
        library = f"{nvidia.LIBRARIES}/libcuda.so.{nvidia.VERSION}"
        assert by_path[f"{nvidia.LIBRARIES}/{link}"] == library
    assert "hooks" in skipped(inventory)


def test_an_old_toolkit_s_one_program_is_called_with_its_own_arguments(tree: Tree) -> None:
    nvidia.dgx(tree)
    (tree.root / nvidia.HOOK[1:]).unlink()
    tree.file("/usr/local/bin/nvidia-ctk")
    hook = device(found(tree, Nvidia(disabled_hooks=("create-symlinks",))), "gpu-0").common.hooks[0]
    assert hook.path == "/usr/local/bin/nvidia-ctk"
    assert hook.args[:3] == ("nvidia-ctk", "hook", "enable-cuda-compat")


def test_nodes_that_only_a_group_may_open_bring_the_group(tree: Tree) -> None:
    nvidia.dgx(tree)
    tree.node("/dev/nvidiactl", 195, 255, mode=0o660, gid=44)
    gpu = device(found(tree), "gpu-0")
    assert gpu.edits.additional_gids == (44, 109)
    assert gpu.common.additional_gids == (44,)
    assert gpu.common.device_nodes[-1].gid == 44


def test_a_gpu_without_its_node_is_there_and_not_ready(tree: Tree) -> None:
    nvidia.dgx(tree)
    (tree.root / f"dev/nvidia{nvidia.minor_of(1)}").unlink()
    inventory = found(tree)
    assert taints(device(inventory, "gpu-1")) == [("cod.dev/unready", "no-device-node")]
    assert taints(device(inventory, "gpu-0")) == []


@pytest.mark.parametrize(
    ("driver", "why"),
    [
        ("vfio-pci", "it is bound to vfio-pci: the driver of VFIO has it"),
        ("nouveau", "it is bound to nouveau, not to nvidia"),
        ("", "no kernel driver has it"),
    ],
)
def test_a_gpu_that_another_kernel_driver_has_is_left_to_others(tree: Tree, driver: str, why: str) -> None:
    nvidia.kernel(tree)
    nvidia.user_space(tree)
    nvidia.gpu(tree, 0, "NVIDIA T4", 0x1EB8, driver=driver)
    nvidia.gpu(tree, 1, "NVIDIA T4", 0x1EB8)
    inventory = found(tree)
    assert names(inventory) == ["gpu-0"]
    assert skipped(inventory) == {"0000:07:00.0": why}


def test_an_excluded_gpu_has_no_index(tree: Tree) -> None:
    nvidia.kernel(tree)
    nvidia.gpu(tree, 0, "NVIDIA T4", 0x1EB8, GPU_Excluded="Yes")
    nvidia.gpu(tree, 1, "NVIDIA T4", 0x1EB8)
    inventory = found(tree)
    assert device(inventory, "gpu-0").pci_address == "0000:0f:00.0"
    assert "0000:07:00.0" in skipped(inventory)


def test_a_uuid_that_is_not_known_yet_is_no_name(tree: Tree) -> None:
    nvidia.kernel(tree)
    nvidia.gpu(tree, 0, "NVIDIA T4", 0x1EB8, GPU_UUID="GPU-????????-????-????-????-????????????")
    gpu = device(found(tree), "gpu-0")
    assert gpu.aliases == ()
    assert "uuid" not in gpu.device.attributes


def test_the_memory_of_a_coherent_gpu_is_a_numa_node(tree: Tree) -> None:
    nvidia.kernel(tree)
    nvidia.gpu(tree, 0, "NVIDIA GH200 480GB", 0x2342)
    lines = "Node:      250\nStatus:    online\nAddress:   40000000000\nSize:      3f0000000\n"
    tree.file("/proc/driver/nvidia/gpus/0000:07:00.0/numa_status", lines)
    gpu = device(found(tree), "gpu-0").device
    assert gpu.attributes["memoryNumaNode"].int_ == 250
    assert gpu.capacity["memory"].value == "16128Mi"
    tree.files("/sys/devices/system/node", {"online": "0,250"})
    tree.files("/sys/devices/system/node/node250", {"meminfo": "Node 250 MemTotal: 1048576 kB"})
    assert device(found(tree), "gpu-0").device.capacity["memory"].value == "1024Mi"


@pytest.mark.parametrize(
    ("heading", "version"),
    [
        ("NVRM version: NVIDIA UNIX x86_64 Kernel Module  384.81  Wed Aug 17 22:24:07 PDT 2016", "384.81.0"),
        ("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build", "580.65.6"),
        ("NVRM version: something else", "570.1.2"),
        ("", "570.1.2"),
    ],
)
def test_the_version_is_read_in_every_form(tree: Tree, heading: str, version: str) -> None:
    nvidia.gpu(tree, 0, "NVIDIA T4", 0x1EB8)
    tree.file("/proc/driver/nvidia/version", heading)
    tree.file("/sys/module/nvidia/version", "570.1.2\n")
    assert device(found(tree), "gpu-0").device.attributes["driverVersion"].version == version


def test_switches_channels_and_storage_are_devices_of_their_own(tree: Tree) -> None:
    nvidia.dgx(tree)
    tree.node("/dev/nvidia-fs0", 235, 0)
    tree.node("/dev/gdrdrv", 234, 0, mode=0o666)
    tree.directory("/run/udev")
    tree.node("/dev/nvidia-caps-imex-channels/channel3", 233, 3, mode=0o666)
    tree.node("/dev/nvidia-caps-imex-channels/channel4", 199, 4, mode=0o666)
    inventory = found(tree)
    kinds = {key[2]: each.qualified_name for key, each in inventory.found.items() if "gpu-" not in key[2]}
    assert kinds == {
        "gds": "nvidia.com/gds=all",
        "gdrcopy": "nvidia.com/gdrcopy=all",
        "nvswitch": "nvidia.com/nvswitch=all",
        "imex-channel-3": "nvidia.com/imex-channel=3",
        "management": "management.nvidia.com/gpu=all",
    }
    assert len(nodes(device(inventory, "nvswitch").edits)) == 7
    assert [mount.container_path for mount in device(inventory, "gds").edits.mounts] == ["/run/udev"]
    assert device(inventory, "gds").device.allow_multiple_allocations
    assert "/dev/nvidia-caps-imex-channels/channel4" in skipped(inventory)


def test_the_device_that_reaches_every_gpu_is_given_only_to_who_tolerates_that(tree: Tree) -> None:
    nvidia.cut_dgx(tree)
    management = device(found(tree), "management")
    assert taints(management) == [("cod.dev/management", "every-gpu")]
    assert "/dev/nvidia-caps/nvidia-cap1" in nodes(management.edits)
    assert not [each for each in nodes(management.edits) if "nvswitch" in each]


def test_every_class_selects_devices_of_one_sort() -> None:
    assert [each.name for each in Nvidia().classes()] == [
        "gpu.nvidia.com",
        "gpu",
        "mig.nvidia.com",
        "vgpu.nvidia.com",
        "imex-channel.nvidia.com",
        "gds.nvidia.com",
        "gdrcopy.nvidia.com",
        "nvswitch.nvidia.com",
        "gpu.management.nvidia.com",
    ]


def test_files_that_are_cut_off_or_garbage_cost_only_what_they_say(tree: Tree) -> None:
    nvidia.cut_dgx(tree)
    top = "/proc/driver/nvidia/gpus"
    tree.file(f"{top}/0000:07:00.0/information", b"\xff\xfe\x00Model:")
    tree.file(f"{top}/0000:0f:00.0/information", "Device Minor: 99999999999999999999\n")
    tree.file(f"{top}/0000:47:00.0/information", "Device Minor: -1\nModel: \x1b[31m\n")
    tree.file("/proc/driver/nvidia/version", b"\x00" * 100)
    tree.file("/proc/driver/nvidia-caps/mig-minors", "gpu3/gi2/access 1e9\n\xb2 \xb2\n")
    tree.file(f"{nvidia.LIBRARIES}/libnvidia-ml.so.{nvidia.VERSION}", b"\x7fELF\x02\x01" + b"\xff" * 4000)
    tree.file("/proc/devices", "Character devices:\n\xb2 nvidia\n")
    inventory = found(tree)
    assert names(inventory)[0] == "gpu-0"
    assert device(inventory, "gpu-0").pci_address == "0000:4e:00.0"

"""NVIDIA machines: eight GPUs on two sockets behind PCIe switches, cut with MIG or not; hosts of vGPUs."""

from __future__ import annotations

from collections.abc import Iterable

from tests.machines.elf import library
from tests.machines.tree import Tree

VERSION = "535.104.05"
LIBRARIES = "/usr/lib/x86_64-linux-gnu"
HOOK = "/usr/bin/nvidia-cdi-hook"
BUSES = ("07", "0f", "47", "4e", "87", "90", "b7", "bd")

_SONAMES = {
    "libcuda.so": "libcuda.so.1",
    "libnvidia-ml.so": "libnvidia-ml.so.1",
    "libnvidia-ptxjitcompiler.so": "libnvidia-ptxjitcompiler.so.1",
    "libGLX_nvidia.so": "libGLX_nvidia.so.0",
}


def dgx(tree: Tree, model: str = "NVIDIA A100-SXM4-40GB", device: int = 0x20B0, gpus: int = 8) -> None:
    """A machine like a DGX A100, with its NVSwitches, as after a boot that made all device nodes."""
    kernel(tree)
    user_space(tree)
    sockets(tree)
    for index in range(gpus):
        gpu(tree, index, model, device)
    for number in range(6):
        bridge = f"pci0000:c0/0000:c0:0{number + 1}.0"
        root, _, way = bridge.partition("/")
        address = f"0000:{0xC4 + number:02x}:00.0"
        tree.pci(
            address, 0x10DE, 0x1AF1, 0x068000, driver="nvidia-nvswitch", root=root, bridges=(way,), numa=1
        )
        tree.node(f"/dev/nvidia-nvswitch{number}", 236, number, mode=0o666)
    tree.node("/dev/nvidia-nvswitchctl", 236, 255, mode=0o666)


def kernel(tree: Tree, version: str = VERSION) -> None:
    """The kernel module and its control nodes."""
    heading = f"NVRM version: NVIDIA UNIX x86_64 Kernel Module  {version}  Sat Aug 19 01:15:15 UTC 2023"
    tree.file("/proc/driver/nvidia/version", f"{heading}\nGCC version:  gcc version 12.2.0\n")
    tree.file("/sys/module/nvidia/version", f"{version}\n")
    numbers = {"nvidia": 195, "nvidia-uvm": 510, "nvidia-caps": 237, "nvidia-caps-imex-channels": 233}
    lines = [f"{number} {name}" for name, number in numbers.items()]
    tree.file("/proc/devices", "\n".join(["Character devices:", *lines, "", "Block devices:", "  8 sd", ""]))
    tree.node("/dev/nvidiactl", 195, 255, mode=0o666)
    tree.node("/dev/nvidia-modeset", 195, 254, mode=0o666)
    tree.node("/dev/nvidia-uvm", 510, 0, mode=0o666)
    tree.node("/dev/nvidia-uvm-tools", 510, 1, mode=0o666)


def user_space(tree: Tree, root: str = "", version: str = VERSION) -> None:
    """Libraries and programs below a driver root; NVIDIA's hook program on the machine itself."""
    for name, soname in _SONAMES.items():
        tree.file(f"{root}{LIBRARIES}/{name}.{version}", library(soname))
        tree.link(f"{root}{LIBRARIES}/{soname}", f"{name}.{version}")
    tree.file(f"{root}{LIBRARIES}/libc.so.6", library("libc.so.6"))
    for program in ("nvidia-smi", "nvidia-persistenced"):
        tree.file(f"{root}/usr/bin/{program}", "#!")
    tree.file(f"{root}/lib/firmware/nvidia/{version}/gsp_tu10x.bin", "firmware")
    tree.file(f"{root}/run/nvidia-persistenced/socket")
    tree.file(HOOK, "#!")


def sockets(tree: Tree) -> None:
    """Two NUMA nodes with 64 CPUs each."""
    tree.files("/sys/devices/system/node", {"online": "0-1"})
    for number in range(2):
        memory = f"Node {number} MemTotal:       1056710000 kB"
        cpus = f"{number * 64}-{number * 64 + 63}"
        distance = "10 32" if number == 0 else "32 10"
        directory = f"/sys/devices/system/node/node{number}"
        tree.files(directory, {"cpulist": cpus, "distance": distance, "meminfo": memory})


def gpu(tree: Tree, index: int, model: str, device: int, *, driver: str = "nvidia", **facts: str) -> str:
    """One GPU of the eight, two behind a switch; its minor number is not its index. Returns its directory.

    `facts` replace lines of what the kernel module says of it, underscores for blanks.
    """
    address = f"0000:{BUSES[index]}:00.0"
    switch = index // 2
    root = f"pci0000:{switch * 0x40:02x}"
    way = (
        f"0000:{switch * 0x40:02x}:01.1",
        f"0000:{switch * 0x40 + 1:02x}:00.0",
        f"0000:{BUSES[index]}:10.0",
    )
    group = str(20 + index)
    path = tree.pci(
        address,
        0x10DE,
        device,
        0x030200,
        driver=driver,
        numa=index // 4,
        root=root,
        bridges=way,
        iommu_group=group,
    )
    if driver != "nvidia":
        return path
    minor = minor_of(index)
    lines = {
        "Model": model,
        "IRQ": str(100 + index),
        "GPU UUID": uuid_of(index),
        "Video BIOS": "92.00.45.00.03",
        "Bus Type": "PCIe",
        "DMA Size": "47 bits",
        "Bus Location": address,
        "Device Minor": str(minor),
        "GPU Firmware": VERSION,
        "GPU Excluded": "No",
    } | {name.replace("_", " "): text for name, text in facts.items()}
    text = "".join(f"{name}: \t {value}\n" for name, value in lines.items())
    tree.file(f"/proc/driver/nvidia/gpus/{address}/information", text)
    tree.node(f"/dev/nvidia{minor}", 195, minor, mode=0o666)
    render = 128 + index
    for name, end, gid in ((f"card{index + 1}", "card", 44), (f"renderD{render}", "render", 109)):
        tree.directory(f"{path}/drm/{name}")
        tree.node(f"/dev/dri/{name}", 226, index + 1 if end == "card" else render, gid=gid)
        tree.link(f"/dev/dri/by-path/pci-{address}-{end}", f"../{name}")
    return path


def minor_of(index: int) -> int:
    """Minor numbers are given as the module sees the GPUs, which is in no order that anyone relies on."""
    return (index + 3) % 8


def uuid_of(index: int) -> str:
    return f"GPU-9221d5d1-b60b-a624-bf14-0a1819cfda{index:02x}"


def instances(tree: Tree, minor: int, made: Iterable[tuple[int, int]]) -> None:
    """MIG instances of the GPU with a minor number: GPU instance and compute instance of each."""
    for gi, ci in made:
        top = f"/proc/driver/nvidia/capabilities/gpu{minor}/mig/gi{gi}"
        for path, number in ((f"{top}/access", gi * 9 + 3), (f"{top}/ci{ci}/access", gi * 9 + 4 + ci)):
            tree.file(path, f"DeviceFileMinor: {number}\nDeviceFileMode: 292\nDeviceFileModify: 1\n")
            tree.node(f"/dev/nvidia-caps/nvidia-cap{number}", 237, number, mode=0o444)


def cut_dgx(tree: Tree) -> None:
    """The same machine with two instances on its first GPU and MIG's capabilities."""
    dgx(tree)
    lines = ["config 1", "monitor 2"]
    for gi in range(15):
        lines.append(f"gpu{minor_of(0)}/gi{gi}/access {gi * 9 + 3}")
        lines += [f"gpu{minor_of(0)}/gi{gi}/ci{ci}/access {gi * 9 + 4 + ci}" for ci in range(8)]
    tree.file("/proc/driver/nvidia-caps/mig-minors", "\n".join([*lines, ""]))
    tree.node("/dev/nvidia-caps/nvidia-cap1", 237, 1, mode=0o400)
    tree.node("/dev/nvidia-caps/nvidia-cap2", 237, 2, mode=0o444)
    instances(tree, minor_of(0), ((2, 0), (9, 0)))
    for index in range(8):
        tree.directory(f"/proc/driver/nvidia/capabilities/gpu{index}/mig")


def vgpu_host(tree: Tree) -> None:
    """Two GPUs for virtual machines: one with mediated devices, one with virtual functions."""
    kernel(tree)
    first = gpu(tree, 0, "NVIDIA T4", 0x1EB8)
    second = gpu(tree, 1, "NVIDIA L40S", 0x26B9)
    tree.node("/dev/vfio/vfio", 10, 196, mode=0o666)
    types = f"{first}/mdev_supported_types"
    tree.files(f"{types}/nvidia-222", {"name": "GRID T4-1B", "available_instances": 15})
    tree.files(f"{types}/nvidia-230", {"name": "GRID T4-16Q", "available_instances": 0})
    tree.link("/sys/class/mdev_bus/0000:07:00.0", first)
    mdev = f"{first}/4b20d080-1b54-4048-85b3-a6a62d165c01"
    tree.directory(mdev)
    tree.link("/sys/bus/mdev/devices/4b20d080-1b54-4048-85b3-a6a62d165c01", mdev)
    tree.link(f"{mdev}/mdev_type", f"{types}/nvidia-222")
    tree.link(f"{mdev}/iommu_group", "/sys/kernel/iommu_groups/77")
    tree.directory("/sys/kernel/iommu_groups/77")
    tree.node("/dev/vfio/77", 511, 7, mode=0o600)
    for number, current in ((4, 1155), (5, 0)):
        address = f"0000:0f:00.{number}"
        path = tree.pci(address, 0x10DE, 0x26B9, 0x030200, driver="nvidia", iommu_group=str(80 + number))
        tree.link(f"{path}/physfn", second)
        listing = "ID    : vGPU Name\n1155  : NVIDIA L40S-24Q\n1150  : NVIDIA L40S-8Q\n"
        tree.files(f"{path}/nvidia", {"current_vgpu_type": current, "creatable_vgpu_types": listing})
        tree.node(f"/dev/vfio/{80 + number}", 511, number, mode=0o600)


TOPOLOGY = """\
\t\x1b[4mGPU0\tGPU1\tGPU2\tNIC0\tmlx5_1\tCPU Affinity\tNUMA Affinity\tGPU NUMA ID\x1b[0m
GPU0\t X \tNV12\tNV4\tPXB\tSYS\t0-63\t0\t\tN/A
GPU1\tNV12\t X \tSYS\tPXB\tNV1\t0-63\t0\t\tN/A
GPU2\tNV4\tSYS\t X \tSYS\tPXB\t64-127\t1\t\tN/A
NIC0\tPXB\tPXB\tSYS\t X \tSYS\t\t\t\t
mlx5_1\tSYS\tNV1\tPXB\tSYS\t X \t\t\t\t

Legend:

  X    = Self
  SYS  = Connection traversing PCIe as well as the SMP interconnect between NUMA nodes (e.g., QPI/UPI)
  NV#  = Connection traversing a bonded set of # NVLinks

NIC Legend:

  NIC0: mlx5_0
"""

"""A machine with AMD GPUs: eight whole ones that are all linked, or fewer in partitions."""

from __future__ import annotations

from tests.machines.tree import Tree

_KFD = "/sys/class/kfd/kfd/topology/nodes"
_DRIVER = "/sys/module/amdgpu/drivers/pci:amdgpu"


def amd(tree: Tree, *, gpus: int = 8, partitions: int = 1) -> None:
    """GPUs of 192 GB, each in so many partitions, on two NUMA nodes."""
    tree.node("/dev/kfd", 235, 0, gid=109)
    tree.file("/sys/module/amdgpu/version", "6.12.12\n")
    tree.file(f"{_KFD}/0/properties", "cpu_cores_count 96\ndrm_render_minor 0\n")
    tree.file("/sys/class/kfd/kfd/topology/generation_id", "2\n")
    for gpu in range(gpus):
        address = f"0000:{0x10 + gpu:02x}:00.0"
        path = tree.pci(
            address,
            0x1002,
            0x74A1,
            0x120000,
            driver="amdgpu",
            numa=gpu * 2 // gpus,
            root=f"pci0000:{0xA0 + gpu * 2 // gpus:02x}",
            product_name="AMD Instinct MI300X OAM",
            current_compute_partition="CPX" if partitions > 1 else "SPX",
            current_memory_partition="NPS1",
            available_compute_partition="SPX, DPX, QPX, CPX",
        )
        tree.link(f"{_DRIVER}/{address}", path)
        for part in range(partitions):
            index = gpu * partitions + part
            parent = (
                path if not part else f"/sys/devices/platform/amdgpu_xcp_{gpu * (partitions - 1) + part - 1}"
            )
            _drm(tree, parent, index)
            _kfd(tree, index, gpu, gpus, partitions)


def _drm(tree: Tree, parent: str, index: int) -> None:
    tree.class_device("drm", f"card{index}", parent, node=f"dri/card{index}", numbers=(226, index))
    minor = 128 + index
    tree.class_device("drm", f"renderD{minor}", parent, node=f"dri/renderD{minor}", numbers=(226, minor))


def _kfd(tree: Tree, index: int, gpu: int, gpus: int, partitions: int) -> None:
    node = f"{_KFD}/{index + 1}"
    properties = {
        "simd_count": 1216 // partitions,
        "simd_per_cu": 4,
        "gfx_target_version": 90402,
        "location_id": (0x10 + gpu) << 8,
        "domain": 0,
        "drm_render_minor": 128 + index,
        "unique_id": 1234567890123 + gpu,
    }
    tree.file(f"{node}/properties", "".join(f"{name} {value}\n" for name, value in properties.items()))
    tree.file(f"{node}/mem_banks/0/properties", f"heap_type 1\nsize_in_bytes {206141652992 // partitions}\n")
    tree.file(f"{node}/io_links/0/properties", f"type 2\nnode_from {index + 1}\nnode_to 0\nweight 20\n")
    for number, other in enumerate(each for each in range(gpus * partitions) if each != index):
        near = other // partitions == gpu
        weight, mb_s = (13, 819200) if near else (15, 64000)
        tree.file(
            f"{node}/io_links/{number + 1}/properties",
            f"type 11\nnode_to {other + 1}\nweight {weight}\nmax_bandwidth {mb_s}\n",
        )

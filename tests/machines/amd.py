"""A machine with MI300X GPUs that XGMI links to one another: whole ones, or all of them in partitions."""

from __future__ import annotations

from cod.drivers.amd.kfd import NODES, TOPOLOGY
from tests.machines.tree import Tree

DRIVERS = "/sys/module/amdgpu/drivers/pci:amdgpu"
MEMORY = 192 * 2**30


def amd(tree: Tree, *, gpus: int = 8, partitions: int = 1, old_kernel: bool = False) -> None:
    """GPUs on two sockets, each in so many partitions; a CPX GPU has eight.

    The platform devices of all partitions that there could be are there, as in reality. `old_kernel` writes
    the number of a partition where its location has the function's.
    """
    tree.node("/dev/kfd", 235, 0, gid=109)
    tree.file("/sys/module/amdgpu/version", "6.12.12\n")
    tree.file(f"{TOPOLOGY}/generation_id", "80\n")
    tree.file(f"{NODES}/0/properties", "cpu_cores_count 96\nsimd_count 0\ndrm_render_minor 0\n")
    for gpu in range(gpus):
        path = _function(tree, gpu, gpus, partitions)
        for part in range(8):
            index = 8 * gpu + part if partitions > 1 else gpu if not part else gpus + 7 * gpu + part - 1
            parent = path if not part else f"/sys/devices/platform/amdgpu_xcp_{7 * gpu + part - 1}"
            _drm(tree, parent, index)
            if part < partitions:
                number = gpu * partitions + part
                kfd_node(
                    tree,
                    number + 1,
                    minor=128 + index,
                    location=(0x15 + gpu << 8) + (part if old_kernel else part << 28),
                    unique_id=0x1A2B3C4D00000000 + gpu,
                    simds=1216 // partitions,
                    memory=MEMORY // partitions,
                )
                _links(tree, number, gpus * partitions, partitions)


def address(gpu: int) -> str:
    return f"0000:{0x15 + gpu:02x}:00.0"


def _function(tree: Tree, gpu: int, gpus: int, partitions: int) -> str:
    socket = gpu * 2 // gpus
    path = tree.pci(
        address(gpu),
        0x1002,
        0x74A1,
        0x120000,
        driver="amdgpu",
        numa=socket,
        root=f"pci0000:{0x14 + gpu:02x}",
        bridges=(f"0000:{0x14 + gpu:02x}:01.0",),
        product_name="AMD Instinct MI300X OAM",
        current_compute_partition={1: "SPX", 2: "DPX", 4: "QPX"}.get(partitions, "CPX"),
        available_compute_partition="SPX, DPX, QPX, CPX",
        current_memory_partition="NPS1",
        available_memory_partition="NPS1, NPS4",
    )
    tree.link(f"{DRIVERS}/{address(gpu)}", path)
    return path


def _drm(tree: Tree, parent: str, index: int) -> None:
    minor = 128 + index
    tree.class_device("drm", f"card{index}", parent, node=f"dri/card{index}", numbers=(226, index))
    tree.class_device("drm", f"renderD{minor}", parent, node=f"dri/renderD{minor}", numbers=(226, minor))


def kfd_node(
    tree: Tree,
    number: int,
    *,
    minor: int,
    location: int,
    unique_id: int = 0,
    simds: int = 304,
    memory: int = 0,
    domain: int = 0,
) -> None:
    """The compute node of a GPU or a partition."""
    tree.file(
        f"{NODES}/{number}/properties",
        f"cpu_cores_count 0\nsimd_count {simds}\nsimd_per_cu 4\ngfx_target_version 90402\nvendor_id 4098\n"
        f"location_id {location}\ndomain {domain}\ndrm_render_minor {minor}\nhive_id 15188982192727901047\n"
        f"unique_id {unique_id}\n",
    )
    if memory:
        tree.file(
            f"{NODES}/{number}/mem_banks/0/properties", f"heap_type 1\nsize_in_bytes {memory}\nflags 0\n"
        )


def _links(tree: Tree, number: int, count: int, partitions: int) -> None:
    """The links from a node of a GPU: to the CPU, and to all other nodes."""
    node = f"{NODES}/{number + 1}"
    tree.file(
        f"{node}/io_links/0/properties",
        f"type 2\nnode_from {number + 1}\nnode_to 0\nweight 20\nmin_bandwidth 312\nmax_bandwidth 64000\n",
    )
    for link, other in enumerate(each for each in range(count) if each != number):
        near = other // partitions == number // partitions
        weight, mb_s = (13, 819200) if near else (15, 64000)
        tree.file(
            f"{node}/io_links/{link + 1}/properties",
            f"type 11\nnode_from {number + 1}\nnode_to {other + 1}\nweight {weight}\n"
            f"min_bandwidth {mb_s}\nmax_bandwidth {mb_s}\n",
        )

from __future__ import annotations

from pathlib import Path

from cod.drivers import Inventory, discover
from cod.drivers.nvidia import Nvidia
from cod.resource import problems
from tests.machines import nvidia
from tests.machines.tree import Tree

MDEV = "vgpu-4b20d080-1b54-4048-85b3-a6a62d165c01"


def found(root: Path) -> Inventory:
    tree = Tree(root)
    nvidia.vgpu_host(tree)
    inventory = discover(tree.host, [Nvidia()])
    assert inventory.failures == ()
    assert [problem for each in inventory.slices for problem in problems(each)] == []
    return inventory


def test_a_mediated_device_is_its_vfio_group(tmp_path: Path) -> None:
    each = found(tmp_path).found["nvidia.cod.dev", "localhost", MDEV]
    assert each.qualified_name == "nvidia.com/vgpu=4b20d080-1b54-4048-85b3-a6a62d165c01"
    assert [(node.path, node.minor) for node in each.edits.device_nodes] == [("/dev/vfio/77", 7)]
    assert [node.path for node in each.common.device_nodes] == ["/dev/vfio/vfio"]
    assert each.device.attributes["vgpuType"].string == "GRID T4-1B"
    assert each.device.attributes["cod.dev/parent"].string == "gpu-0"
    assert each.device.taints == ()


def test_a_virtual_function_is_a_vgpu_once_it_has_a_type(tmp_path: Path) -> None:
    inventory = found(tmp_path)
    typed, untyped = (
        inventory.found["nvidia.cod.dev", "localhost", f"vgpu-0000-0f-00-{number}"] for number in (4, 5)
    )
    assert typed.device.taints == ()
    assert typed.device.attributes["vgpuType"].string == "1155"
    assert [node.path for node in typed.edits.device_nodes] == ["/dev/vfio/84"]
    assert [taint.value for taint in untyped.device.taints] == ["no-type"]
    assert untyped.device.attributes["creatableVgpuTypes"].strings == ("NVIDIA L40S-24Q", "NVIDIA L40S-8Q")
    assert untyped.units == {"0000:0f:00.5"}
    assert not untyped.edits
    assert not untyped.common


def test_a_gpu_with_vgpus_says_what_more_it_can_have_and_is_not_given_as_a_whole(tmp_path: Path) -> None:
    inventory = found(tmp_path)
    wholes = [key[2] for key, each in inventory.found.items() if each.kind == "nvidia.com/gpu"]
    assert wholes == ["gpu-0", "gpu-1"]
    for name in wholes:
        each = inventory.found["nvidia.cod.dev", "localhost", name]
        assert [taint.value for taint in each.device.taints] == ["partitioned"]
    first = inventory.found["nvidia.cod.dev", "localhost", "gpu-0"].device
    assert first.attributes["creatableVgpuTypes"].strings == ("GRID T4-1B",)

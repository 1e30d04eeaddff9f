from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cod.drivers import FoundDevice, Inventory, discover
from cod.drivers.nvidia import Nvidia
from cod.drivers.nvidia.mig import A30_24GB, A100_40GB, A100_80GB, Geometry, Partition, geometry_of
from cod.resource import parse_quantity, problems
from tests.machines import nvidia
from tests.machines.tree import Tree

GEOMETRIES = {"A100 40GB": A100_40GB, "A100 80GB": A100_80GB, "A30": A30_24GB}


def found(tree: Tree) -> Inventory:
    inventory = discover(tree.host, [Nvidia()])
    assert inventory.failures == ()
    assert [problem for each in inventory.slices for problem in problems(each)] == []
    return inventory


def device(inventory: Inventory, name: str) -> FoundDevice:
    return inventory.found["nvidia.cod.dev", "localhost", name]


def fit(geometry: Geometry, some: Sequence[Partition]) -> bool:
    """Whether the counters allow these at the same time."""
    left = {
        name: parse_quantity(counter.value) for name, counter in geometry.counter_set("g").counters.items()
    }
    for name, stock in left.items():
        taken = [each.takes("g").counters[name].value for each in some if name in each.takes("g").counters]
        if sum(int(parse_quantity(each).unscaled) for each in taken) > stock.unscaled:
            return False
    return True


def labelled(geometry: Geometry, *labels: str) -> list[Partition]:
    by_label = {each.label: each for each in geometry.partitions}
    return [by_label[label] for label in labels]


@pytest.mark.parametrize(
    ("model", "geometry"),
    [
        ("NVIDIA A100-SXM4-40GB", A100_40GB),
        ("A100-SXM4-40GB", A100_40GB),
        ("NVIDIA A100-PCIE-40GB", A100_40GB),
        ("NVIDIA A100-SXM4-80GB", A100_80GB),
        ("NVIDIA A100 80GB PCIe", A100_80GB),
        ("NVIDIA A30", A30_24GB),
        ("NVIDIA H100 80GB HBM3", None),
        ("NVIDIA A100X", None),
        ("GRID A100-7-40C MIG 1g.5gb", None),
        ("NVIDIA A30-4-24C", None),
        ("", None),
    ],
)
def test_only_models_whose_placements_are_public_can_be_cut(model: str, geometry: Geometry | None) -> None:
    assert geometry_of(model) is geometry


@pytest.mark.parametrize(
    ("labels", "possible"),
    [
        (("7g-40gb-0",), True),
        (("3g-20gb-0", "3g-20gb-4"), True),
        (("4g-20gb-0", "3g-20gb-4"), True),
        (("4g-20gb-0", "3g-20gb-0"), False),
        (("2g-10gb-0", "2g-10gb-2", "2g-10gb-4", "1g-5gb-6"), True),
        (tuple(f"1g-5gb-{start}" for start in range(7)), True),
        (("1g-5gb-me-0", "1g-5gb-me-1"), False),
        (("1g-5gb-me-0", *(f"1g-5gb-{start}" for start in range(1, 7))), True),
        (("3g-20gb-0", "3g-20gb-4", "1g-5gb-6"), False),
        (("3g-20gb-4", "4g-20gb-0", "1g-5gb-0"), False),
        (("1g-10gb-0", "1g-10gb-2", "1g-10gb-4", "1g-10gb-6"), True),
        (("7g-40gb-0", "1g-5gb-0"), False),
    ],
)
def test_sets_of_instances_of_an_a100_are_those_of_the_user_guide(
    labels: tuple[str, ...], possible: bool
) -> None:
    assert fit(A100_40GB, labelled(A100_40GB, *labels)) is possible


@pytest.mark.parametrize("geometry", GEOMETRIES.values(), ids=GEOMETRIES)
def test_no_partition_fits_beside_the_whole_gpu(geometry: Geometry) -> None:
    whole = geometry.whole.takes("g")
    assert whole.counters == geometry.counter_set("g").counters
    for partition in geometry.partitions:
        assert set(partition.takes("g").counters) <= set(whole.counters)
        assert partition.takes("g").counters["compute-slices"].value != "0"


@given(st.sampled_from([*GEOMETRIES]), st.data())
def test_instances_that_fit_lie_apart(which: str, data: st.DataObject) -> None:
    geometry = GEOMETRIES[which]
    some = data.draw(st.lists(st.sampled_from(list(geometry.partitions)), unique_by=lambda each: each.label))
    slices = [each.start + number for each in some for number in range(each.profile.slices)]
    if fit(geometry, some):
        assert len(set(slices)) == len(slices)


def test_a_gpu_that_is_not_cut_comes_with_every_instance_that_it_could_have(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    nvidia.dgx(tree)
    inventory = found(tree)
    whole, part = device(inventory, "gpu-0"), device(inventory, "gpu-0-mig-1g-5gb-me-2")
    assert whole.device.taints == ()
    assert whole.device.consumes_counters == (A100_40GB.whole.takes("gpu-0"),)
    assert whole.device.capacity["memory"].value == "40192Mi"
    assert [taint.value for taint in part.device.taints] == ["not-made"]
    assert part.device.attributes["cod.dev/parent"].string == "gpu-0"
    assert part.device.attributes["cod.dev/class"].string == "mig.nvidia.com"
    assert part.device.attributes["profile"].string == "1g.5gb+me"
    assert part.device.capacity["memory"].value == "4864Mi"
    assert not part.edits
    assert len([key for key in inventory.found if "-mig-" in key[2]]) == 8 * 25
    sets = [len(each.spec.shared_counters) for each in inventory.slices]
    assert sum(sets) == max(sets) == 8


def test_instances_that_are_made_are_named_as_by_nvidia_ctk(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    nvidia.cut_dgx(tree)
    inventory = found(tree)
    first, second = (device(inventory, f"gpu-0-mig-gi{gi}-ci0") for gi in (2, 9))
    assert [first.qualified_name, second.qualified_name] == ["nvidia.com/gpu=0:0", "nvidia.com/gpu=0:1"]
    assert [node.path for node in first.edits.device_nodes] == [
        "/dev/nvidia3",
        "/dev/nvidia-caps/nvidia-cap21",
        "/dev/nvidia-caps/nvidia-cap22",
    ]
    assert first.common == device(inventory, "gpu-0").common
    assert first.device.taints == ()
    assert first.device.attributes["cod.dev/type"].string == "mig"
    assert first.device.attributes["cod.dev/parent"].string == "gpu-0"
    assert first.units & second.units == {"0000:07:00.0", "/dev/nvidia3"}


def test_a_gpu_that_is_cut_is_not_given_as_a_whole_nor_cut_again(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    nvidia.cut_dgx(tree)
    inventory = found(tree)
    assert [taint.value for taint in device(inventory, "gpu-0").device.taints] == ["partitioned"]
    assert device(inventory, "gpu-0").device.consumes_counters == ()
    assert device(inventory, "gpu-1").device.taints == ()
    parts = [key[2] for key in inventory.found if key[2].startswith("gpu-0-mig")]
    assert parts == ["gpu-0-mig-gi2-ci0", "gpu-0-mig-gi9-ci0"]


def test_minor_numbers_come_from_the_table_where_the_capability_does_not_say(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    nvidia.cut_dgx(tree)
    tree.file("/proc/driver/nvidia/capabilities/gpu3/mig/gi2/ci0/access", "")
    first = device(found(tree), "gpu-0-mig-gi2-ci0")
    assert first.edits.device_nodes[-1].path == "/dev/nvidia-caps/nvidia-cap22"
    (tmp_path / "dev/nvidia-caps/nvidia-cap22").unlink()
    first = device(found(tree), "gpu-0-mig-gi2-ci0")
    assert [taint.value for taint in first.device.taints] == ["no-device-node"]


def test_a_gpu_with_an_instance_that_has_no_compute_instance_yet_is_not_given_as_a_whole(
    tmp_path: Path,
) -> None:
    tree = Tree(tmp_path)
    nvidia.dgx(tree)
    minor = nvidia.minor_of(0)
    access = f"/proc/driver/nvidia/capabilities/gpu{minor}/mig/gi2/access"
    tree.file(access, "DeviceFileMinor: 21\nDeviceFileMode: 292\n")
    inventory = found(tree)
    assert [taint.value for taint in device(inventory, "gpu-0").device.taints] == ["partitioned"]
    assert device(inventory, "gpu-0").device.consumes_counters == ()
    assert not [key for key in inventory.found if key[2].startswith("gpu-0-mig")]


def test_a_node_that_a_former_load_of_the_kernel_module_left_is_none(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    nvidia.cut_dgx(tree)
    numbers = tree.host.read("/proc/devices").replace("510 nvidia-uvm", "511 nvidia-uvm")
    tree.file("/proc/devices", numbers.replace("237 nvidia-caps\n", "238 nvidia-caps\n"))
    inventory = found(tree)
    paths = {
        node.path
        for each in inventory.found.values()
        for node in (*each.edits.device_nodes, *each.common.device_nodes)
    }
    assert not {path for path in paths if "/nvidia-uvm" in path or "/nvidia-caps/" in path}
    cut = device(inventory, "gpu-0-mig-gi2-ci0")
    assert [taint.value for taint in cut.device.taints] == ["no-device-node"]

"""Real KFD topologies, recorded by AMD's device plugin for Kubernetes."""

from __future__ import annotations

import shutil
import tarfile
from collections import Counter
from pathlib import Path

import pytest

from cod.drivers import discover
from cod.drivers.amd import Amd
from cod.drivers.amd.kfd import NODES, XGMI, KfdNode, read_kfd_nodes
from cod.drivers.attributes import PARENT_ATTRIBUTE
from cod.host import open_host
from tests.machines.tree import Tree

from .recorded import DATA

ARCHIVE = DATA / "topology" / "rocm-kfd.tar.xz"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not ARCHIVE.exists():
        pytest.skip("…/shared/data/topology/rocm-kfd.tar.xz is absent")
    place = tmp_path_factory.mktemp("kfd")
    with tarfile.open(ARCHIVE) as tar:
        tar.extractall(place, filter="data")
    return place


def machine(archive: Path, name: str) -> Path:
    """A machine that has the topology of that name and nothing else."""
    root = archive / f"machine-{name}"
    if not root.exists():
        place = root / NODES.lstrip("/")
        place.parent.parent.mkdir(parents=True)
        inner = archive / name / "topology"
        (inner if inner.exists() else archive / name).rename(place.parent)
    return root


def gpus(root: Path, cache: str = "") -> list[KfdNode]:
    return [*read_kfd_nodes(open_host(str(root), cache=cache)).values()]


@pytest.mark.parametrize(
    ("name", "count", "whole", "xgmi"),
    [
        ("topo-mi210-xgmi-pcie", 8, 8, {15: 24}),
        ("topology-parsing-mi308", 32, 8, {13: 96, 41: 896}),
        ("topo-mi300-cpx", 63, 8, {13: 434, 41: 3472}),
        ("topology-parsing", 2, 2, {}),
    ],
)
def test_gpus_and_their_links_are_those_of_the_machine(
    archive: Path, name: str, count: int, whole: int, xgmi: dict[int, int]
) -> None:
    found = gpus(machine(archive, name))
    assert len(found) == count
    assert len({each.unique_id for each in found}) == whole
    weights = Counter(link.weight for each in found for link in each.links if link.kind == XGMI)
    assert weights == xgmi


def test_two_hives_of_four_are_linked_within_and_not_between(archive: Path) -> None:
    found = gpus(machine(archive, "topo-mi210-xgmi-pcie"))
    hives = {each.number: each.hive for each in found}
    assert sorted(Counter(hives.values()).values()) == [4, 4]
    for each in found:
        linked = {link.to for link in each.links if link.kind == XGMI}
        assert linked == {number for number, hive in hives.items() if hive == hives[each.number]} - {
            each.number
        }


@pytest.mark.parametrize(("name", "slots"), [("topology-parsing-mi308", 8), ("topo-mi300-cpx", 8)])
def test_partitions_are_in_the_slot_of_their_gpu(archive: Path, name: str, slots: int) -> None:
    found = gpus(machine(archive, name))
    assert len({(each.slot, each.unique_id) for each in found}) == len({each.slot for each in found}) == slots


def test_in_a_package_the_weight_is_13_and_the_bandwidth_is_known(archive: Path) -> None:
    found = gpus(machine(archive, "topo-mi300-cpx"))
    package = {each.number: each.unique_id for each in found}
    for node in found:
        for link in node.links:
            if link.kind == XGMI:
                same = package[link.to] == node.unique_id
                assert (link.weight, link.mb_s) == ((13, 819200) if same else (41, 0))


def test_the_links_between_devices_are_those_between_nodes(archive: Path, tmp_path: Path) -> None:
    """A machine around the recorded topology: its functions, its DRM devices and their nodes."""
    root = tmp_path / "machine"
    shutil.copytree(machine(archive, "topo-mi300-cpx"), root)
    tree = Tree(root)
    tree.node("/dev/kfd", 235, 0)
    seen: dict[str, str] = {}
    for each in gpus(root):
        parent = f"/sys/devices/platform/amdgpu_xcp_{each.number}"
        if each.slot not in seen:
            parent = tree.pci(f"{each.slot}.0", 0x1002, 0x74A1, 0x120000, driver="amdgpu")
            seen[each.slot] = parent
        name = f"renderD{each.render_minor}"
        tree.class_device("drm", name, parent, node=f"dri/{name}", numbers=(226, each.render_minor))
    found = discover(tree.host, [Amd()]).found
    parts = [each for each in found.values() if each.edits]
    assert (len(parts), len(found) - len(parts)) == (63, 8)
    assert Counter(link.mb_s for each in parts for link in each.links) == {819200: 434, 0: 3472}
    assert len({each.device.attributes[PARENT_ATTRIBUTE].string for each in parts}) == 8
    assert {each.pci_address for each in parts} == {f"{slot}.0" for slot in seen}
    assert [each.cdi_name for each in parts] == [str(number) for number in range(63)]


def test_what_comes_from_the_cache_is_what_was_read(archive: Path, tmp_path: Path) -> None:
    root = machine(archive, "topo-mi300-cpx")
    first = gpus(root, str(tmp_path))
    assert gpus(root, str(tmp_path)) == first == gpus(root)
    assert len(list(tmp_path.iterdir())) == 1

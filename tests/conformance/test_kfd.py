"""Real KFD topologies, recorded by AMD's device plugin for Kubernetes."""

from __future__ import annotations

import tarfile
from collections import Counter
from pathlib import Path

import pytest

from cod.drivers.kfd import NODES, XGMI, KfdNode, read_kfd_nodes
from cod.host import open_host

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
    return [node for node in read_kfd_nodes(open_host(str(root), cache=cache)).values() if node.render_minor]


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
    assert len({each.properties["unique_id"] for each in found}) == whole
    weights = Counter(link.weight for each in found for link in each.links if link.kind == XGMI)
    assert weights == xgmi


def test_two_hives_of_four_are_linked_within_and_not_between(archive: Path) -> None:
    found = gpus(machine(archive, "topo-mi210-xgmi-pcie"))
    hives = {each.number: each.properties["hive_id"] for each in found}
    assert sorted(Counter(hives.values()).values()) == [4, 4]
    for each in found:
        linked = {link.to for link in each.links if link.kind == XGMI}
        assert linked == {number for number, hive in hives.items() if hive == hives[each.number]} - {
            each.number
        }


def test_what_comes_from_the_cache_is_what_was_read(archive: Path, tmp_path: Path) -> None:
    root = machine(archive, "topo-mi300-cpx")
    first = gpus(root, str(tmp_path))
    assert gpus(root, str(tmp_path)) == first == gpus(root)
    assert len(list(tmp_path.iterdir())) == 1

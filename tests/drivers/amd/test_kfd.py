from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cod.drivers.amd.kfd import NODES, TOPOLOGY, XGMI, KfdNode, read_kfd_nodes
from cod.host import Host
from tests.machines.amd import MEMORY, amd, kfd_node
from tests.machines.tree import Tree


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path / "machine")


def test_gpus_have_nodes_and_cpus_are_passed_over(tree: Tree) -> None:
    amd(tree, gpus=2)
    nodes = read_kfd_nodes(tree.host)
    assert list(nodes) == [1, 2]
    node = nodes[2]
    assert (node.render_minor, node.address, node.slot) == (129, "0000:16:00.0", "0000:16:00")
    assert (node.architecture, node.compute_units, node.memory) == ("gfx942", 304, MEMORY)
    assert [(link.to, link.kind, link.weight, link.mb_s) for link in node.links] == [
        (0, 2, 20, 64000),
        (1, XGMI, 15, 64000),
    ]


@pytest.mark.parametrize(
    ("target", "name"),
    [(90402, "gfx942"), (90010, "gfx90a"), (100302, "gfx1032"), (110000, "gfx1100"), (0, "")],
)
def test_architectures_have_the_names_that_compilers_use(tree: Tree, target: int, name: str) -> None:
    tree.file(f"{NODES}/1/properties", f"drm_render_minor 128\ngfx_target_version {target}\n")
    assert read_kfd_nodes(tree.host)[1].architecture == name


@pytest.mark.parametrize("location", [0x2700, 0x2703, 0x2700 | 3 << 28])
def test_the_number_of_a_partition_in_a_location_leaves_its_slot(tree: Tree, location: int) -> None:
    kfd_node(tree, 1, minor=128, location=location, domain=0x10000)
    assert read_kfd_nodes(tree.host)[1].slot == "10000:27:00"


def test_only_the_memory_of_the_gpu_counts(tree: Tree) -> None:
    kfd_node(tree, 1, minor=128, location=0)
    banks = ((0, 64), (1, 2), (2, 3), (5, 100), (1, 2**63))
    for number, (heap, size) in enumerate(banks):
        tree.file(f"{NODES}/1/mem_banks/{number}/properties", f"heap_type {heap}\nsize_in_bytes {size}\n")
    assert read_kfd_nodes(tree.host)[1].memory == 5


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\xff\xfe",
        "drm_render_minor",
        "drm_render_minor -1",
        "drm_render_minor 0",
        "drm_render_minor 0x80",
        f"drm_render_minor {2**64}",
        f"drm_render_minor {'9' * 5000}",
        "x 1 drm_render_minor",
    ],
)
def test_what_is_no_node_of_a_gpu_is_none(tree: Tree, text: str) -> None:
    tree.file(f"{NODES}/1/properties", text)
    tree.file(f"{NODES}/generation", "1")
    assert read_kfd_nodes(tree.host) == {}


@given(
    st.dictionaries(
        st.sampled_from(["properties", "mem_banks/0/properties", "io_links/0/properties"]), st.binary()
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
def test_no_content_of_a_file_is_an_error(tree: Tree, contents: dict[str, bytes]) -> None:
    for name, data in contents.items():
        tree.file(f"{NODES}/7/{name}", data)
    read_kfd_nodes(tree.host)


def test_what_is_remembered_is_what_was_read(tree: Tree, tmp_path: Path) -> None:
    amd(tree, gpus=2, partitions=8)
    host = Host(tree.root, cache=str(tmp_path / "cache"))
    first = read_kfd_nodes(host)
    assert read_kfd_nodes(host) == first == read_kfd_nodes(tree.host)
    assert [each.name[:4] for each in (tmp_path / "cache").iterdir()] == ["kfd-"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (f"{TOPOLOGY}/generation_id", "81\n"),
        (f"{NODES}/2/properties", ""),
        (f"{NODES}/1/io_links/1/properties", "type 11\nnode_to 2\nweight 13\n"),
        (f"{NODES}/1/mem_banks/0/properties", "heap_type 1\nsize_in_bytes 1048576\n"),
        (f"{NODES}/1/io_links/5/properties", "type 11\nnode_to 2\nweight 13\n"),
        ("/proc/sys/kernel/random/boot_id", "another"),
    ],
)
def test_every_change_is_seen_through_the_cache(tree: Tree, tmp_path: Path, path: str, text: str) -> None:
    def remembered() -> dict[int, KfdNode]:
        return read_kfd_nodes(Host(tree.root, cache=str(tmp_path / "cache")))

    amd(tree, gpus=2)
    remembered()
    tree.file(path, text)
    assert remembered() == read_kfd_nodes(tree.host)

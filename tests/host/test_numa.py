from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cod.host.numa import format_list, parse_list, parse_mask
from tests.machines.tree import Tree

NODES = "/sys/devices/system/node"


@given(st.frozensets(st.integers(0, 500)))
def test_a_list_of_the_kernel_is_read_and_written(numbers: frozenset[int]) -> None:
    ordered = tuple(sorted(numbers))
    assert parse_list(format_list(ordered)) == ordered


@pytest.mark.parametrize("text", ["", "a", "3-1", "-1", "1,,2", "0-99999999999", "1-", "0x1", "1_0"])
def test_what_is_no_list_has_no_numbers(text: str) -> None:
    assert parse_list(text) == ()


def test_a_list_of_thousands_of_wide_ranges_takes_no_time() -> None:
    started = time.process_time()
    assert parse_list(",".join(["0-65535"] * 100_000)) == ()
    assert time.process_time() - started < 1


@given(st.text())
def test_any_text_can_be_asked_for_its_numbers(text: str) -> None:
    assert all(number >= 0 for number in parse_list(text))


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("0000,00000000,0000ffff\n", (*range(16),)),
        ("1,00000001\n", (0, 32)),
        ("f", (0, 1, 2, 3)),
        ("", ()),
        ("0", ()),
        ("1,,1", ()),
        ("123456789", ()),
        ("-1", ()),
    ],
)
def test_a_mask_names_numbers(text: str, numbers: tuple[int, ...]) -> None:
    assert parse_mask(text) == numbers


@given(st.sets(st.integers(0, 200)))
def test_a_mask_as_the_kernel_writes_it_gives_its_numbers(numbers: set[int]) -> None:
    bits = f"{sum(1 << number for number in numbers):056x}"
    assert parse_mask(",".join(bits[start : start + 8] for start in range(0, 56, 8))) == tuple(
        sorted(numbers)
    )


def test_nodes_may_be_sparse_and_may_have_no_cpu(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    tree.file(f"{NODES}/online", "0,250\n")
    tree.file(f"{NODES}/node0/cpulist", "0-3\n")
    tree.file(f"{NODES}/node0/distance", "10 80\n")
    tree.file(f"{NODES}/node0/meminfo", "Node 0 MemTotal:       1024 kB\n")
    tree.file(f"{NODES}/node250/cpulist", "\n")
    tree.file(f"{NODES}/node250/distance", "80 10\n")
    nodes = tree.host.numa
    assert nodes[0].cpus == (0, 1, 2, 3)
    assert nodes[0].memory == 2**20
    assert nodes[0].distances == {0: 10, 250: 80}
    assert nodes[250].cpus == ()
    assert nodes[250].distances == {0: 80, 250: 10}


def test_a_machine_without_a_list_of_nodes_has_those_whose_directories_are_there(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    tree.directory(f"{NODES}/node1/cpu7")
    tree.directory(f"{NODES}/node1/cpu6")
    assert {number: node.cpus for number, node in tree.host.numa.items()} == {1: (6, 7)}


def test_a_node_that_is_called_online_and_is_not_shown_is_none(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    tree.file(f"{NODES}/online", "0-2,65535\n")
    tree.file(f"{NODES}/node2/distance", "30 20 10 11\n")
    tree.directory(f"{NODES}/node2x")
    assert list(tree.host.numa) == [2]
    assert tree.host.numa[2].distances == {0: 30, 1: 20, 2: 10, 65535: 11}


def test_a_machine_that_says_nothing_has_no_nodes(tmp_path: Path) -> None:
    assert Tree(tmp_path).host.numa == {}

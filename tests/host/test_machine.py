from __future__ import annotations

import os
import random
import re
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cod.host import Host, Simulation
from cod.host.files import Memory
from cod.host.machine import natural_order
from cod.resource.names import subdomain_flaws

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a device node")


def put(root: Path, path: str, text: str = "") -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def test_files_are_read_below_the_root(tmp_path: Path) -> None:
    put(tmp_path, "sys/x", "1\n")
    assert Host(tmp_path).read("/sys/x") == "1\n"


def test_a_file_that_is_missing_or_a_directory_reads_as_nothing(tmp_path: Path) -> None:
    (tmp_path / "sys").mkdir()
    assert Host(tmp_path).read("/sys/y") == Host(tmp_path).read("/sys") == ""


def test_a_link_out_of_a_recorded_machine_counts_as_absent(tmp_path: Path) -> None:
    root = tmp_path / "root"
    put(tmp_path, "secret", "s")
    (root / "dev").mkdir(parents=True)
    (root / "dev/a").symlink_to(tmp_path / "secret")
    (root / "dev/b").symlink_to("../../secret")
    (root / "out").symlink_to(tmp_path)
    (root / "dev/loop").symlink_to("loop")
    host = Host(root)
    assert [host.read(path) for path in ("/dev/a", "/dev/b", "/out/secret", "/dev/loop")] == [""] * 4
    assert host.read("/../secret") == ""
    assert host.glob("/dev/*") == host.glob("/out/*") == []


def test_matches_come_in_natural_order(tmp_path: Path) -> None:
    for number in random.Random(1).sample(range(12), 12):
        put(tmp_path, f"dev/cpu/{number}/cpuid")
    assert Host(tmp_path).glob("/dev/cpu/*/cpuid") == [f"/dev/cpu/{number}/cpuid" for number in range(12)]


def test_names_that_match_a_pattern_whole_come_in_natural_order(tmp_path: Path) -> None:
    for name in ("card10", "card2", "card2-HDMI", "renderD128"):
        put(tmp_path, f"dev/dri/{name}")
    assert Host(tmp_path).matching("/dev/dri", re.compile(r"card\d+")) == ["card2", "card10"]
    assert Host(tmp_path).matching("/dev/dri", r"card\d+") == ["card2", "card10"]
    assert Host(tmp_path).matching("/none", re.compile(".*")) == []
    assert Host(tmp_path).matching("/none", ".*") == []


def test_names_can_be_had_unsorted(tmp_path: Path) -> None:
    put(tmp_path, "dev/b")
    put(tmp_path, "dev/a")
    assert Host(tmp_path).unsorted_names("/dev") == {"a", "b"}
    assert Host(tmp_path).unsorted_names("/none") == frozenset()


def test_a_device_node_is_described_by_its_numbers() -> None:
    node = Host(Path("/")).node("/dev/null")
    assert node is not None
    assert (node.path, node.kind, node.major, node.minor) == ("/dev/null", "c", 1, 3)
    assert node.mode == stat.S_IMODE(Path("/dev/null").stat().st_mode)


def test_what_is_no_device_node_is_none(tmp_path: Path) -> None:
    put(tmp_path, "dev/x")
    assert Host(tmp_path).node("/dev/x") is Host(tmp_path).node("/dev") is Host(tmp_path).node("/no") is None


@needs_root
def test_a_recorded_machine_may_have_device_nodes(tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    os.mknod(tmp_path / "dev/disk", stat.S_IFBLK | 0o640, os.makedev(8, 17))
    (tmp_path / "dev/disk").chmod(0o640)
    node = Host(tmp_path).node("/dev/disk")
    assert node is not None
    assert (node.kind, node.major, node.minor, node.mode) == ("b", 8, 17, 0o640)


def test_the_name_of_a_node_is_the_host_name_in_lower_case(tmp_path: Path) -> None:
    assert Host(tmp_path).node_name == "localhost"
    put(tmp_path, "proc/sys/kernel/hostname", "Lab-7\n")
    assert Host(tmp_path).node_name == "lab-7"


@pytest.mark.parametrize(
    ("host_name", "node_name"),
    [
        ("my_box.Lab.example\n", "my-box.lab.example"),
        ("-a..b-.", "a.b"),
        ("(none)", "localhost"),
        ("\u00fc__.-\xff", "localhost"),
        ("\x1b[2J", "2j"),
    ],
)
def test_what_the_name_of_a_node_may_not_have_in_it_becomes_a_dash(
    tmp_path: Path, host_name: str, node_name: str
) -> None:
    put(tmp_path, "proc/sys/kernel/hostname", host_name)
    assert Host(tmp_path).node_name == node_name


@given(st.text())
def test_the_name_of_a_node_is_always_one_that_kubernetes_takes(text: str) -> None:
    host = Host(Path("/nowhere"), Simulation("", Memory({"/proc/sys/kernel/hostname": text}), ("/proc",)))
    assert not [*subdomain_flaws(host.node_name)]


def test_numbers_of_any_length_sort() -> None:
    names = ["a" + "9" * 5000, "a" + "1" * 5000, "a2", "a010"]
    assert sorted(names, key=natural_order) == ["a2", "a010", "a" + "1" * 5000, "a" + "9" * 5000]


@given(st.lists(st.integers(0, 10**6), unique=True))
def test_numbers_in_names_sort_as_numbers(numbers: list[int]) -> None:
    names = [f"gpu{number}" for number in numbers]
    assert sorted(names, key=natural_order) == [f"gpu{number}" for number in sorted(numbers)]


@given(st.lists(st.text(max_size=8)))
def test_any_two_names_can_be_compared(names: list[str]) -> None:
    keys = sorted(map(natural_order, names))
    assert keys == [natural_order(name) for name in sorted(names, key=natural_order)]


def test_a_part_of_a_file_is_read_without_the_rest(tmp_path: Path) -> None:
    put(tmp_path, "lib", "0123456789")
    host = Host(tmp_path)
    assert host.part("/lib", 3, 4) == b"3456"
    assert host.part("/lib", 8, 100) == b"89"
    assert host.part("/lib", 100, 1) == host.part("/none", 0, 1) == host.part("/lib", -1, 2) == b""
    assert host.part("/lib", 2**70, 1) == host.part("/lib", 0, -1) == b""
    (tmp_path / "link").symlink_to("/lib")
    assert host.part("/link", 0, 2) == b"01"


def test_a_node_leads_to_its_device_in_sysfs(tmp_path: Path) -> None:
    put(tmp_path, "dev/x", "c 10:1 0600 0 0")
    put(tmp_path, "dev/y", "b 10:1 0600 0 0")
    put(tmp_path, "sys/devices/virtual/misc/x/dev", "10:1")
    (tmp_path / "sys/dev/char").mkdir(parents=True)
    (tmp_path / "sys/dev/char/10:1").symlink_to("../../devices/virtual/misc/x")
    host = Host(tmp_path)
    nodes = [node for path in ("/dev/x", "/dev/y") if (node := host.node(path))]
    assert [*map(host.directory_of, nodes)] == ["/sys/devices/virtual/misc/x", ""]

from __future__ import annotations

from pathlib import Path

import pytest

from cod.host.in_use import InUse
from tests.machines.edge import edge
from tests.machines.tree import Tree


def why(tree: Tree, path: str) -> str:
    host = tree.host
    node = host.node(path)
    assert node is not None
    return InUse(host).why(node, host.directory_of(node))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/dev/sda1", "it is mounted or swapped to"),
        ("/dev/sda2", "it is mounted or swapped to"),
        ("/dev/sda", "it, or a part of it, is mounted or swapped to"),
        ("/dev/sdb1", "it is mounted or swapped to"),
        ("/dev/sdc", "it is mounted or swapped to"),
        ("/dev/sdd", "it is part of another disk"),
        ("/dev/sdd1", "it is part of another disk"),
        ("/dev/sdd2", ""),
        ("/dev/sde", ""),
        ("/dev/dm-0", ""),
        ("/dev/loop0", ""),
        ("/dev/loop1", "a file is attached to it"),
        ("/dev/sg0", "a disk on it is in use"),
        ("/dev/bus/usb/001/006", "a disk on it is in use"),
        ("/dev/bus/usb/001/002", ""),
        ("/dev/ttyS0", "it is a console"),
        ("/dev/ttyS1", ""),
        ("/dev/console", "it is a console"),
        ("/dev/kvm", ""),
    ],
)
def test_a_machine_uses_what_is_mounted_swapped_to_joined_or_its_console(
    tmp_path: Path, path: str, expected: str
) -> None:
    tree = Tree(tmp_path)
    edge(tree)
    assert why(tree, path) == expected


def test_what_a_mounted_volume_is_made_of_is_in_use(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    edge(tree)
    tree.file("/proc/self/mountinfo", "22 1 253:0 / / rw - ext4 /dev/mapper/vg-root rw\n")
    tree.link("/sys/devices/virtual/block/dm-0/slaves/sdd1", "/sys/dev/block/8:49")
    assert why(tree, "/dev/dm-0") == "it is mounted or swapped to"
    assert why(tree, "/dev/sdd") == "it, or a part of it, is mounted or swapped to"


def test_all_disks_of_a_btrfs_are_in_use(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    edge(tree)
    tree.link("/sys/fs/btrfs/0123-45/devices/sde", "/sys/dev/block/8:64")
    assert why(tree, "/dev/sde") == "it, or a part of it, is mounted or swapped to"


@pytest.mark.parametrize(
    "text", ["\n\n", "x", "1 2 : 4", "1 2 99999999999999999999:1 / - x /dev/nope", "a b 8:x / -", "\0\xff"]
)
def test_lists_that_cannot_be_read_use_nothing(tmp_path: Path, text: str) -> None:
    tree = Tree(tmp_path)
    edge(tree)
    tree.file("/proc/self/mountinfo", text)
    tree.file("/proc/swaps", text)
    assert why(tree, "/dev/sda") == ""

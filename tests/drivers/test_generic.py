from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from cod.cdi.spec import DeviceNode
from cod.drivers.generic import Generic, Rule
from cod.host import Host, open_host

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a device node")


def nodes(root: Path, *paths: str) -> Host:
    for number, path in enumerate(paths):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        os.mknod(root / path, stat.S_IFCHR | 0o600, os.makedev(10, number))
    return Host(root)


def test_every_device_found_here_is_a_node_at_the_same_path() -> None:
    for each in Generic().discover(open_host("/")):
        (node,) = each.edits.device_nodes
        assert Path(node.path).is_char_device()
        assert each.device.attributes["path"].string == node.path
        assert each.kind == f"cod.dev/{each.device.attributes['cod.dev/class'].string}"


@needs_root
def test_devices_are_named_after_their_class_and_number(tmp_path: Path) -> None:
    host = nodes(
        tmp_path, "dev/kvm", "dev/fuse", "dev/net/tun", "dev/hwrng", "dev/cpu/0/cpuid", "dev/cpu/10/cpuid"
    )
    names = [each.qualified_name for each in Generic().discover(host)]
    assert names == [
        "cod.dev/kvm=kvm",
        "cod.dev/fuse=fuse",
        "cod.dev/tun=tun",
        "cod.dev/hwrng=hwrng",
        "cod.dev/cpuid=cpuid0",
        "cod.dev/cpuid=cpuid10",
    ]


@needs_root
def test_numbers_are_left_to_whoever_injects(tmp_path: Path) -> None:
    (found,) = Generic().discover(nodes(tmp_path, "dev/kvm"))
    assert found.edits.device_nodes == (DeviceNode(path="/dev/kvm", permissions="rw"),)


def test_a_file_that_is_no_device_node_is_no_device(tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/kvm").touch()
    assert list(Generic().discover(Host(tmp_path))) == []


@needs_root
def test_a_new_rule_needs_one_line(tmp_path: Path) -> None:
    driver = Generic(rules=(Rule("video", ("/dev/video*",)),))
    found = driver.discover(nodes(tmp_path, "dev/video10", "dev/video2"))
    assert [each.device.name for each in found] == ["video2", "video10"]
    assert [each.name for each in driver.classes()] == ["video"]

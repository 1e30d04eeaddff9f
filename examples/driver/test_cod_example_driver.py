"""The driver on a recorded machine: a directory with the files that the kernel would show."""

from __future__ import annotations

from pathlib import Path

from cod_example_driver import Loop

from cod.drivers import discover
from cod.host import open_host


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_loop_device_that_has_a_file_is_not_for_others(tmp_path: Path) -> None:
    for number in (0, 1):
        put(tmp_path / f"sys/class/block/loop{number}/uevent", f"DEVNAME=loop{number}\n")
        put(tmp_path / f"dev/loop{number}", f"b 7:{number} 0660 0 6\n")  # stands for a device node
    put(tmp_path / "sys/class/block/loop1/loop/backing_file", "/image\n")
    found = discover(open_host(str(tmp_path)), [Loop()]).found.values()
    assert [each.qualified_name for each in found] == ["example.com/loop=loop0", "example.com/loop=loop1"]
    assert [bool(each.device.taints) for each in found] == [False, True]

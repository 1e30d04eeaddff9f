from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cod.cdi.emit import to_data, to_json, to_yaml
from cod.cdi.names import InvalidName
from cod.cdi.problem import InvalidSpec
from cod.cdi.spec import ContainerEdits, Device, DeviceNode, Spec
from cod.cdi.write import (
    WriteFailed,
    file_name,
    name_for_spec,
    name_for_transient_spec,
    remove,
    transient_spec_name,
    write,
    write_bytes,
)

NODE = ContainerEdits(device_nodes=(DeviceNode(path="/dev/gpu0"),))
SPEC = Spec(cdi_version="0.3.0", kind="vendor.com/gpu", devices=(Device(name="gpu0", container_edits=NODE),))

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a file system")


def test_a_spec_is_written_under_the_name_of_its_kind(tmp_path: Path) -> None:
    path = write(SPEC, tmp_path)
    assert path == tmp_path / "vendor.com-gpu.yaml"
    assert path.read_bytes() == to_yaml(SPEC)
    assert yaml.safe_load(path.read_bytes())["devices"] == to_data(SPEC)["devices"]


def test_the_ending_of_the_name_chooses_the_format(tmp_path: Path) -> None:
    assert write(SPEC, tmp_path, "a.json").read_bytes() == to_json(SPEC)
    assert write(SPEC, tmp_path, "a.yaml").read_bytes() == to_yaml(SPEC)
    assert write(SPEC, tmp_path, "a.yml") == tmp_path / "a.yml.yaml"
    assert write(SPEC, tmp_path, ".json").read_bytes() == to_json(SPEC)


def test_directories_are_made_and_all_is_readable_whatever_the_umask(tmp_path: Path) -> None:
    umask = os.umask(0o077)
    try:
        path = write(SPEC, tmp_path / "etc" / "cdi")
    finally:
        os.umask(umask)
    assert mode(path) == 0o644
    assert mode(path.parent) == mode(path.parent.parent) == 0o755


def test_a_directory_that_was_there_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    write(SPEC, tmp_path)
    assert mode(tmp_path) == 0o700


def test_an_invalid_spec_is_not_written_and_all_its_problems_are_told(tmp_path: Path) -> None:
    broken = Spec(cdi_version="0.3.0", kind="vendor.com/gpu", devices=(Device(name="-"), Device(name="a b")))
    with pytest.raises(InvalidSpec) as refusal:
        write(broken, tmp_path / "new")
    assert len(refusal.value.problems) >= 2
    assert refusal.value.where == str(tmp_path / "new" / "vendor.com-gpu.yaml")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "/etc/cdi/x", "a/b.yaml", "x/", "./x", "a\0b"])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidName, match="invalid file name"):
        write(SPEC, tmp_path / "cdi", name)
    with pytest.raises(InvalidName, match="invalid file name"):
        remove(tmp_path / "cdi", name)
    assert list(tmp_path.iterdir()) == []


@given(st.text(max_size=20))
def test_every_name_that_is_taken_stays_in_its_directory_and_is_seen_by_readers(name: str) -> None:
    try:
        taken = file_name(name)
    except InvalidName:
        return
    assert Path("/etc/cdi", taken).parent == Path("/etc/cdi")
    assert taken.endswith((".json", ".yaml"))
    assert file_name(taken) == taken


def test_an_existing_file_is_replaced_or_if_wished_left_alone(tmp_path: Path) -> None:
    old = tmp_path / "a.yaml"
    old.write_text("old")
    with pytest.raises(WriteFailed, match="file exists") as failure:
        write(SPEC, tmp_path, "a", overwrite=False)
    assert failure.value.hint
    assert contents(tmp_path) == {"a.yaml": b"old"}
    write(SPEC, tmp_path, "a")
    assert contents(tmp_path) == {"a.yaml": to_yaml(SPEC)}
    write(SPEC, tmp_path, "b", overwrite=False)
    assert contents(tmp_path) == {"a.yaml": to_yaml(SPEC), "b.yaml": to_yaml(SPEC)}


def test_a_link_is_replaced_and_what_it_points_to_is_left_alone(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "cdi"
    outside.write_text("precious")
    inside.mkdir()
    (inside / "a.yaml").symlink_to(outside)
    write(SPEC, inside, "a")
    assert outside.read_text() == "precious"
    assert not (inside / "a.yaml").is_symlink()


def test_a_file_is_removed_once(tmp_path: Path) -> None:
    write(SPEC, tmp_path, "a")
    assert remove(tmp_path, "a") is True
    assert remove(tmp_path, "a") is False
    assert remove(tmp_path / "absent", "a") is False
    assert contents(tmp_path) == {}


def test_what_cannot_be_removed_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").mkdir()
    with pytest.raises(WriteFailed, match="failed to remove file") as failure:
        remove(tmp_path, "a")
    assert failure.value.where == str(tmp_path / "a.yaml")


def test_a_name_that_is_too_long_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(WriteFailed, match="file name too long") as failure:
        write(SPEC, tmp_path, "n" * 300)
    assert "shorter" in failure.value.hint
    assert contents(tmp_path) == {}


def test_the_longest_name_that_the_file_system_takes_is_taken(tmp_path: Path) -> None:
    name = "n" * (os.pathconf(tmp_path, "PC_NAME_MAX") - len(".yaml"))
    assert write(SPEC, tmp_path, name).exists()


def test_a_file_or_a_directory_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "a.yaml").mkdir()
    with pytest.raises(WriteFailed, match="not a directory"):
        write(SPEC, tmp_path / "file" / "cdi")
    with pytest.raises(WriteFailed, match="is a directory"):
        write(SPEC, tmp_path, "a")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.yaml", "file"]


def test_a_directory_of_others_is_told_with_what_to_do(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    script = (
        "import os, sys\nfrom cod.cdi.write import WriteFailed, write_bytes\n"
        "if os.geteuid() == 0: os.setuid(65534)\n"
        "try: write_bytes(b'x', sys.argv[1])\n"
        "except WriteFailed as failure: print(failure.what, '|', failure.hint)\n"
    )
    arguments = [sys.executable, "-c", script, str(tmp_path / "a.yaml")]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("failed to write file: permission denied | ")
    assert "sudo" in done.stdout
    assert contents(tmp_path) == {}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")
    yield disk
    subprocess.run(["umount", disk], check=True)


@needs_root
def test_on_a_full_disk_the_old_file_stays_and_nothing_is_left_over(small_disk: Path) -> None:
    write_bytes(b"old", small_disk / "a.yaml")
    with pytest.raises(WriteFailed, match="no space left on device") as failure:
        write_bytes(b"new" * 100_000, small_disk / "a.yaml")
    assert "make room" in failure.value.hint
    assert contents(small_disk) == {"a.yaml": b"old"}


@needs_root
def test_on_a_read_only_file_system_nothing_changes(small_disk: Path) -> None:
    write(SPEC, small_disk, "a")
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(WriteFailed, match="read-only") as failure:
        write(SPEC, small_disk, "b")
    assert "another directory" in failure.value.hint
    with pytest.raises(WriteFailed, match="read-only"):
        remove(small_disk, "a")
    assert contents(small_disk) == {"a.yaml": to_yaml(SPEC)}


ENDLESS_WRITER = """
import sys
from cod.cdi.write import write_bytes
sizes = [1_000_000, 2_000_000]
while True:
    for size in sizes:
        write_bytes(str(size).encode() * size, sys.argv[1])
"""


@pytest.mark.parametrize("milliseconds", [1, 3, 7, 20])
def test_a_writer_that_is_killed_leaves_an_old_or_a_new_file_and_never_a_part(
    tmp_path: Path, milliseconds: int
) -> None:
    path = tmp_path / "a.yaml"
    writer = subprocess.Popen([sys.executable, "-c", ENDLESS_WRITER, str(path)])
    while not path.exists():
        time.sleep(0.001)
    time.sleep(milliseconds / 1000)
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    assert path.read_bytes() in [str(size).encode() * size for size in (1_000_000, 2_000_000)]
    assert [each for each in tmp_path.iterdir() if each.suffix in (".yaml", ".json")] == [path]


def test_readers_never_see_a_part_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    writer = subprocess.Popen([sys.executable, "-c", ENDLESS_WRITER, str(path)])
    try:
        while not path.exists():
            time.sleep(0.001)
        for _ in range(100):
            assert len(path.read_bytes()) in (7_000_000, 14_000_000)
    finally:
        writer.kill()
        writer.wait()


def test_of_many_writers_that_may_not_overwrite_one_wins(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom cod.cdi.write import WriteFailed, write_bytes\n"
        "try: write_bytes(sys.argv[2].encode() * 1000, sys.argv[1], overwrite=False)\n"
        "except WriteFailed: sys.exit(3)\n"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "a.yaml"), str(number)])
        for number in range(5)
    ]
    codes = [writer.wait() for writer in writers]
    assert sorted(codes) == [0, 3, 3, 3, 3]
    assert contents(tmp_path) == {"a.yaml": str(codes.index(0)).encode() * 1000}


def test_the_name_of_a_transient_spec_holds_its_id() -> None:
    assert transient_spec_name("vendor.com", "gpu", "pod/1") == "vendor.com-gpu_pod_1"
    assert name_for_transient_spec(SPEC, "claim") == "vendor.com-gpu_claim"


def test_a_spec_without_a_kind_has_no_name() -> None:
    with pytest.raises(InvalidName, match='invalid vendor/class "gpu" in Spec'):
        name_for_spec(Spec(kind="gpu"))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}

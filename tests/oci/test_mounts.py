"""Mounts into a container that is made already: a process with a mount namespace and a root directory."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cod.oci.edits import join_edits
from cod.oci.hooks import beyond_hooks
from tests.test_pages import REPOSITORY

MOUNTS = """
import sys
sys.path.append(sys.argv[1])
from cod.errors import CodError
from cod.oci.mounts import inside
try:
    with inside(int(sys.argv[2]), sys.argv[3]) as container:
        container.mount(sys.argv[4], sys.argv[5], sys.argv[6].split(","))
except CodError as error:
    sys.exit(error.what)
"""


@pytest.fixture
def made(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    (tmp_path / "root").mkdir()
    (tmp_path / "source").mkdir()
    (tmp_path / "source/file").write_text("host")
    words = ["unshare", "--mount", "sh", "-c", 'echo ready; while read line; do eval "$line"; done']
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    with process:
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            pytest.skip("unshare --mount is not permitted")
        yield process
        process.kill()


def mount(process: subprocess.Popen[str], source: str, target: str, options: str) -> str:
    directory = Path(f"/proc/{process.pid}/cwd").readlink()
    paths = (str(process.pid), f"{directory}/root", f"{directory}/{source}", target, options)
    words = [sys.executable, "-c", MOUNTS, str(REPOSITORY / "src"), *paths]
    return subprocess.run(words, capture_output=True, text=True, check=False).stderr


def says(process: subprocess.Popen[str], script: str) -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{script} 2>&1 | tail -n 1\n")
    process.stdin.flush()
    return process.stdout.readline()


def test_a_mount_is_seen_in_the_container_alone(made: subprocess.Popen[str], tmp_path: Path) -> None:
    assert mount(made, "source", "/opt/deep/x", "ro,nosuid,rprivate") == ""
    assert says(made, "cat root/opt/deep/x/file; echo") == "host\n"
    assert "Read-only file system" in says(made, "touch root/opt/deep/x/new")
    options = says(made, "grep ' [^ ]*/opt/deep/x ' /proc/self/mountinfo")
    assert " ro,nosuid" in options
    assert "shared:" not in options
    assert [*(tmp_path / "root/opt/deep/x").iterdir()] == []


def test_a_file_is_mounted_onto_a_file(made: subprocess.Popen[str]) -> None:
    assert mount(made, "source/file", "/etc/file", "bind") == ""
    assert says(made, "cat root/etc/file; echo") == "host\n"


@pytest.mark.parametrize("link", ["/", "../../../../../../..", "{outside}"])
def test_a_link_leads_nowhere_but_into_the_container(
    made: subprocess.Popen[str], tmp_path: Path, link: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "root/link").symlink_to(link.format(outside=outside))
    mount(made, "source", "/link/x", "ro")
    assert [*outside.iterdir()] == []
    assert says(made, f"ls {outside}; echo end") == "end\n"
    assert says(made, "ls /x; echo end").endswith("end\n")
    assert not Path("/x").exists()


def test_what_cannot_be_mounted_is_told(made: subprocess.Popen[str]) -> None:
    assert "/x cannot be mounted: no such file" in mount(made, "none", "/x", "ro")
    assert "with noatime" in mount(made, "source", "/x", "ro,noatime")


def test_a_mount_of_another_kind_is_beyond_a_hook() -> None:
    edits = join_edits([{"mounts": [{"hostPath": "tmpfs", "containerPath": "/x", "type": "tmpfs"}]}])
    assert [*beyond_hooks(edits)] == ["mount /x of type tmpfs: only what the host has can be bound"]

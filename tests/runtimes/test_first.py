"""How the first process of a container is found, where the user wants to know it, too."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cod.cdi.spec import ContainerEdits
from cod.prepare import Prepared
from cod.runtimes.choose import command_for
from cod.runtimes.first import newly_written, written_in
from tests.runtimes.stand_in import stand_in

PREPARED = Prepared("cod.dev/claim=m", ContainerEdits(), Path("/run/cdi/m.json"))


def test_what_a_file_said_before_is_of_an_earlier_container(tmp_path: Path) -> None:
    path = tmp_path / "pid"
    path.write_text("17")
    find = written_in(path)
    assert find(1) is None
    (tmp_path / "new").write_text("18\n")
    (tmp_path / "new").replace(path)
    assert find(1) == 18


@pytest.mark.parametrize("content", [b"", b"x", b"\xff", b"9" * 5000])
def test_what_is_no_number_is_none(tmp_path: Path, content: bytes) -> None:
    find = written_in(tmp_path / "pid")
    assert find(1) is None
    (tmp_path / "pid").write_bytes(content)
    assert find(1) is None


def test_a_file_that_is_written_anew_is_read(tmp_path: Path) -> None:
    path = tmp_path / "id"
    text = newly_written(path)
    assert text() == ""
    path.write_text("abc\n")
    assert text() == "abc"


@pytest.mark.parametrize(
    ("line", "option"),
    [
        ("podman run --pidfile {} I", "--pidfile"),
        ("runc run --pid-file {} ID", "--pid-file"),
        ("crun run --pid-file={} ID", "--pid-file"),
        ("ctr run --pid-file {} I ID", "--pid-file"),
    ],
)
def test_the_users_own_file_is_written_and_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, option: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    path = tmp_path / "mine"
    path.write_text("17")
    words = tuple(line.format(path).split())
    environ = stand_in(tmp_path / "bin", words[0], version=f"{words[0]} version 4.9.3")
    launch = command_for(words, environ).launch(PREPARED, tmp_path)
    assert f"{option} {path}" in " ".join(launch.argv)
    assert str(tmp_path / "pid") not in launch.argv
    assert launch.first is not None
    assert launch.first(1) is None
    path.write_text(f"{os.getpid()}")
    assert launch.first(1) == os.getpid()

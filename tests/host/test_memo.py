from __future__ import annotations

import os
from pathlib import Path

import pytest

from cod.host import open_host
from cod.host.memo import Memo


@pytest.fixture
def memo(tmp_path: Path) -> Memo:
    return Memo(str(tmp_path / "cache"), "/")


def kept(tmp_path: Path) -> Path:
    (file,) = (tmp_path / "cache").iterdir()
    return file


def test_what_is_kept_is_found_under_the_same_fingerprint_only(memo: Memo) -> None:
    assert memo.find("kfd", "1") is None
    memo.keep("kfd", "1", b"answer")
    assert memo.find("kfd", "1") == b"answer"
    assert memo.find("kfd", "2") is memo.find("pci", "1") is None
    memo.keep("kfd", "2", b"other")
    assert memo.find("kfd", "2") == b"other"


def test_another_machine_has_a_memo_of_its_own(memo: Memo, tmp_path: Path) -> None:
    memo.keep("kfd", "1", b"answer")
    assert Memo(str(tmp_path / "cache"), "/other").find("kfd", "1") is None


def test_every_damage_makes_it_absent(memo: Memo, tmp_path: Path) -> None:
    memo.keep("kfd", "1", b"answer")
    whole = kept(tmp_path).read_bytes()
    for length in range(len(whole)):
        kept(tmp_path).write_bytes(whole[:length])
        assert memo.find("kfd", "1") is None
        kept(tmp_path).write_bytes(whole[:length] + bytes([whole[length] ^ 1]) + whole[length + 1 :])
        assert memo.find("kfd", "1") is None


def test_a_file_that_others_may_write_does_not_count(memo: Memo, tmp_path: Path) -> None:
    memo.keep("kfd", "1", b"answer")
    kept(tmp_path).chmod(0o622)
    assert memo.find("kfd", "1") is None


def test_a_link_or_a_pipe_does_not_count(memo: Memo, tmp_path: Path) -> None:
    memo.keep("kfd", "1", b"answer")
    file = kept(tmp_path)
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    assert memo.find("kfd", "1") is None
    file.unlink()
    os.mkfifo(file)
    assert memo.find("kfd", "1") is None


def test_where_nothing_can_be_kept_nothing_is(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    memo = Memo(str(tmp_path / "cache"), "/")
    memo.keep("kfd", "1", b"answer")
    assert memo.find("kfd", "1") is None


def test_a_recorded_machine_is_read_again_when_a_file_of_it_was_written(tmp_path: Path) -> None:
    root = tmp_path / "machine"
    root.mkdir()
    (root / "file").write_text("one")
    asked = []

    def answer() -> list[str]:
        host = open_host(str(root), cache=str(tmp_path / "cache"))

        def read() -> list[str]:
            asked.append(1)
            return [host.read("/file")]

        return host.remembered("test", "1", ["/file"], read, list[str])

    assert answer() == answer() == ["one"]
    assert len(asked) == 1
    (root / "file").write_text("two")
    os.utime(root / "file", ns=(1, 1))
    assert answer() == ["two"]
    assert len(asked) == 2

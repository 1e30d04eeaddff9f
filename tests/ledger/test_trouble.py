from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cod.errors import CodError
from cod.ledger import Ledger, LedgerUnavailable
from tests.ledger.book import new, take

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a file system")


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB."""
    place = tmp_path / "small"
    place.mkdir()
    mounting: list[str | Path] = ["mount", "-t", "tmpfs", "-o", "size=256k,mode=0755", "none", place]
    if subprocess.run(mounting, check=False, stderr=subprocess.DEVNULL).returncode:
        pytest.skip("the permission to mount a file system is absent")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def fill(directory: Path, leave: int = 0) -> None:
    with open(directory / "filler", "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            file.truncate(max(file.tell() - leave, 0))


def take_and_give_back(ledger: Ledger, times: int) -> None:
    for _ in range(times):
        take(ledger, "again")
        ledger.give_back("again")


def refusal(path: Path) -> LedgerUnavailable:
    with pytest.raises(LedgerUnavailable) as caught, Ledger(path, patience=0.2) as ledger:
        take(ledger, "new")
    assert caught.value.where == str(path)
    assert caught.value.hint
    assert caught.value.exit_code == 3
    return caught.value


@needs_root
@pytest.mark.parametrize("leave", range(0, 80 * 1024, 8 * 1024))
def test_a_full_disk_is_told_wherever_it_strikes_and_nothing_is_half_done(small: Path, leave: int) -> None:
    fill(small, leave)
    try:
        with new(small) as ledger:
            for number in range(8):
                take(ledger, f"c{number}", 1)
    except LedgerUnavailable as error:
        assert "full" in error.what  # noqa: PT017, smaller leftovers must fail and larger ones may
        assert "make room" in error.hint  # noqa: PT017
    else:
        assert leave
    (small / "filler").unlink()
    with new(small) as ledger:
        names = ledger.names()
        held = sum(len(each.claim.results) for each in ledger.claims())
        assert held == len(names)
        take(ledger, "after", 8 - held) if held < 8 else None


@needs_root
def test_a_disk_that_fills_while_the_ledger_is_open_loses_no_claim(small: Path) -> None:
    with new(small) as ledger:
        kept = take(ledger, "kept", 2)
        fill(small)
        with pytest.raises(LedgerUnavailable, match="full"):
            take_and_give_back(ledger, 200)
        (small / "filler").unlink()
        assert "kept" in ledger.names()
        ledger.give_back("again")
        assert set(take(ledger, "rest", 6)).isdisjoint(kept)


@needs_root
def test_a_read_only_file_system_is_told(small: Path) -> None:
    with new(small) as ledger:
        take(ledger, "a")
    subprocess.run(["mount", "-o", "remount,ro", small], check=True)
    error = refusal(small / "ledger.db")
    assert "read-only" in error.what
    assert "COD_LEDGER" in error.hint
    assert "read-only" in refusal(small / "other.db").what
    assert "read-only" in refusal(small / "new/other.db").what


@needs_root
@pytest.mark.parametrize("path", ["ledger.db", "new/ledger.db"])
def test_a_ledger_of_another_user_is_told(path: str) -> None:
    directory = Path(tempfile.mkdtemp())
    try:
        directory.chmod(0o755)
        if path == "ledger.db":
            with new(directory) as ledger:
                take(ledger, "a")
        os.seteuid(65534)
        try:
            error = refusal(directory / path)
        finally:
            os.seteuid(0)
    finally:
        shutil.rmtree(directory)
    assert "permission denied" in error.what
    assert "COD_LEDGER" in error.hint


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="/proc is absent")
def test_a_file_system_without_a_size_is_not_called_full() -> None:
    assert "full" not in refusal(Path("/proc/cod.db")).what


def test_a_directory_or_a_file_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "directory").mkdir()
    assert "directory" in refusal(tmp_path / "directory").what
    (tmp_path / "file").touch()
    assert "a part of the path is a file" in refusal(tmp_path / "file/ledger.db").what


def test_a_file_that_is_no_database_is_told_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"my only copy of the thesis\n" * 100)
    error = refusal(path)
    assert "damaged" in error.what
    assert "broken" in error.hint
    assert path.read_bytes() == b"my only copy of the thesis\n" * 100


def test_a_database_of_another_program_is_told_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE cookies (x)")
    database.close()
    before = path.read_bytes()
    assert "another program" in refusal(path).what
    assert path.read_bytes() == before


def test_a_ledger_of_a_newer_cod_is_told_and_left_alone(tmp_path: Path) -> None:
    with new(tmp_path) as ledger:
        take(ledger, "a")
    database = sqlite3.connect(tmp_path / "ledger.db")
    database.execute("PRAGMA user_version = 3")
    database.close()
    error = refusal(tmp_path / "ledger.db")
    assert "a newer COD made it (its version is 3, this COD knows 2)" in error.what


def test_a_ledger_that_another_process_keeps_locked_is_told(tmp_path: Path) -> None:
    with new(tmp_path):
        pass
    database = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    database.execute("BEGIN IMMEDIATE")
    error = refusal(tmp_path / "ledger.db")
    database.close()
    assert "locked" in error.what
    assert "fuser" in error.hint


def test_the_way_out_that_the_hint_names_works(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"x" * 4096)
    command = refusal(path).hint.rpartition(": ")[2]
    subprocess.run(command, shell=True, check=True)
    with new(tmp_path) as ledger:
        assert take(ledger, "a") == ["gpu0"]


@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_ledger_never_gives_anything_but_a_clear_error(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    with new(tmp_path) as ledger:
        for number in range(6):
            take(ledger, f"c{number}")
    path = tmp_path / "ledger.db"
    data = bytearray(path.read_bytes())
    used = [place for place, byte in enumerate(data) if byte]
    for _ in range(dice.choice([1, 1, 3, 20])):
        data[dice.choice(used)] = dice.randrange(256)
    path.write_bytes(data[: dice.choice([len(data), len(data), dice.randrange(len(data))])])
    try:
        with Ledger(path, patience=0.2) as ledger:
            ledger.claims()
            take(ledger, "new")
            ledger.give_back("new")
    except CodError:
        pass

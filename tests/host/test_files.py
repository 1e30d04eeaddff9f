from __future__ import annotations

import os
import tempfile
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cod.host.files import MOST_BYTES, Disk, Files, Memory, Node, Recorded

NAMES = st.sampled_from(["a", "b", "c"])
PATHS = st.lists(NAMES, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))
TARGETS = st.one_of(
    PATHS, st.lists(st.sampled_from(["a", "b", "..", "."]), min_size=1, max_size=4).map("/".join)
)
TEXTS = st.one_of(
    st.sampled_from(["", "1\n", "c 1:3 0666 0 0\n"]), TARGETS.map(lambda target: f"-> {target}")
)


def written(root: Path, files: dict[str, str]) -> dict[str, str]:
    """Files on a disk, but for those that have no room since a file stands where a directory should."""
    made = {}
    for path, text in files.items():
        place = root / path[1:]
        parents = [root / str(each)[1:] for each in PurePosixPath(path).parents]
        if os.path.lexists(place) or any(each.is_symlink() or each.is_file() for each in parents):
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        if text.startswith("-> "):
            place.symlink_to(text[3:])
        else:
            place.write_text(text)
        made[path] = text
    return made


@given(st.dictionaries(PATHS, TEXTS, max_size=8), PATHS)
@settings(max_examples=300)
def test_what_is_in_memory_reads_as_the_same_tree_does_from_a_disk(files: dict[str, str], path: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        memory = Memory(written(root, files))
        recorded = Recorded(str(root))
        assert recorded.resolve(path) == memory.resolve(path)
        assert recorded.read(path) == memory.read(path)
        assert sorted(recorded.names(path)) == sorted(memory.names(path))
        assert recorded.node(path) == memory.node(path)
        for start, size in ((0, 3), (2, 100), (-1, 2), (1, -1), (100, 1)):
            assert recorded.part(path, start, size) == memory.part(path, start, size)


@given(st.dictionaries(PATHS, TEXTS, max_size=8), st.lists(PATHS, max_size=4))
def test_what_was_asked_before_changes_no_answer(files: dict[str, str], paths: list[str]) -> None:
    asked = Memory(files)
    for path in [*paths, *reversed(paths)]:
        assert asked.resolve(path) == Memory(files).resolve(path)


def test_a_file_was_changed_when_it_or_what_its_link_leads_to_was(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d/x").write_text("1")
    (tmp_path / "y").symlink_to("/d/x")
    (tmp_path / "away").symlink_to("/../../../etc/passwd")
    os.utime(tmp_path / "d/x", ns=(1, 12_345_678_901))
    recorded = Recorded(str(tmp_path))
    assert recorded.changed("/d/x") == recorded.changed("/y") == 12_345_678_901
    assert recorded.changed("/away") == recorded.changed("/none/x") == recorded.changed("/d/..") == 0


@given(st.dictionaries(PATHS, TEXTS, max_size=8), PATHS)
def test_a_path_without_links_resolves_to_itself(files: dict[str, str], path: str) -> None:
    memory = Memory(files)
    real = memory.resolve(path)
    assert real is None or memory.resolve(real) == real


def test_a_file_can_say_what_a_device_node_is(tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/x").write_text("c 195:255 0660 0 44\n")
    assert Recorded(str(tmp_path)).node("/dev/x") == Node("/dev/x", "c", 195, 255, 0o660, 0, 44)


@pytest.mark.parametrize(
    "text", ["", "c", "x 1:3 0666 0 0", "c 1 0666 0 0", "c a:b 0666 0 0", "c 1:3 9 0 0", "\xff"]
)
def test_a_file_that_says_no_device_node_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "x").write_text(text)
    assert Recorded(str(tmp_path)).node("/x") is None


def test_a_link_is_no_device_node_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("c 1:3 0666 0 0\n")
    (tmp_path / "y").symlink_to("x")
    assert Recorded(str(tmp_path)).node("/y") is None


@pytest.mark.parametrize("files", [Disk(), Recorded("/nowhere"), Memory({})])
@pytest.mark.parametrize("path", ["/no/such/thing", "/\0", "/" + "x" * 5000])
def test_what_is_not_there_is_absent_and_no_error(files: Files, path: str) -> None:
    assert files.read(path) is files.resolve(path) is files.node(path) is None
    assert not files.names(path)


def test_a_pipe_reads_as_nothing_and_does_not_wait(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert Recorded(str(tmp_path)).read("/pipe") == b""


def test_a_huge_file_is_read_in_part(tmp_path: Path) -> None:
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(MOST_BYTES + 10_000_000)
    data = Recorded(str(tmp_path)).read("/huge")
    assert data is not None
    assert MOST_BYTES <= len(data) < MOST_BYTES + 100_000

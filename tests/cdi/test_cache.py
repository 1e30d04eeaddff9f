"""The cache on disk may be anything: the answers are the same."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cod.cdi.build import build
from cod.cdi.cache import SpecCache
from cod.cdi.cache_place import cache_directory
from cod.cdi.files import SETTLING_NS, UnreadableFile
from cod.cdi.registry import Registry

KIND = "vendor.com/gpu"


def later() -> int:
    """A clock by which files written now have kept still for long enough to be trusted."""
    return time.time_ns() + 2 * SETTLING_NS


@pytest.fixture
def specs(tmp_path: Path) -> Path:
    for number in range(3):
        spec = build(f"vendor{number}.com/gpu")
        spec.device("a").env("N", str(number))
        spec.write(tmp_path / "specs", f"{number}.{'yaml' if number else 'json'}")
    return tmp_path / "specs"


def opened(specs: Path) -> Registry:
    cache = SpecCache(str(specs.parent / "cache"), [str(specs)])
    return Registry([specs], cache=cache, clock=later)


def answers(registry: Registry) -> object:
    names = registry.devices()
    return names, [registry.find(name) for name in names], registry.inject({}, names)


def cache_file(specs: Path) -> Path:
    (path,) = (specs.parent / "cache").iterdir()
    return path


def test_specs_from_the_cache_are_those_of_the_files(specs: Path) -> None:
    cold = answers(opened(specs))
    assert cache_file(specs).stat().st_mode & 0o777 == 0o600
    assert answers(opened(specs)) == cold == answers(Registry([specs]))


def test_what_is_in_the_cache_is_not_read_again(specs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cold = answers(opened(specs))
    monkeypatch.setattr("cod.cdi.registry.read_file", None)
    assert answers(opened(specs)) == cold


def test_a_file_that_changed_is_read_again(specs: Path) -> None:
    opened(specs)
    path = specs / "0.json"
    path.write_text(path.read_text().replace("N=0", "N=9"))
    assert answers(opened(specs)) == answers(Registry([specs]))


def test_a_file_written_just_now_is_not_kept(specs: Path) -> None:
    Registry([specs], cache=SpecCache(str(specs.parent / "cache"), [str(specs)]))
    cache = SpecCache(str(specs.parent / "cache"), [str(specs)])
    assert all(cache.find(file.path, file.identity) is None for file in opened(specs).files if file.identity)


@settings(max_examples=60, deadline=None)
@given(start=st.floats(0, 1), stop=st.floats(0, 1), junk=st.binary(max_size=8))
def test_a_damaged_cache_changes_no_answer(
    start: float, stop: float, junk: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    specs = tmp_path_factory.mktemp("damaged") / "specs"
    spec = build(KIND)
    spec.device("a").env("N", "1")
    spec.write(specs)
    wanted = answers(opened(specs))
    path = cache_file(specs)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(start * len(whole))] + junk + whole[int(stop * len(whole)) :])
    assert answers(opened(specs)) == wanted


def test_a_cache_cut_short_while_it_is_open_changes_no_answer(specs: Path) -> None:
    opened(specs)
    registry = opened(specs)
    os.truncate(cache_file(specs), 200)
    assert answers(registry) == answers(Registry([specs]))


def test_a_file_that_changes_after_its_cache_was_damaged_is_not_mistaken_for_the_old_one(specs: Path) -> None:
    opened(specs)
    registry = opened(specs)
    os.truncate(cache_file(specs), 200)
    spec = build("vendor0.com/gpu")
    spec.device("other").env("N", "1")
    spec.write(specs, "0.json")
    with pytest.raises(UnreadableFile, match="has changed"):
        registry.resolve(["vendor0.com/gpu=a"])
    assert registry.refresh()
    assert registry.find("vendor0.com/gpu=a") is None


def test_a_cache_that_others_may_write_does_not_count(specs: Path) -> None:
    opened(specs)
    cache_file(specs).chmod(0o666)
    cache = SpecCache(str(specs.parent / "cache"), [str(specs)])
    for file in opened(specs).files:
        assert file.identity is not None
        assert cache.find(file.path, file.identity) is None


def test_a_link_in_place_of_the_cache_does_not_count(specs: Path) -> None:
    opened(specs)
    path = cache_file(specs)
    path.rename(specs.parent / "moved")
    path.symlink_to(specs.parent / "moved")
    cache = SpecCache(str(specs.parent / "cache"), [str(specs)])
    assert not any(cache.find(file.path, file.identity) for file in Registry([specs]).files if file.identity)


def test_without_room_for_a_cache_there_is_none(specs: Path) -> None:
    (specs.parent / "cache").write_text("a file where the directory should be")
    assert answers(opened(specs)) == answers(Registry([specs]))


def test_the_cache_lies_where_the_environment_says() -> None:
    assert cache_directory({"COD_CACHE": "/x"}) == "/x"
    assert cache_directory({"COD_CACHE": "off"}) is None

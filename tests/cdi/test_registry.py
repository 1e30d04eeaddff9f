from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from cod.cdi.build import build
from cod.cdi.files import UnreadableFile
from cod.cdi.inject import InjectionFailed
from cod.cdi.problem import InvalidSpec
from cod.cdi.registry import ConflictingDevice, Registry, UnresolvableDevices

KIND = "vendor.com/gpu"


def put(directory: Path, name: str, *devices: str, kind: str = KIND, value: str = "1") -> Path:
    directory.mkdir(exist_ok=True)
    spec = build(kind)
    for device in devices:
        spec.device(device).env("DEVICE", value)
    return spec.write(directory, name)


def env(registry: Registry, *names: str) -> list[str]:
    return registry.inject({}, names)["process"]["env"]  # type: ignore[no-any-return]


def test_a_later_directory_takes_precedence(tmp_path: Path) -> None:
    put(tmp_path / "etc", "a.json", "gpu0", "gpu1", value="etc")
    put(tmp_path / "run", "a.json", "gpu0", value="run")
    registry = Registry([tmp_path / "etc", tmp_path / "run"])
    assert registry.devices() == [f"{KIND}=gpu0", f"{KIND}=gpu1"]
    assert env(registry, f"{KIND}=gpu0") == ["DEVICE=run"]
    assert env(registry, f"{KIND}=gpu1") == ["DEVICE=etc"]


def test_a_broken_file_hides_no_other(tmp_path: Path) -> None:
    put(tmp_path, "good.json", "gpu0")
    (tmp_path / "broken.json").write_text("{")
    registry = Registry([tmp_path])
    assert registry.devices() == [f"{KIND}=gpu0"]
    assert isinstance(registry.errors[str(tmp_path / "broken.json")][0], InvalidSpec)


def test_two_files_that_offer_the_same_device_are_both_told_and_neither_counts(tmp_path: Path) -> None:
    paths = [put(tmp_path, name, "gpu0") for name in ("a.json", "b.json")]
    registry = Registry([tmp_path])
    assert registry.find(f"{KIND}=gpu0") is None
    for path in paths:
        assert isinstance(registry.errors[str(path)][0], ConflictingDevice)
    with pytest.raises(UnresolvableDevices) as caught:
        registry.resolve([f"{KIND}=gpu0"])
    assert "conflicting device" in caught.value.causes[0]


def test_a_conflict_of_low_precedence_leaves_the_device_of_a_higher_one(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        put(tmp_path / "etc", name, "gpu0", value="etc")
    put(tmp_path / "run", "c.json", "gpu0", value="run")
    assert env(Registry([tmp_path / "etc", tmp_path / "run"]), f"{KIND}=gpu0") == ["DEVICE=run"]


def test_a_directory_that_cannot_be_listed_is_an_error_and_the_next_one_counts(tmp_path: Path) -> None:
    (tmp_path / "etc").write_text("no directory")
    put(tmp_path / "run", "a.json", "gpu0")
    registry = Registry([tmp_path / "etc", tmp_path / "run"])
    assert isinstance(registry.errors[str(tmp_path / "etc")][0], UnreadableFile)
    assert registry.devices() == [f"{KIND}=gpu0"]


def test_a_missing_directory_is_no_error_and_is_seen_when_it_appears(tmp_path: Path) -> None:
    registry = Registry([tmp_path / "run"])
    assert not registry.errors
    put(tmp_path / "run", "a.json", "gpu0")
    assert registry.devices() == []
    assert registry.refresh()
    assert registry.devices() == [f"{KIND}=gpu0"]


def test_a_registry_that_follows_sees_every_way_in_which_a_file_changes(tmp_path: Path) -> None:
    specs = tmp_path / "specs"
    path = put(specs, "a.json", "gpu0")
    registry = Registry([specs], follow=True)
    assert registry.devices() == [f"{KIND}=gpu0"]
    path.write_text(path.read_text().replace("gpu0", "gpu1"))
    assert registry.devices() == [f"{KIND}=gpu1"]
    put(tmp_path / "elsewhere", "a.json", "gpu2").rename(path)
    assert registry.devices() == [f"{KIND}=gpu2"]
    path.unlink()
    assert registry.devices() == []


def test_a_change_of_the_same_length_at_the_same_time_is_seen(tmp_path: Path) -> None:
    path = put(tmp_path, "a.json", "gpu0")
    times = path.stat()
    registry = Registry([tmp_path])
    path.write_text(path.read_text().replace("gpu0", "gpu1"))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert registry.refresh()
    assert registry.devices() == [f"{KIND}=gpu1"]


def test_a_refresh_without_a_change_says_so(tmp_path: Path) -> None:
    put(tmp_path, "a.json", "gpu0")
    (tmp_path / "broken.yaml").write_text("x: [")
    registry = Registry([tmp_path])
    assert not registry.refresh()


def test_an_unknown_device_is_refused_with_the_nearest_names_and_where_was_looked(tmp_path: Path) -> None:
    put(tmp_path, "a.json", "gpu0", "gpu1")
    (tmp_path / "b.json").write_text("{")
    config = {"ociVersion": "1.0.2"}
    with pytest.raises(UnresolvableDevices) as caught:
        Registry([tmp_path]).inject(config, [f"{KIND}=gpu0", f"{KIND}=gpu7", "gpu"])
    assert caught.value.what == f"unresolvable CDI devices {KIND}=gpu7, gpu"
    assert caught.value.names == (f"{KIND}=gpu7", "gpu")
    assert f"nearest: {KIND}=gpu" in caught.value.causes[0]
    assert "unqualified" in caught.value.causes[1]
    assert any(str(tmp_path) in cause for cause in caught.value.causes)
    assert config == {"ociVersion": "1.0.2"}


def test_a_device_that_fails_leaves_the_configuration_as_it_was(tmp_path: Path) -> None:
    spec = build(KIND)
    spec.device("gpu0").env("A", "b").node("/dev/there-is-no-such-node")
    spec.write(tmp_path)
    config = {"process": {"env": ["PATH=/bin"]}}
    before = json.dumps(config)
    with pytest.raises(InjectionFailed, match="failed to inject devices: failed to stat CDI host device"):
        Registry([tmp_path]).inject(config, [f"{KIND}=gpu0"])
    assert json.dumps(config) == before


def test_the_edits_of_a_file_come_once_before_those_of_its_first_device(tmp_path: Path) -> None:
    spec = build(KIND)
    spec.env("ALL", "1")
    for device in ("gpu0", "gpu1"):
        spec.device(device).env("ONE", device)
    spec.write(tmp_path)
    edits = Registry([tmp_path]).resolve([f"{KIND}=gpu1", f"{KIND}=gpu0"])
    assert edits.env == ("ALL=1", "ONE=gpu1", "ONE=gpu0")

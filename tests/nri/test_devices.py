from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cod.cdi import Registry, UnresolvableDevices
from cod.cdi.cache import SpecCache
from cod.cdi.files import SETTLING_NS
from cod.nri.devices import Devices, UnknownClaim
from tests.nri.specs import device, write_spec

A = "acme.com/toy=a"


def env_of(devices: Devices, *names: str) -> tuple[str, ...]:
    return devices.edits(names)[names[-1]].env


def test_what_devices_have_in_common_is_among_the_edits_of_each_and_once_among_those_of_all(
    tmp_path: Path,
) -> None:
    write_spec(tmp_path, device("a", env=["A=1"]), device("b", env=["B=1"]), env=["ALL=1"])
    devices = Devices(lambda: Registry([tmp_path]))
    names = [A, "acme.com/toy=b"]
    assert [each.env for each in devices.edits(names).values()] == [("ALL=1", "A=1"), ("ALL=1", "B=1")]
    assert devices.together(names).env == ("ALL=1", "A=1", "B=1")


def in_place(path: Path) -> None:
    path.write_text(path.read_text().replace("A=1", "A=2"))


def replaced(path: Path) -> None:
    write_spec(path.parent, device("a", env=["A=2"]))


def in_place_with_the_time_of_before(path: Path) -> None:
    before = path.stat()
    in_place(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("is_settled", [True, False])
@pytest.mark.parametrize("change", [in_place, replaced, in_place_with_the_time_of_before])
def test_a_spec_that_changes_is_read_again(
    tmp_path: Path, change: Callable[[Path], None], is_settled: bool
) -> None:
    path = write_spec(tmp_path, device("a", env=["A=1"]))
    devices = Devices(lambda: Registry([tmp_path]))
    if is_settled:
        time.sleep(SETTLING_NS / 1e9 + 0.1)
    for _ in range(2):
        assert env_of(devices, A) == ("A=1",)
    change(path)
    assert env_of(devices, A) == ("A=2",)


def test_a_spec_that_goes_and_comes_is_missed_and_found(tmp_path: Path) -> None:
    directory = tmp_path / "cdi"
    devices = Devices(lambda: Registry([directory]))
    for _ in range(2):
        with pytest.raises(UnresolvableDevices):
            devices.edits([A])
        directory.mkdir()
        path = write_spec(directory, device("a", env=["A=1"]))
        assert env_of(devices, A) == ("A=1",)
        path.unlink()
        with pytest.raises(UnresolvableDevices):
            devices.edits([A])
        directory.rmdir()


def test_a_later_directory_takes_precedence_as_soon_as_it_has_the_device(tmp_path: Path) -> None:
    low, high = tmp_path / "low", tmp_path / "high"
    low.mkdir()
    high.mkdir()
    write_spec(low, device("a", env=["A=low"]))
    devices = Devices(lambda: Registry([low, high]))
    assert env_of(devices, A) == ("A=low",)
    write_spec(high, device("a", env=["A=high"]))
    assert env_of(devices, A) == ("A=high",)


def test_of_a_claim_that_is_not_there_its_name_is_told(tmp_path: Path) -> None:
    names = [A, "cod.dev/claim=x", "cod.dev/claim=y"]
    with pytest.raises(UnknownClaim) as found:
        Devices(lambda: Registry([tmp_path])).edits(names, names[1:])
    assert found.value.what.startswith("no claim x, y is ready on this node: no CDI spec in ")
    assert "cod claim create x" in found.value.hint


def test_of_very_many_devices_that_are_not_there_the_first_are_told(tmp_path: Path) -> None:
    write_spec(tmp_path, *(device(f"d{n}", env=["A=1"]) for n in range(4000)))
    devices = Devices(lambda: Registry([tmp_path]))
    with pytest.raises(UnresolvableDevices) as found:
        devices.edits([f"acme.com/toy=x{n}" for n in range(4000)])
    assert len(found.value.names) == 3


def test_a_spec_that_changes_after_the_cache_was_damaged_is_read_again(tmp_path: Path) -> None:
    path = write_spec(tmp_path, device("a", env=["A=1"]))
    write_spec(tmp_path, device("b", env=["B=1"]), kind="acme.com/other")
    time.sleep(SETTLING_NS / 1e9 + 0.1)
    dirs = [str(tmp_path)]
    kept = tmp_path / "kept"
    kept.mkdir()
    Registry(dirs, cache=SpecCache(str(kept), dirs))
    cache = SpecCache(str(kept), dirs)
    devices = Devices(lambda: Registry(dirs, cache=cache))
    os.truncate(cache.path, 0)
    devices.edits(["acme.com/other=b"])
    in_place(path)
    assert env_of(devices, A) == ("A=2",)

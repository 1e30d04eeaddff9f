"""The CPUs of real machines, recorded by the hwloc project."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from cod.drivers import discover
from cod.drivers.cpu import Cpu
from cod.drivers.generic import Generic
from cod.host import Host
from cod.host.numa import parse_list
from cod.resource.validate import problems

from .recorded import DATA

ARCHIVES = sorted((DATA / "topology" / "hwloc").glob("*.tar.*"))


@pytest.mark.skipif(not ARCHIVES, reason="…/shared/data/topology/hwloc is absent")
@pytest.mark.parametrize("archive", ARCHIVES, ids=lambda path: path.name.partition(".")[0])
def test_every_cpu_that_is_online_is_in_one_device(archive: Path, tmp_path: Path) -> None:
    with tarfile.open(archive) as tar:
        tar.extractall(tmp_path, filter="data")
    host = Host(next(path for path in tmp_path.rglob("sys") if path.is_dir()).parent)
    found = discover(host, [Generic(), Cpu()])
    assert found.failures == ()
    assert [each for slice_ in found.slices for each in problems(slice_)] == []
    counts = [int(each.device.capacity["cpus"].value) for each in found.found.values()]
    online = set(parse_list(host.value("/sys/devices/system/cpu/online")))  # of one machine not all are
    nodes = [len(online.intersection(node.cpus) if online else node.cpus) for node in host.numa.values()]
    assert counts == [count for count in nodes if count]

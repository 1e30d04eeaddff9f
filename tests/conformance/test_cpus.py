"""The CPUs of real machines, recorded by the hwloc project."""

from __future__ import annotations

import pytest

from cod.drivers import discover
from cod.drivers.cpu import Cpu
from cod.drivers.generic import Generic
from cod.host.numa import parse_list
from cod.resource.validate import problems

from .machines import HWLOC, Machines


@pytest.mark.parametrize("name", HWLOC)
def test_every_cpu_that_is_online_is_in_one_device(machines: Machines, name: str) -> None:
    host = machines.hwloc(name)
    found = discover(host, [Generic(), Cpu()])
    assert found.failures == ()
    assert [each for slice_ in found.slices for each in problems(slice_)] == []
    counts = [int(each.device.capacity["cpus"].value) for each in found.found.values()]
    online = set(parse_list(host.value("/sys/devices/system/cpu/online")))  # of one machine not all are
    nodes = [len(online.intersection(node.cpus) if online else node.cpus) for node in host.numa.values()]
    assert counts == [count for count in nodes if count]

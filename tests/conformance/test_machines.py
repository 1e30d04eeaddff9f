"""Real machines, recorded as trees of sysfs by the hwloc and node-feature-discovery projects."""

from __future__ import annotations

from collections import Counter

import pytest

from cod.host import Host
from cod.host.numa import format_list

from .machines import HWLOC, Machines


def roots(host: Host) -> dict[tuple[str, int], int]:
    """How many functions each root complex has on each NUMA node."""
    return dict(Counter((each.root, each.numa_node) for each in host.pci.values()))


def test_domains_may_have_32_bits(machines: Machines) -> None:
    host = machines.hwloc("2pa-pcidomain32bits")
    assert roots(host) == {("pci0000:00", -1): 7, ("pci10000:00", -1): 2}
    assert host.pci["10000:00:04.0"].root == "pci10000:00"
    assert [(each.name, each.function) for each in host.class_devices("block")] == [
        ("sr0", "0000:00:01.1"),
        ("vda", "10000:00:04.0"),
        ("vda1", "10000:00:04.0"),
    ]


def test_cpus_may_be_known_where_the_numa_node_is_not(machines: Machines) -> None:
    host = machines.hwloc("32em64t-2n8c+dax+nvme+mic+dimms")
    assert len(host.pci) == 137
    function = host.pci["0000:00:02.0"]
    assert (function.numa_node, len(function.cpus)) == (-1, 4)
    assert [(each.name, each.function) for each in host.class_devices("infiniband")] == [
        ("mlx4_0", "0000:82:00.0")
    ]


def test_numa_nodes_may_be_sparse_and_some_are_the_memory_of_a_gpu(machines: Machines) -> None:
    host = machines.hwloc("nvidiagpunumanodes")
    assert {number: len(node.cpus) for number, node in host.numa.items()} == {
        0: 88, 8: 88, 250: 0, 251: 0, 252: 0, 253: 0, 254: 0, 255: 0
    }  # fmt: skip
    assert host.numa[250].distances[8] == 80
    assert all(each.root == "" for each in host.pci.values())


def test_accelerators_hang_below_switches(machines: Machines) -> None:
    host = machines.hwloc("32intel64-2p8co2t+8ve")
    assert roots(host) == {("pci0000:17", 0): 12, ("pci0000:3a", 0): 12, ("pci0000:5d", 0): 4}
    engines = [each for each in host.pci.values() if each.vendor == 0x1BCF]
    assert len(engines) == 8
    assert Counter(each.bridges[:2] for each in engines).most_common()[0][1] == 4


def test_functions_may_be_plain_directories(machines: Machines) -> None:
    host = machines("nfd-pci.tar.xz")
    assert len(host.pci) == 11
    assert all(each.class_ and not each.root for each in host.pci.values())
    assert [each.address for each in host.pci.values() if not each.vendor] == ["0000:00:1f.2"]


@pytest.mark.parametrize("name", HWLOC)
def test_what_a_machine_says_of_its_nodes_and_functions_fits_together(machines: Machines, name: str) -> None:
    host = machines.hwloc(name)
    assert host.numa
    for number, node in host.numa.items():
        assert node.distances.get(number, 10) == 10
        assert format_list(node.cpus) == host.value(f"/sys/devices/system/node/node{number}/cpulist")
        assert node.memory > 0
    everywhere = {cpu for node in host.numa.values() for cpu in node.cpus}
    for address, function in host.pci.items():
        assert host.resolve(function.path) == function.path
        assert function.path.endswith(f"/{address}")
        assert function.numa_node in {-1, *host.numa}
        assert set(function.cpus) <= everywhere
        unlisted = {bridge for bridge in function.bridges if bridge not in host.pci}
        assert unlisted <= {"0000:5f:03.0"}  # the bus of one machine does not list every bridge on the way

"""Real machines, recorded as trees of sysfs by the hwloc and node-feature-discovery projects."""

from __future__ import annotations

import tarfile
from collections import Counter
from pathlib import Path

import pytest

from cod.host import Host
from cod.host.numa import format_list

from .recorded import DATA


class Unpack:
    """The machine in an archive, which is unpacked once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def __call__(self, name: str) -> Host:
        archive = DATA / "topology" / name
        if not archive.exists():
            pytest.skip(f"…/shared/data/topology/{name} is absent")
        place = self._directory / name.partition(".")[0]
        if not place.exists():
            with tarfile.open(archive) as tar:
                tar.extractall(place, filter="data")
        return Host(next(path for path in place.rglob("sys") if path.is_dir()).parent)


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Unpack:
    return Unpack(tmp_path_factory.mktemp("machines"))


def roots(host: Host) -> dict[tuple[str, int], int]:
    """How many functions each root complex has on each NUMA node."""
    return dict(Counter((each.root, each.numa_node) for each in host.pci.values()))


def test_domains_may_have_32_bits(unpacked: Unpack) -> None:
    host = unpacked("hwloc/2pa-pcidomain32bits.tar.bz2")
    assert roots(host) == {("pci0000:00", -1): 7, ("pci10000:00", -1): 2}
    assert host.pci["10000:00:04.0"].root == "pci10000:00"
    assert [(each.name, each.function) for each in host.class_devices("block")] == [
        ("sr0", "0000:00:01.1"),
        ("vda", "10000:00:04.0"),
        ("vda1", "10000:00:04.0"),
    ]


def test_cpus_may_be_known_where_the_numa_node_is_not(unpacked: Unpack) -> None:
    host = unpacked("hwloc/32em64t-2n8c+dax+nvme+mic+dimms.tar.bz2")
    assert len(host.pci) == 137
    function = host.pci["0000:00:02.0"]
    assert (function.numa_node, len(function.cpus)) == (-1, 4)
    assert [(each.name, each.function) for each in host.class_devices("infiniband")] == [
        ("mlx4_0", "0000:82:00.0")
    ]


def test_numa_nodes_may_be_sparse_and_some_are_the_memory_of_a_gpu(unpacked: Unpack) -> None:
    host = unpacked("hwloc/nvidiagpunumanodes.tar.bz2")
    assert {number: len(node.cpus) for number, node in host.numa.items()} == {
        0: 88, 8: 88, 250: 0, 251: 0, 252: 0, 253: 0, 254: 0, 255: 0
    }  # fmt: skip
    assert host.numa[250].distances[8] == 80
    assert all(each.root == "" for each in host.pci.values())


def test_accelerators_hang_below_switches(unpacked: Unpack) -> None:
    host = unpacked("hwloc/32intel64-2p8co2t+8ve.tar.bz2")
    assert roots(host) == {("pci0000:17", 0): 12, ("pci0000:3a", 0): 12, ("pci0000:5d", 0): 4}
    engines = [each for each in host.pci.values() if each.vendor == 0x1BCF]
    assert len(engines) == 8
    assert Counter(each.bridges[:2] for each in engines).most_common()[0][1] == 4


def test_functions_may_be_plain_directories(unpacked: Unpack) -> None:
    host = unpacked("nfd-pci.tar.xz")
    assert len(host.pci) == 11
    assert all(each.class_ and not each.root for each in host.pci.values())
    assert [each.address for each in host.pci.values() if not each.vendor] == ["0000:00:1f.2"]


MACHINES = (
    "2pa-pcidomain32bits",
    "32em64t-2n8c+dax+nvme+mic+dimms",
    "32intel64-2p8co2t+8ve",
    "40intel64-2g2n4c+pcilocality",
    "40intel64-4n10c+pci-conflicts",
    "fakepcilocalities",
    "nvidia-dgx-gb10",
    "nvidiagpunumanodes",
)


@pytest.mark.parametrize("name", MACHINES)
def test_what_a_machine_says_of_its_nodes_and_functions_fits_together(unpacked: Unpack, name: str) -> None:
    host = unpacked(f"hwloc/{name}.tar.bz2")
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

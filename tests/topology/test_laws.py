"""Laws of closeness, on machines of any shape."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cod.drivers import FoundDevice, Link
from cod.host import Host, PciFunction
from cod.host.files import Memory
from cod.host.machine import Simulation
from cod.topology import SAME_DEVICE, Topology, survey
from tests.machines.found import found, inventory

buses = st.integers(0, 3)
ways = st.lists(st.integers(0, 2), max_size=4)


@st.composite
def machines(draw: st.DrawFn) -> Topology:
    """Functions on ways of up to four bridges, some virtual, some without a way; devices and links on top."""
    files: dict[str, str] = {}
    if draw(st.booleans()):
        files["/sys/devices/system/node/online"] = "0-2"
        for number in range(3):
            files[f"/sys/devices/system/node/node{number}/cpulist"] = f"{number * 4}-{number * 4 + 3}"
            files[f"/sys/devices/system/node/node{number}/distance"] = draw(
                st.sampled_from(("10 20 30", "20 10 15", "", "255 10 10"))
            )
    addresses = []
    for number in range(draw(st.integers(1, 12))):
        root, way = draw(st.integers(0, 2)), draw(ways)
        address = f"0000:{0x80 + draw(buses):02x}:{number:02x}.{draw(st.integers(0, 1))}"
        bridges = "".join(f"/0000:{root}{depth}:{step:02x}.0" for depth, step in enumerate(way))
        path = (
            f"/sys/devices/pci0000:0{root}{bridges}/{address}"
            if draw(st.booleans())
            else f"/sys/odd/{address}"
        )
        files |= {
            f"{path}/numa_node": str(draw(st.integers(-1, 3))),
            f"{path}/local_cpulist": draw(st.sampled_from(("", "0-3", "4", "0-11"))),
            f"{path}/current_link_width": str(draw(st.sampled_from((0, 4, 16)))),
            f"{path}/current_link_speed": "8.0 GT/s PCIe",
            f"/sys/bus/pci/devices/{address}": f"-> {path}",
        }
        if addresses and draw(st.booleans()):
            files[f"{path}/physfn"] = f"-> /sys/bus/pci/devices/{draw(st.sampled_from(addresses))}"
        addresses.append(address)
    host = Host(Path("/"), Simulation("test", Memory(files)))
    return survey(host, inventory([*_devices(draw, host, addresses)]))


def _devices(draw: st.DrawFn, host: Host, addresses: list[str]) -> Iterator[FoundDevice]:
    names = [f"d{number}" for number in range(draw(st.integers(0, 8)))]
    for name in names:
        yield found(
            host,
            name,
            draw(st.sampled_from(["", *addresses])),
            parent=draw(st.sampled_from(["", "", "lost", *names])),
            numa=draw(st.sampled_from([None, 0, 1, 9])),
            links=[
                Link(other, draw(st.sampled_from(("nvlink", "xgmi", "odd"))), draw(st.integers(1, 3)), mb_s)
                for other, mb_s in draw(
                    st.lists(st.tuples(st.sampled_from([*names, "lost"]), st.integers(0, 2)), max_size=3)
                )
            ],
        )


@given(machines())
@settings(max_examples=150)
def test_closeness_is_total_and_symmetric_and_nothing_is_nearer_than_oneself(topology: Topology) -> None:
    points = (*topology.devices, *topology.bare_functions)
    for one, other in product(points, repeat=2):
        closeness = topology.closeness(one, other)
        assert closeness == topology.closeness(other, one)
        if one is other:
            assert closeness.level == SAME_DEVICE
        assert topology.closeness(one, one).key <= closeness.key


@given(machines())
@settings(max_examples=150)
def test_without_links_it_is_an_ultrametric(topology: Topology) -> None:
    topology = replace(topology, links={})
    points = (*topology.devices, *topology.bare_functions)
    for three in combinations(points, 3):
        ranks = sorted(topology.closeness(a, b).level.rank for a, b in combinations(three, 2))
        assert ranks[1] == ranks[2]


@given(machines())
@settings(max_examples=150)
def test_the_matrix_says_what_each_pair_does(topology: Topology) -> None:
    points = (*topology.devices, *topology.bare_functions)
    matrix = topology.matrix(points)
    assert matrix == [[topology.closeness(one, other) for other in points] for one in points]
    assert topology.matrix() == [row[: len(topology.devices)] for row in matrix[: len(topology.devices)]]


@given(machines())
@settings(max_examples=100)
def test_links_only_bring_nearer(topology: Topology) -> None:
    without = replace(topology, links={})
    for one, other in combinations(topology.devices, 2):
        assert topology.closeness(one, other).level.rank <= without.closeness(one, other).level.rank


def test_a_way_of_any_length_has_an_end() -> None:
    with TemporaryDirectory() as directory:
        host = Host(Path(directory))
        way = tuple(f"0000:{number:02x}:00.0" for number in range(250))
        function = PciFunction(
            "0000:ff:00.0", "/none", 1, 2, 3, 0, 0, 0, "", -1, (), "", "", "pci0000:00", way
        )
        host.__dict__["pci"] = {function.address: function}
        topology = survey(host, inventory([found(host, "deep", function.address)]))
        assert topology.matrix()[0][0].level == SAME_DEVICE
        assert len([*topology.tree.all_points()]) == 1

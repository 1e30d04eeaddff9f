from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from cod.drivers import FoundDevice
from cod.drivers.sim import Sim
from cod.host import Host, Simulation, open_host

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a device node")


def machine(root: Path, count: int, *nodes: str) -> list[FoundDevice]:
    for number, node in enumerate(nodes):
        (root / node).parent.mkdir(parents=True, exist_ok=True)
        os.mknod(root / node, stat.S_IFCHR | 0o600, os.makedev(203, number))
    return list(Sim().discover(Host(root, Simulation({"gpu": count}))))


def test_a_machine_that_is_not_simulated_has_none() -> None:
    assert list(Sim().discover(open_host("/"))) == []


def test_as_many_as_the_simulation_says_are_found_here_on_nodes_that_are_real() -> None:
    found = list(Sim().discover(open_host("sim:40gpu")))
    assert [each.device.name for each in found] == [f"gpu{index}" for index in range(40)]
    for index, each in enumerate(found):
        assert each.qualified_name == f"sim.cod.dev/gpu=gpu{index}"
        assert each.edits.env == (f"SIM_GPU_{index}=gpu{index}",)
        (node,) = each.edits.device_nodes
        assert node.path == f"/dev/sim/gpu{index}"
        status = Path(node.host_path).stat()
        assert stat.S_ISCHR(status.st_mode)
        assert (node.major, node.minor) == (os.major(status.st_rdev), os.minor(status.st_rdev))
        assert node.type == "c"
        assert node.permissions in ("r", "rw")
        attributes = each.device.attributes
        assert attributes["cod.dev/class"].string == "sim-gpu"
        assert attributes["simulated"].bool_ is True
        assert attributes["index"].int_ == index
        assert attributes["backing"].string == node.host_path


@needs_root
def test_processors_stand_behind_the_devices_in_turn(tmp_path: Path) -> None:
    found = machine(tmp_path, 5, *(f"dev/cpu/{number}/cpuid" for number in (0, 1, 10)), "dev/hwrng")
    behind = [each.edits.device_nodes[0].host_path for each in found]
    assert behind == [f"/dev/cpu/{number}/cpuid" for number in (0, 1, 10, 0, 1)]


@needs_root
@pytest.mark.parametrize(
    ("nodes", "chosen", "permissions"),
    [
        (("dev/null", "dev/kvm", "dev/net/tun", "dev/fuse", "dev/hwrng"), "/dev/hwrng", "r"),
        (("dev/null", "dev/kvm", "dev/net/tun", "dev/fuse"), "/dev/fuse", "rw"),
        (("dev/null", "dev/kvm", "dev/net/tun"), "/dev/net/tun", "rw"),
        (("dev/null", "dev/kvm"), "/dev/kvm", "rw"),
        (("dev/null",), "/dev/null", "rw"),
    ],
)
def test_without_processors_the_first_node_there_is_stands_behind_all(
    tmp_path: Path, nodes: tuple[str, ...], chosen: str, permissions: str
) -> None:
    found = [each.edits.device_nodes[0] for each in machine(tmp_path, 2, *nodes)]
    assert [(node.host_path, node.permissions) for node in found] == [(chosen, permissions)] * 2


def test_where_no_node_can_stand_behind_them_there_are_none(tmp_path: Path) -> None:
    assert machine(tmp_path, 2) == []

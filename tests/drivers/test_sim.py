from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

import pytest

from cod.drivers import FoundDevice, Skipped, discover
from cod.drivers.sim import Sim
from cod.host import Host, open_host
from cod.host.simulate import simulate
from cod.resource import problems

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a device node")


def machine(root: Path, count: int, *nodes: str) -> list[FoundDevice]:
    for number, node in enumerate(nodes):
        (root / node).parent.mkdir(parents=True, exist_ok=True)
        os.mknod(root / node, stat.S_IFCHR | 0o600, os.makedev(203, number))
    host = Host(root, simulate(f"sim:{count}gpu", {"gpu": count}))
    return [each for each in Sim().discover(host) if isinstance(each, FoundDevice)]


def gpus(found: Iterable[object]) -> list[FoundDevice]:
    """A machine with many GPUs has NICs, too."""
    return [each for each in found if isinstance(each, FoundDevice) and each.kind == "sim.cod.dev/gpu"]


def test_a_machine_that_is_not_simulated_has_none() -> None:
    assert list(Sim().discover(open_host("/"))) == []


def test_as_many_as_the_simulation_says_are_found_here_on_nodes_that_are_real() -> None:
    found = gpus(Sim().discover(open_host("sim:40gpu")))
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
    found = machine(tmp_path, 3, *(f"dev/cpu/{number}/cpuid" for number in (0, 1, 10)), "dev/hwrng")
    behind = [each.edits.device_nodes[0].host_path for each in found]
    assert behind == [f"/dev/cpu/{number}/cpuid" for number in (0, 1, 10)]


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
    skipped = list(Sim().discover(Host(tmp_path, simulate("sim:2gpu", {"gpu": 2}))))
    assert [each.why for each in skipped if isinstance(each, Skipped)] == [
        "no device node can stand behind it"
    ] * 2


def test_a_gpu_that_can_be_cut_comes_with_its_stock_and_its_partitions() -> None:
    inventory = discover(open_host("sim:2mig"), [Sim()])
    found = {key[2]: each for key, each in inventory.found.items()}
    assert not inventory.failures
    assert [name for name in found if "-" not in name] == ["mig0", "mig1"]
    assert len(found) == 2 * (1 + 25)
    whole, part = found["mig1"], found["mig1-3g-20gb-4"]
    assert whole.device.attributes["cod.dev/class"].string == "sim-gpu"
    assert whole.device.taints == ()
    assert [link.to for link in whole.links] == ["mig0"]
    assert part.device.attributes["cod.dev/class"].string == "sim-mig"
    assert part.device.attributes["cod.dev/parent"].string == "mig1"
    assert [taint.value for taint in part.device.taints] == ["not-made"]
    assert part.qualified_name == "sim.cod.dev/mig=mig1-3g-20gb-4"
    (takes,) = part.device.consumes_counters
    assert takes.counter_set == "mig1"
    assert [name for name in takes.counters if name.startswith("memory-slice")] == [
        f"memory-slice-{number}" for number in (4, 5, 6, 7)
    ]


@pytest.mark.parametrize("name", ["sim:9mig", "sim:1gpu,8mig,2fpga", "sim:rack"])
def test_what_is_simulated_are_slices_that_the_api_server_takes(name: str) -> None:
    inventory = discover(open_host(name), [Sim()])
    assert [problem for each in inventory.slices for problem in problems(each)] == []
    assert [each.skipped for each in inventory.reports] == [()]

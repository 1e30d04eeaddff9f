"""`cod demo` as a newcomer sees it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cod.demo.bundle import busybox
from cod.demo.story import make_plan
from cod.drivers import Driver, discover
from cod.drivers.cpu import Cpu
from cod.drivers.generic import Generic
from cod.drivers.sim import Sim
from cod.host import Host, open_host
from tests.runtimes.machine import needs, needs_nodes


def demo(directory: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cod", "demo"],
        env={**os.environ, "TMPDIR": str(directory), **environ},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


@pytest.mark.runtime
@needs("runc", "busybox")
@needs_nodes
def test_it_shows_a_container_with_its_devices_and_leaves_nothing_behind(tmp_path: Path) -> None:
    run = demo(tmp_path)
    assert (run.returncode, run.stderr) == (0, "")
    assert re.search(r"crw.* 203, +1 .*/dev/sim/gpu1", run.stdout)
    assert "SIM_GPU_0=gpu0" in run.stdout
    assert "/dev/hwrng | hexdump" in run.stdout
    assert ": Operation not permitted" in run.stdout
    assert re.search(r"Meanwhile.*\n.*\n.*\n +claim-\w+ +gpu0,gpu1,hwrng ", run.stdout)
    assert "no claims" in run.stdout.partition("The container has ended")[2]
    assert len(run.stdout.splitlines()) <= 50
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can hide the programs of this machine")
def test_without_runc_and_busybox_it_does_what_it_can_and_says_what_is_missing(tmp_path: Path) -> None:
    hide = "for d in /usr/sbin/runc /usr/bin/runc /bin/busybox /usr/bin/busybox; do"
    hide += ' [ ! -e $d ] || mount --bind /dev/null $d; done; exec "$@"'
    run = subprocess.run(
        ["unshare", "-m", "sh", "-c", hide, "sh", sys.executable, "-m", "cod", "demo"],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 3
    assert '+      "SIM_GPU_0=gpu0"' in run.stdout
    assert run.stderr.startswith("error: the container itself was not started\n")
    assert "apt-get install -y " in run.stderr
    assert "cod demo" in run.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_device_that_must_stay_closed_is_none_of_the_claims() -> None:
    host = open_host("sim:8gpu")
    plan = make_plan(host, discover(host))
    if plan.forbidden and plan.real:
        assert (plan.forbidden.major, plan.forbidden.minor) != (plan.real.major, plan.real.minor)


def test_a_machine_without_any_device_has_a_plan_too(tmp_path: Path) -> None:
    simulation = open_host("sim:8gpu").simulation
    bare = Host(tmp_path, simulation)  # no device node at all, neither real nor behind a simulated device
    plan = make_plan(bare, discover(bare))
    assert (plan.real, plan.readable, plan.forbidden) == (None, (), None)
    assert plan.devices == ("-d", "sim-gpu:2")


def test_devices_without_a_node_are_no_part_of_the_plan() -> None:
    host = open_host("sim:8gpu,2nic")
    drivers: list[Driver] = [Cpu(), Sim(), Generic()]
    assert make_plan(host, discover(host, drivers)) == make_plan(host, discover(host, drivers[1:]))


def test_a_program_that_needs_libraries_is_no_busybox() -> None:
    found = busybox()
    assert found is None or found.name.startswith("busybox")

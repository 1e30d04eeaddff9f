"""`cod run -- runc run`: what a real container gets, and what it does not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runtimes.machine import Machine, needs, needs_nodes, until

pytestmark = [pytest.mark.runtime, needs("runc", "busybox")]


@pytest.fixture
def name() -> Iterator[str]:
    """A container's name; whatever bears it is gone afterwards."""
    name = f"cod-test-{os.urandom(4).hex()}"
    yield name
    subprocess.run(["runc", "delete", "--force", name], capture_output=True, check=False)


def run_words(bundle: Path, name: str, *devices: str) -> tuple[str, ...]:
    takes = [word for device in devices for word in ("-d", device)]
    return ("run", *takes, "--", "runc", "run", "--bundle", str(bundle), name)


@needs_nodes
def test_a_container_sees_exactly_its_devices(machine: Machine, name: str) -> None:
    bundle = machine.bundle("sh", "-c", "ls /dev/sim /dev/hwrng; env | grep SIM_GPU | sort")
    run = machine.cod(*run_words(bundle, name, "sim-gpu:2", "hwrng"))
    assert run.stdout.split() == [
        "/dev/hwrng",
        "/dev/sim:",
        "gpu0",
        "gpu1",
        "SIM_GPU_0=gpu0",
        "SIM_GPU_1=gpu1",
    ]
    assert (run.returncode, run.stderr) == (0, "")
    assert machine.nothing_is_left()


@needs_nodes
def test_a_container_opens_its_devices_and_no_others(machine: Machine, name: str) -> None:
    script = (
        "head -c 16 /dev/sim/gpu0 | hexdump; head -c 4 /dev/hwrng | hexdump;"
        "mknod /dev/other c 203 1 && head -c 16 /dev/other"
    )
    run = machine.cod(*run_words(machine.bundle("sh", "-c", script), name, "sim-gpu", "hwrng"))
    assert len(run.stdout.splitlines()) == 4
    assert run.stderr == "head: /dev/other: Operation not permitted\n"
    assert run.returncode == 1


def test_the_status_is_the_containers(machine: Machine, name: str) -> None:
    assert machine.cod(*run_words(machine.bundle("sh", "-c", "exit 42"), name, "sim-gpu")).returncode == 42
    assert machine.nothing_is_left()


def test_the_users_bundle_is_not_touched(machine: Machine, name: str) -> None:
    bundle = machine.bundle("cat", "/etc/shared")
    (bundle / "shared").write_text("from the bundle\n")
    config = json.loads((bundle / "config.json").read_text())
    config["mounts"].append(
        {"destination": "/etc/shared", "type": "bind", "source": "shared", "options": ["bind", "ro"]}
    )
    config["x-vendor"] = {"unknown": [1, 2.5, None]}
    (bundle / "config.json").write_text(json.dumps(config))
    (bundle / "rootfs/etc/shared").touch()
    before = {path: path.lstat().st_mtime_ns for path in bundle.rglob("*")}
    run = machine.cod(*run_words(bundle, name, "sim-gpu"))
    assert (run.stdout, run.stderr) == ("from the bundle\n", "")  # a source relative to the bundle
    assert {path: path.lstat().st_mtime_ns for path in bundle.rglob("*")} == before


def test_the_bundle_is_the_current_directory_where_none_is_given(machine: Machine, name: str) -> None:
    bundle = machine.bundle("sh", "-c", "echo $COD_DEVICES")
    run = machine.cod("run", "-d", "sim-gpu", "--", "runc", "run", "--keep", name, cwd=bundle)
    assert (run.stdout, run.stderr) == ("sim.cod.dev/gpu=gpu0\n", "")
    assert subprocess.run(["runc", "delete", name], check=False).returncode == 0  # --keep has come through


def test_two_containers_at_once_never_share(machine: Machine, name: str) -> None:
    bundle = machine.bundle("sh", "-c", "echo $COD_DEVICES; cat")
    runs = [machine.start(*run_words(bundle, f"{name}-{number}", "sim-gpu:4")) for number in range(2)]
    given: list[str] = []
    for run in runs:
        assert run.stdout is not None
        given += run.stdout.readline().strip().split(",")
    assert len(set(given)) == 8
    refused = machine.cod(*run_words(bundle, f"{name}-2", "sim-gpu"))
    assert refused.returncode == 1
    assert "8 there, 0 free" in refused.stderr
    for run in runs:
        run.communicate()
        assert run.returncode == 0
    assert machine.nothing_is_left()


def test_a_killed_cod_leaves_the_devices_with_the_container_until_it_ends(
    machine: Machine, name: str
) -> None:
    bundle = machine.bundle("sh", "-c", "echo up; cat")
    with machine.start(*run_words(bundle, name, "sim-gpu")) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "up\n"
        until(lambda: len(machine.holders()) == 3)
        run.kill()
        run.wait()
        assert machine.held() == ["gpu0"]
        run.communicate()  # ends the container's input
    until(lambda: machine.held() == [])
    assert list(machine.specs.iterdir()) == []


def test_a_container_that_outlives_runc_keeps_its_devices(machine: Machine, name: str) -> None:
    # Its output goes nowhere: the pipes of the test end with runc, and `communicate` is to see that.
    bundle = machine.bundle("sh", "-c", "echo up; exec sleep 60 >/dev/null 2>&1")
    with machine.start(*run_words(bundle, name, "sim-gpu")) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "up\n"
        until(lambda: len(machine.holders()) == 3)
        runc, first = (pid for pid in machine.holders() if pid != run.pid)
        os.kill(runc, signal.SIGKILL)
        assert run.wait(10) == 137
        assert machine.held() == ["gpu0"]
        _, errors = run.communicate()
    assert "the container goes on as process" in errors
    assert str(first) in errors
    subprocess.run(["runc", "delete", "--force", name], check=True)
    until(lambda: machine.held() == [])


def test_a_signal_to_cod_ends_the_container(machine: Machine, name: str) -> None:
    script = "trap 'exit 3' TERM; echo up; while :; do sleep 0.05; done"
    with machine.start(*run_words(machine.bundle("sh", "-c", script), name, "sim-gpu")) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "up\n"
        run.terminate()
        assert run.wait(10) == 3
    assert machine.nothing_is_left()


def test_what_runc_refuses_gives_the_devices_back(machine: Machine, name: str) -> None:
    run = machine.cod(*run_words(machine.bundle("/no/such/program"), name, "sim-gpu"))
    assert run.returncode == 1
    assert "no such file" in run.stderr
    assert machine.nothing_is_left()

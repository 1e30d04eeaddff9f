"""`cod run -- bwrap`: nodes are bound after what the user mounts."""

from __future__ import annotations

from pathlib import Path

import pytest

from cod.cdi.spec import ContainerEdits, DeviceNode, Mount
from cod.errors import Misuse
from cod.prepare import Prepared
from cod.runtimes.bwrap import read_bwrap
from tests.runtimes.machine import Machine, needs, needs_nodes
from tests.runtimes.seen import BOTH, ONE, SCRIPT, SLEEPS, check_exactly, check_holder_outlives, real, root_of
from tests.runtimes.stand_in import stand_in

HELP = """usage: bwrap [OPTIONS...] [--] COMMAND [ARGS...]

    --help                       Print this help
    --args FD                    Parse NUL-separated args from FD
    --unshare-pid                Create new pid namespace
    --bind SRC DEST              Bind mount the host path SRC on DEST
    --dev DEST                   Mount new dev on DEST
    --overlay RWSRC WORKDIR DEST Mount overlayfs on DEST, with RWSRC as the host path for writes
    --setenv VAR VALUE           Set an environment variable
"""
EDITS = ContainerEdits(
    env=("A=b=c",),
    device_nodes=(DeviceNode(path="/dev/mine", host_path="/dev/null"),),
    mounts=(Mount("/etc/hostname", "/h", ("ro", "nosuid")), Mount("/etc/hostname", "/w", ("bind",))),
)
OURS = (
    *("--ro-bind", "/etc/hostname", "/h", "--bind", "/etc/hostname", "/w"),
    *("--dev-bind", "/dev/null", "/dev/mine", "--setenv", "A", "b=c"),
)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return stand_in(tmp_path / "bin", "bwrap", help=HELP)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("bwrap", ""),
        ("bwrap", "sh -c --dev"),
        ("bwrap --bind / / --dev /dev", "sh"),
        ("bwrap --overlay --bind --dev --args --unshare-pid", "-- sh"),
        ("bwrap --setenv --dev --bind --args 3", "sh --bind"),
    ],
)
def test_the_devices_come_after_the_users_mounts(environ: dict[str, str], before: str, after: str) -> None:
    command = read_bwrap((*before.split(), *after.split()), environ)
    launch = command.launch(Prepared("n", EDITS, None), Path("/scratch"))
    assert launch.argv == (*before.split(), *OURS, *after.split())


def test_an_option_that_this_bwrap_does_not_have_is_refused(environ: dict[str, str]) -> None:
    with pytest.raises(Misuse, match="no option --bnid"):
        read_bwrap(("bwrap", "--bnid", "/", "/", "sh"), environ)


@pytest.mark.runtime
@needs("bwrap", "busybox")
@needs_nodes
class TestReal:
    def words(self, root: Path, *command: str) -> tuple[str, ...]:
        return (
            "bwrap",
            "--bind",
            str(root),
            "/",
            "--dev",
            "/dev",
            "--proc",
            "/proc",
            "--unshare-pid",
            *command,
        )

    @pytest.mark.parametrize(("devices", "expected"), [("cpuid", ONE), ("cpuid:2", BOTH)])
    def test_a_container_sees_exactly_its_devices_and_opens_them(
        self, machine: Machine, tmp_path: Path, devices: str, expected: list[str]
    ) -> None:
        words = self.words(root_of(tmp_path / "root"), "/bin/sh", "-c", SCRIPT)
        check_exactly(machine.cod(*real(*words, devices=devices)), expected)
        assert machine.nothing_is_left()

    def test_a_node_has_the_path_that_its_spec_says(self, machine: Machine, tmp_path: Path) -> None:
        words = self.words(root_of(tmp_path / "root"), "/bin/sh", "-c", "ls /dev/sim; echo $SIM_GPU_0")
        run = machine.cod("run", "-d", "sim-gpu:2", "--", *words)
        assert run.stdout.split() == ["gpu0", "gpu1", "gpu0"]
        assert machine.nothing_is_left()

    def test_variables_reach_a_clean_environment_and_the_status_comes_back(
        self, machine: Machine, tmp_path: Path
    ) -> None:
        words = self.words(
            root_of(tmp_path / "root"), "--clearenv", "--", "/bin/sh", "-c", "echo $COD_DEVICES; exit 7"
        )
        run = machine.cod(*real(*words))
        assert (run.stdout, run.returncode) == ("cod.dev/cpuid=cpuid0\n", 7)

    def test_a_killed_cod_and_bwrap_leave_the_devices_with_the_container(
        self, machine: Machine, tmp_path: Path
    ) -> None:
        words = self.words(root_of(tmp_path / "root"), "/bin/sh", "-c", SLEEPS)
        check_holder_outlives(machine, real(*words), "bwrap")

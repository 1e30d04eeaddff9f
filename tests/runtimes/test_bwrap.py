"""`cod run -- bwrap`: nodes are bound after what the user mounts."""

from __future__ import annotations

from pathlib import Path

import pytest

from cod.cdi.spec import ContainerEdits, DeviceNode, Mount
from cod.errors import Misuse
from cod.prepare import Prepared
from cod.runtimes.bwrap import read_bwrap
from tests.runtimes.machine import Machine, needs, needs_nodes
from tests.runtimes.matrix.rootfs import fill
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
def test_variables_reach_a_clean_environment_and_the_status_comes_back(machine: Machine) -> None:
    root = machine.directory / "root"
    fill(root)
    script = "echo $COD_DEVICES; exit 7"
    words = ("bwrap", "--bind", str(root), "/", "--dev", "/dev", "--clearenv", "--", "/bin/sh", "-c", script)
    run = machine.cod("run", "--host", "/", "-d", "cpuid", "--", *words)
    assert (run.stdout, run.returncode) == ("cod.dev/cpuid=cpuid0\n", 7)

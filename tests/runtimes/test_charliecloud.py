"""`cod run -- ch-run`: the nodes are there; variables and files are added."""

from __future__ import annotations

from pathlib import Path

import pytest

from cod.cdi.spec import ContainerEdits, DeviceNode, Mount
from cod.prepare import Prepared
from cod.runtimes.charliecloud import read_ch_run
from cod.runtimes.translate import NotCarried
from tests.runtimes.machine import Machine, needs, needs_nodes
from tests.runtimes.matrix.rootfs import fill


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("ch-run -w /image", "-- sh --bind"),
        ("ch-run /image --unset-env=*", "-- sh"),
        ("ch-run", "/image"),
    ],
)
def test_what_is_added_comes_after_the_users_options(before: str, after: str) -> None:
    edits = ContainerEdits(
        env=("A=b",),
        device_nodes=(DeviceNode(path="/dev/null"),),
        mounts=(Mount("/etc", "/e", ("rbind",)),),
    )
    launch = read_ch_run((*before.split(), *after.split())).launch(Prepared("n", edits, None), Path("/s"))
    assert launch.argv == (*before.split(), "--bind=/etc:/e", "--set-env=A=b", *after.split())


@pytest.mark.parametrize(
    ("edits", "why"),
    [
        (ContainerEdits(device_nodes=(DeviceNode("/dev/x", "/dev/null"),)), "/dev/null of the host as"),
        (ContainerEdits(env=("A=$B",)), "the variable A"),
        (ContainerEdits(env=("A='b'",)), "the variable A"),  # it takes these away
        (ContainerEdits(mounts=(Mount("/etc", "/e", ("ro",)),)), "the option ro of the mount /e"),
    ],
)  # fmt: skip
def test_what_it_cannot_take_is_refused(edits: ContainerEdits, why: str) -> None:
    with pytest.raises(NotCarried) as refused:
        read_ch_run(("ch-run", "/image", "--", "sh")).launch(Prepared("n", edits, None), Path("/s"))
    assert len(refused.value.causes) == 1
    assert refused.value.causes[0].startswith(why)


@pytest.mark.runtime
@needs("ch-run", "busybox")
@needs_nodes
def test_variables_are_set_after_others_were_unset(machine: Machine) -> None:
    machine.environ["USER"] = "root"
    root = machine.directory / "root"
    fill(root)
    words = ("ch-run", str(root), "--unset-env=COD_*", "--", "/bin/sh", "-c", "echo $COD_DEVICES")
    run = machine.cod("run", "--host", "/", "-d", "cpuid", "--", *words)
    assert (run.stdout, run.stderr) == ("cod.dev/cpuid=cpuid0\n", "")


@pytest.mark.runtime
@needs("ch-run")
def test_a_device_at_another_path_is_refused_and_given_back(machine: Machine) -> None:
    words = ("ch-run", str(machine.directory), "--", "/bin/true")
    run = machine.cod("run", "-d", "sim-gpu", "--", *words)
    assert run.returncode == 1
    assert "as /dev/sim/gpu0: it shows devices at the host's paths only" in run.stderr
    assert machine.nothing_is_left()

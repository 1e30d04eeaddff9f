"""`cod run -- ch-run`: the nodes are there; variables and files are added."""

from __future__ import annotations

from pathlib import Path

import pytest

from cod.cdi.spec import ContainerEdits, DeviceNode, Mount
from cod.prepare import Prepared
from cod.runtimes.charliecloud import read_ch_run
from cod.runtimes.translate import NotCarried
from tests.runtimes.machine import Machine, needs, needs_nodes
from tests.runtimes.seen import real, root_of


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
class TestReal:
    def test_a_container_opens_its_devices_and_has_their_variables(
        self, machine: Machine, tmp_path: Path
    ) -> None:
        machine.environ["USER"] = "root"
        root = root_of(tmp_path / "root")
        script = "echo $COD_DEVICES; head -c 16 /dev/cpu/0/cpuid | hexdump | head -n 1"
        words = ("ch-run", str(root), "--unset-env=COD_*", "--", "/bin/sh", "-c", script)
        run = machine.cod(*real(*words))
        assert run.returncode == 0, run.stderr
        assert run.stdout.startswith("cod.dev/cpuid=cpuid0\n0000000 ")
        assert machine.nothing_is_left()

    def test_a_device_at_another_path_is_refused_and_given_back(
        self, machine: Machine, tmp_path: Path
    ) -> None:
        run = machine.cod("run", "-d", "sim-gpu", "--", "ch-run", str(tmp_path), "--", "/bin/true")
        assert run.returncode == 1
        assert "as /dev/sim/gpu0: it shows devices at the host's paths only" in run.stderr
        assert machine.nothing_is_left()

"""`cod run -- podman run`, and specs that COD wrote in the hands of Podman itself."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cod.cdi.spec import ContainerEdits, Device, DeviceNode, Spec
from cod.cdi.write import write
from cod.demo.bundle import busybox, make_rootfs
from cod.runtimes.podman import _GLOBAL_VALUED, _RUN_SWITCHES
from tests.runtimes.machine import Machine, needs, needs_nodes, until

pytestmark = [
    pytest.mark.runtime,
    needs("podman", "runc", "busybox", "unshare"),
]

IMAGE = "localhost/busybox:1"

# No ulimits, since a root without CAP_SYS_RESOURCE may not raise any; nothing of systemd, since there may be
# none; locks of its own, so that the user's Podman is not disturbed.
CONFIGURATION = """\
[containers]
default_ulimits = []
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
lock_type = "file"
tmp_dir = "{store}/tmp"
runtime = "runc"
"""

# Podman 4 reads /etc/cdi and /var/run/cdi only. A mount namespace gives each test its own.
IN_NAMESPACE = 'mkdir -p /run/cdi && mount --bind "$0" /run/cdi && exec "$@"'


class PodmanMachine(Machine):
    """A machine whose `cod` writes specs where its `podman` reads them."""

    def __init__(self, directory: Path, store: Path) -> None:
        super().__init__(directory)
        self.specs.mkdir()
        self.store = store
        self.environ |= {"CONTAINERS_CONF": str(store / "containers.conf"), "COD_SPEC_DIRS": "/var/run/cdi"}

    def words(self, *words: str) -> list[str]:
        if words[0] == "claim":
            return super().words(*words, "--spec-dir", str(self.specs))
        return self.inside(*super().words(*words))

    def inside(self, *words: str) -> list[str]:
        unshare = ("unshare", "--mount", "--propagation", "private")
        return [*unshare, "sh", "-c", IN_NAMESPACE, str(self.specs), *words]

    def podman(self, *words: str) -> tuple[str, ...]:
        places = ("--root", str(self.store / "root"), "--runroot", str(self.store / "run"))
        return ("podman", *places, "--storage-driver", "vfs", *words)

    def run_words(self, *words: str) -> tuple[str, ...]:
        return self.podman("run", "--rm", "--network", "none", *words)


@pytest.fixture(scope="module")
def store() -> Iterator[Path]:
    """A store of images with one image of busybox."""
    store = Path(tempfile.mkdtemp(prefix="pod-"))  # Podman takes paths of up to 50 characters
    (store / "containers.conf").write_text(CONFIGURATION.format(store=store))
    program = busybox()
    assert program is not None
    make_rootfs(store / "rootfs", program)
    subprocess.run(["tar", "-C", store / "rootfs", "-cf", store / "image.tar", "."], check=True)
    words = ("--root", store / "root", "--runroot", store / "run", "--storage-driver", "vfs")
    environ = {**os.environ, "CONTAINERS_CONF": str(store / "containers.conf")}
    subprocess.run(
        ["podman", *words, "import", "--quiet", store / "image.tar", IMAGE],
        env=environ,
        check=True,
        capture_output=True,
    )
    yield store
    subprocess.run(
        ["podman", *words, "rm", "--all", "--force"], env=environ, check=False, capture_output=True
    )
    shutil.rmtree(store, ignore_errors=True)


@pytest.fixture
def machine(tmp_path: Path, store: Path) -> PodmanMachine:
    return PodmanMachine(tmp_path, store)


@needs_nodes
def test_a_container_has_exactly_its_devices_and_opens_them(machine: PodmanMachine) -> None:
    script = (
        "ls /dev/sim; echo $COD_DEVICES; head -c 16 /dev/sim/gpu0 | hexdump;"
        "mknod /dev/other c 10 183 && head -c 1 /dev/other"
    )
    words = machine.run_words("--cap-add", "MKNOD", IMAGE, "/bin/sh", "-c", script)
    run = machine.cod("run", "-d", "sim-gpu:2", "--", *words)
    assert run.stdout.split()[:3] == ["gpu0", "gpu1", "sim.cod.dev/gpu=gpu0,sim.cod.dev/gpu=gpu1"]
    assert run.stdout.split()[3] == "0000000"
    assert "head: /dev/other: Operation not permitted" in run.stderr
    assert run.returncode == 1
    assert machine.nothing_is_left()


def test_input_and_status_are_the_containers(machine: PodmanMachine) -> None:
    words = machine.run_words("-i", IMAGE, "/bin/sh", "-c", "cat; exit 9")
    run = machine.cod("run", "-d", "sim-gpu", "--", *words, input="through")
    assert (run.stdout, run.returncode) == ("through", 9)
    assert machine.nothing_is_left()


def test_while_a_container_runs_its_first_process_holds_the_devices_too(machine: PodmanMachine) -> None:
    words = machine.run_words("-i", IMAGE, "/bin/sh", "-c", "echo up; cat")
    with machine.start("run", "-d", "sim-gpu:8", "--", *words) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "up\n"
        until(lambda: len(machine.holders()) == 3)
        refused = machine.cod("run", "-d", "sim-gpu", "--", *machine.run_words(IMAGE, "/bin/true"))
        assert refused.returncode == 1
        assert "8 there, 0 free" in refused.stderr
        run.communicate()
    assert machine.nothing_is_left()


def test_killed_cod_and_podman_leave_the_devices_with_the_container_until_it_ends(
    machine: PodmanMachine,
) -> None:
    words = machine.run_words("--name", "survivor", IMAGE, "/bin/sh", "-c", "echo up; exec sleep 60")
    with machine.start("run", "-d", "sim-gpu", "--", *words) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "up\n"
        until(lambda: len(machine.holders()) == 3)
        run.kill()
        podman, first = (pid for pid in machine.holders() if pid != run.pid)
        os.kill(podman, signal.SIGKILL)
        run.communicate()
        until(lambda: not Path(f"/proc/{podman}").exists())
        assert machine.held() == ["gpu0"]
        os.kill(first, signal.SIGKILL)
    until(lambda: machine.held() == [])
    assert list(machine.specs.iterdir()) == []


def test_podman_takes_a_spec_that_cod_wrote(machine: PodmanMachine) -> None:
    edits = ContainerEdits(
        env=("COLOUR=green",), device_nodes=(DeviceNode(path="/dev/mine", host_path="/dev/null"),)
    )
    devices = (Device(name="one", container_edits=edits),)
    write(Spec(cdi_version="0.5.0", kind="vendor.com/thing", devices=devices), machine.specs)
    script = "ls -l /dev/mine; echo $COLOUR; echo lost > /dev/mine"
    words = machine.run_words("--device", "vendor.com/thing=one", IMAGE, "/bin/sh", "-c", script)
    run = subprocess.run(
        machine.inside(*words), env=machine.environ, capture_output=True, text=True, check=False
    )
    assert run.stderr == ""
    assert run.stdout.startswith("crw")
    assert run.stdout.endswith("/dev/mine\ngreen\n")


def test_podman_takes_a_claim_that_is_held_and_two_that_share_a_device(machine: PodmanMachine) -> None:
    for name in ("a", "b"):
        made = machine.cod("claim", "create", name, "-d", "sim-gpu", "-d", "fuse")
        assert made.returncode == 0, made.stderr
    devices = ("--device", "cod.dev/claim=a", "--device", "cod.dev/claim=b")
    words = machine.inside(*machine.run_words(*devices, IMAGE, "/bin/sh", "-c", "ls /dev/sim /dev/fuse"))

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(words, env=machine.environ, capture_output=True, text=True, check=False)

    first = run()
    assert (first.returncode, first.stdout.split()) == (0, ["/dev/fuse", "/dev/sim:", "gpu0", "gpu1"])
    assert machine.cod("claim", "release", "a").returncode == 0
    assert "cod.dev/claim=a" in run().stderr
    assert machine.held() == ["fuse", "gpu1"]


def _options(*words: str) -> tuple[set[str], set[str]]:
    """The options in a help of Podman: those that take no value, and those that take one."""
    text = subprocess.run([*words, "--help"], capture_output=True, text=True, check=True).stdout
    lines = re.findall(r"^ +(?:-(\w), )?--([\w-]+)( \S+)?(?:  |$)", text, re.MULTILINE)
    switches = {name for short, long, value in lines if not value for name in (short, long) if name}
    return switches, {name for short, long, value in lines if value for name in (short, long) if name}


@needs_nodes
def test_podman_takes_the_devices_of_generated_specs_by_the_names_that_cod_lists(
    machine: PodmanMachine,
) -> None:
    # Podman 4 knows CDI up to 0.5, and drops a file with annotations.
    words = ("spec", "generate", "--driver", "sim", "--no-annotations", "--output", str(machine.specs))
    assert Machine.cod(machine, *words).returncode == 0
    names = Machine.cod(machine, "device", "list", "--driver", "sim", "-o", "name").stdout.split()
    kind, _, _ = names[0].partition("=")
    for name in (names[0], f"{kind}=all"):
        run = subprocess.run(
            machine.inside(*machine.run_words("--device", name, IMAGE, "/bin/ls", "/dev/sim")),
            env=machine.environ,
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        assert run.stdout.split() == [f"gpu{number}" for number in range(1 if name == names[0] else 8)]


def test_this_podman_has_no_option_that_we_would_misread() -> None:
    switches, valued = _options("podman")
    assert len(valued) > 15
    assert valued <= set(_GLOBAL_VALUED.split())
    assert not switches & set(_GLOBAL_VALUED.split())
    switches, valued = _options("podman", "run")
    assert len(valued) > 80
    assert switches <= set(_RUN_SWITCHES.split())
    assert not valued & set(_RUN_SWITCHES.split())

"""Real engines and the real runc behind the front door: what containers get, what engines show of errors."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from cod.cdi.cache import SpecCache
from cod.demo import busybox
from cod.demo.bundle import make_rootfs
from cod.oci.engines import PROGRAM, Order
from tests.oci.front import CPU, Front, read
from tests.runtimes.machine import needs
from tests.runtimes.test_podman import CONFIGURATION, IMAGE
from tests.test_pages import REPOSITORY

pytestmark = [
    pytest.mark.runtime,
    needs("runc", "busybox"),
    pytest.mark.skipif(
        not Path("/dev/cpu/1/cpuid").exists(), reason="this machine has no two /dev/cpu/*/cpuid"
    ),
]

SEES = "ls /dev | grep cpu; env | grep CPU | sort; head -c 4 /dev/cpu1 >/dev/null && echo opened"
SEEN = ["cpu1", "CPUS=real", "CPU_1=yes", "opened"]
ASKS = "cdi.k8s.io/x=cod.test/cpu=1"
ASKS_WRONG = "cdi.k8s.io/x=cod.test/cpu=7"
WRONG = "unresolvable CDI devices cod.test/cpu=7; cod.test/cpu=7 is in no spec file"

Run = subprocess.CompletedProcess[str]


class System:
    """Settings, a spec, a program and a root file system that engines can use, who pass on no variables."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.specs = directory / "cdi"
        self.specs.mkdir()
        (self.specs / "cpu.json").write_text(json.dumps(CPU))
        self.settings = directory / "runtime.toml"
        self.settings.write_text(
            f'runtimes = ["runc"]\nspec-dirs = ["{self.specs}"]\n[environment]\nCDI_DEVICES = ""\n'
        )
        self.program = directory / "cod-runtime"
        self.environ = {**os.environ, "PYTHONPATH": str(REPOSITORY / "src")}
        program = busybox()
        assert program is not None
        self.rootfs = make_rootfs(directory / "rootfs", program)

    def install(self, engine: str, config: Path) -> None:
        options = {"--config": config, "--program": self.program, "--settings": self.settings}
        words = [str(word) for option in options.items() for word in option]
        self.call(sys.executable, "-m", "cod", "runtime", "install", engine, *words, check=True)

    def uninstall(self, engine: str, config: Path) -> None:
        words = ("--config", str(config), "--program", str(self.program))
        self.call(sys.executable, "-m", "cod", "runtime", "uninstall", engine, *words)

    def call(self, *words: str, check: bool = False) -> Run:
        run = subprocess.run(words, env=self.environ, capture_output=True, text=True, timeout=60, check=False)
        assert not check or run.returncode == 0, run.stderr
        return run

    def forget(self) -> None:
        """Remove what was kept where root keeps such things."""
        kept = Path("/var/cache/cod")
        for path in kept.glob(f"runtime-*{str(self.settings).replace('/', '-')}"):
            path.unlink()
        Path(SpecCache(str(kept), [str(self.specs)]).path).unlink(missing_ok=True)


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    directory = Path(tempfile.mkdtemp(prefix="f-"))  # sockets take paths of up to 100 characters
    made = System(directory)
    yield made
    made.forget()
    shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def daemon(log: Path, *words: str) -> Iterator[None]:
    with log.open("w") as output, subprocess.Popen(words, stdout=output, stderr=output) as process:
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def wait_for(system: System, *words: str) -> None:
    end = time.monotonic() + 20
    while system.call(*words).returncode:
        assert time.monotonic() < end, "the daemon does not answer"
        time.sleep(0.1)


# --- runc


@pytest.fixture
def name() -> Iterator[str]:
    name = f"cod-test-{os.urandom(4).hex()}"
    yield name
    subprocess.run(["runc", "delete", "--force", name], capture_output=True, check=False)


def test_runc_starts_a_container_that_opens_its_device_and_no_other(front: Front, name: str) -> None:
    front.configure('runtimes = ["runc"]\n')
    front.write(CPU)
    script = f"{SEES}; mknod /dev/other c 203 0 && head -c 1 /dev/other"
    bundle = front.real_bundle(script, {"cdi.k8s.io/x": "cod.test/cpu=1"})
    run = front.run("run", "--bundle", str(bundle), name)
    assert run.stdout.split() == SEEN
    assert run.stderr == "head: /dev/other: Operation not permitted\n"


def test_a_claim_that_is_held_reaches_a_container_by_its_name(front: Front, name: str) -> None:
    front.configure('runtimes = ["runc"]\n')
    environ = {
        **os.environ,
        "PYTHONPATH": str(REPOSITORY / "src"),
        "COD_HOST": "sim:8gpu",
        "COD_LEDGER": str(front.directory / "ledger.db"),
        "COD_SPEC_DIRS": str(front.specs),
    }
    words = ("claim", "create", "train-7", "-d", "sim-gpu:2")
    subprocess.run([sys.executable, "-m", "cod", *words], env=environ, check=True, capture_output=True)
    script = "ls /dev/sim; echo $COD_CLAIM; head -c 4 /dev/sim/gpu1 >/dev/null && echo opened"
    bundle = front.real_bundle(script, {"cod.dev/claim": "train-7"})
    run = front.run("run", "--bundle", str(bundle), name)
    assert (run.stdout.split(), run.stderr) == (["gpu0", "gpu1", "train-7", "opened"], "")


def test_in_a_user_namespace_a_node_of_another_path_comes_too(front: Front, name: str) -> None:
    front.configure('runtimes = ["runc"]\n')
    front.write(CPU)
    front.directory.chmod(0o755)
    bundle = front.real_bundle(SEES, {"cdi.k8s.io/x": "cod.test/cpu=1"})
    config = read(bundle)
    config["linux"]["namespaces"].append({"type": "user"})
    same = [{"containerID": 0, "hostID": 0, "size": 65536}]
    config["linux"] |= {"uidMappings": same, "gidMappings": same}
    (bundle / "config.json").write_text(json.dumps(config))
    run = front.run("run", "--bundle", str(bundle), name)
    assert (run.stdout.split(), run.stderr) == (SEEN, "")
    before = (bundle / "config.json").read_bytes()
    front.run("run", "--bundle", str(bundle), name)
    assert (bundle / "config.json").read_bytes() == before


def test_a_container_lives_its_whole_life_behind_the_door(front: Front, name: str) -> None:
    front.configure('runtimes = ["runc"]\n')
    bundle = front.real_bundle("sleep 60", {})
    words = [str(front.program), "create", "--bundle", str(bundle), name]
    subprocess.run(words, env=front.environ, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert front.run("start", name).returncode == 0
    assert json.loads(front.run("state", name).stdout)["status"] == "running"
    assert front.run("exec", name, "sh", "-c", "exit 3").returncode == 3
    assert front.run("kill", name, "KILL").returncode == 0
    assert front.run("delete", "--force", name).returncode == 0
    assert front.run("state", name).returncode == 1


# --- Podman


class Podman(System):
    """Podman with a store, an image and a configuration of its own."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.config = directory / "containers.conf"
        self.config.write_text(CONFIGURATION.format(store=directory))
        self.environ["CONTAINERS_CONF"] = str(self.config)
        archive = directory / "image.tar"
        self.call("tar", "-C", str(self.rootfs), "-cf", str(archive), ".", check=True)
        self.podman("import", "--quiet", str(archive), IMAGE)

    def podman(self, *words: str) -> Run:
        places = ("--root", str(self.directory / "s"), "--runroot", str(self.directory / "r"))
        return self.call("podman", *places, "--storage-driver", "vfs", *words)

    def run(self, *words: str, before: tuple[str, ...] = ()) -> Run:
        options = ("run", "--rm", "--network", "none", *words)
        return self.podman(*before, *options, IMAGE, "/bin/sh", "-c", SEES)


@pytest.fixture(scope="module")
def podman() -> Iterator[Podman]:
    directory = Path(tempfile.mkdtemp(prefix="f-"))
    made = Podman(directory)
    yield made
    made.podman("rm", "--all", "--force")
    made.forget()
    shutil.rmtree(directory, ignore_errors=True)


@needs("podman")
def test_podman_uses_the_runtime_that_was_installed(podman: Podman) -> None:
    drop_in = podman.directory / "cod.conf"
    podman.install("podman", drop_in)
    plain = podman.config.read_text()
    podman.config.write_text(plain + drop_in.read_text())  # a test cannot have a containers.conf.d of its own
    try:
        assert podman.run("--annotation", ASKS, before=("--runtime", "cod")).stdout.split() == SEEN
        by_path = podman.run("--annotation", ASKS, before=("--runtime", str(podman.program)))
        assert by_path.stdout.split() == SEEN
        by_variable = podman.run("--env", "CDI_DEVICES=cod.test/cpu=1", before=("--runtime", "cod"))
        assert [line for line in by_variable.stdout.split() if "CDI" not in line] == SEEN
        assert podman.run(before=("--runtime", "cod")).stdout == ""
        wrong = podman.run("--annotation", ASKS_WRONG, before=("--runtime", "cod"))
        assert f"OCI runtime error: cod: cod-runtime: {WRONG}" in wrong.stderr
        assert wrong.returncode == 126
    finally:
        podman.config.write_text(plain)
        podman.uninstall("podman", drop_in)
    assert not drop_in.exists()
    assert not podman.program.exists()


@needs("podman")
def test_podmans_precreate_hook_gives_everything_to_who_asks_and_to_no_other(podman: Podman) -> None:
    hooks = podman.directory / "hooks.d"
    podman.install("hooks", hooks / "cod-precreate.json")
    before = ("--hooks-dir", str(hooks))
    try:
        assert podman.run("--annotation", ASKS, before=before).stdout.split() == SEEN
        assert podman.run("--annotation", "other=cod.test/cpu=1", before=before).stdout == ""
        wrong = podman.run("--annotation", ASKS_WRONG, before=before)
        assert wrong.returncode == 126
        assert f"cod-runtime: {WRONG}" in wrong.stderr
    finally:
        podman.uninstall("hooks", hooks / "cod-precreate.json")


MOUNT = {
    "cdiVersion": "0.5.0",
    "kind": "cod.test/mount",
    "devices": [
        {
            "name": name,
            "containerEdits": {
                "mounts": [{"hostPath": str(REPOSITORY), "containerPath": path, "options": ["ro", "rbind"]}]
            },
        }
        for name, path in (("plain", "/opt/lib/x"), ("link", "/link/x"))
    ],
}


@needs("podman")
def test_a_hook_of_a_made_container_gives_mounts_and_refuses_the_rest(podman: Podman) -> None:
    hooks = podman.directory / "mounts.d"
    podman.install("hooks-mounts", hooks / "cod-mounts.json")
    (podman.specs / "mount.json").write_text(json.dumps(MOUNT))
    options = ("--hooks-dir", str(hooks), "run", "--rm", "--network", "none", "--annotation")
    see = "ls /opt/lib/x/README.md; head -c 1 /opt/lib/x/README.md >/opt/lib/x/new"
    try:
        run = podman.podman(*options, "cdi.k8s.io/x=cod.test/mount=plain", IMAGE, "/bin/sh", "-c", see)
        assert run.stdout == "/opt/lib/x/README.md\n"
        assert "Read-only file system" in run.stderr
        refused = podman.podman(*options, ASKS, IMAGE, "/bin/true")
        assert refused.returncode != 0
        for words in ("device node /dev/cpu1: on cgroup v2", "variable CPUS", "use Podman's precreate hook"):
            assert words in refused.stderr
    finally:
        podman.uninstall("hooks-mounts", hooks / "cod-mounts.json")
        (podman.specs / "mount.json").unlink()


@needs("podman")
def test_a_link_in_an_image_leads_no_mount_out_of_it(podman: Podman) -> None:
    outside = podman.directory / "outside"
    outside.mkdir()
    image = podman.directory / "hostile"
    shutil.copytree(podman.rootfs, image, symlinks=True)
    (image / "link").symlink_to(outside)
    archive = podman.directory / "hostile.tar"
    podman.call("tar", "-C", str(image), "-cf", str(archive), ".", check=True)
    podman.podman("import", "--quiet", str(archive), "localhost/hostile:1")
    hooks = podman.directory / "mounts.d"
    podman.install("hooks-mounts", hooks / "cod-mounts.json")
    (podman.specs / "mount.json").write_text(json.dumps(MOUNT))
    asks = ("--annotation", "cdi.k8s.io/x=cod.test/mount=link")
    options = ("--hooks-dir", str(hooks), "run", "--rm", "--network", "none", *asks)
    try:
        run = podman.podman(*options, "localhost/hostile:1", "/bin/sh", "-c", "ls /link/x")
    finally:
        podman.uninstall("hooks-mounts", hooks / "cod-mounts.json")
        (podman.specs / "mount.json").unlink()
    assert [*outside.iterdir()] == []
    assert run.returncode != 0 or "README.md" in run.stdout


# --- containerd

CONTAINERD = """\
version = 2
root = "{0}/root"
state = "{0}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "{0}/c.sock"
[ttrpc]
  address = "{0}/t.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "{0}/opt"
"""


@needs("containerd", "ctr")
def test_containerds_client_uses_the_program(system: System) -> None:
    place = system.directory / "c"
    place.mkdir()
    config = place / "config.toml"
    config.write_text(CONTAINERD.format(place))
    system.program.write_bytes(PROGRAM.added(None, Order(settings=system.settings)))
    system.program.chmod(0o755)
    ctr = ("ctr", "-a", f"{place}/c.sock")
    run = (*ctr, "run", "--rm", "--runc-binary", str(system.program))
    with daemon(place / "log", "containerd", "-c", str(config)):
        wait_for(system, *ctr, "version")
        rest = ("--rootfs", str(system.rootfs), "one", "/bin/sh", "-c", SEES)
        assert system.call(*run, "--annotation", ASKS, *rest).stdout.split() == SEEN
        wrong = system.call(*run, "--annotation", ASKS_WRONG, *rest)
        assert f"OCI runtime create failed: cod-runtime: {WRONG}" in wrong.stderr


# --- Docker


@needs("docker", "dockerd", "containerd")
def test_docker_uses_the_runtime_that_was_installed(system: System) -> None:
    place = system.directory / "d"
    place.mkdir()
    config = place / "daemon.json"
    settings = {
        "data-root": f"{place}/data",
        "exec-root": f"{place}/exec",
        "pidfile": f"{place}/pid",
        "hosts": [f"unix://{place}/d.sock"],
        "bridge": "none",
        "iptables": False,
        "ip6tables": False,
        "storage-driver": "vfs",
        "group": "root",
    }
    config.write_text(json.dumps(settings, indent=2))
    before = config.read_bytes()
    with suppress(FileNotFoundError):
        system.program.unlink()
    system.install("docker", config)
    docker = ("docker", "--host", settings["hosts"][0])
    run = (*docker, "run", "--rm", "--network", "none", "--runtime", "cod", "--env")
    archive = place / "image.tar"
    system.call("tar", "-C", str(system.rootfs), "-cf", str(archive), ".", check=True)
    with daemon(place / "log", "dockerd", "--config-file", str(config)):
        wait_for(system, *docker, "version")
        system.call(*docker, "import", str(archive), "busybox:1", check=True)
        seen = system.call(*run, "CDI_DEVICES=cod.test/cpu=1", "busybox:1", "/bin/sh", "-c", SEES)
        assert [line for line in seen.stdout.split() if "CDI" not in line] == SEEN, seen.stderr
        wrong = system.call(*run, "CDI_DEVICES=cod.test/cpu=7", "busybox:1", "/bin/true")
        assert f"OCI runtime create failed: cod-runtime: {WRONG}" in wrong.stderr
        assert system.call(*run, "X=1", "busybox:1", "/bin/sh", "-c", SEES).stdout == ""
    system.uninstall("docker", config)
    assert config.read_bytes() == before

"""The real runc behind the front door: what containers get, and their whole life."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.oci.front import CPU, Front, read
from tests.runtimes.machine import needs
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

"""The plugin in a real containerd: 1.7 (Debian 13), which takes edits, and 2.1 or newer (forky): names.

That a container gets its devices by NRI, and what comes with them, is in `tests/runtimes/matrix`.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.nri.specs import device, toy, write_spec
from tests.runtimes.cri import grpc
from tests.runtimes.machine import until
from tests.runtimes.matrix.containerd import Containerd, Served
from tests.runtimes.matrix.sandbox import REPOSITORY
from tests.runtimes.matrix.sandboxes import in_sandboxes

EDITS, NAMES = "trixie", "forky"
DEVICES = "cdi-devices.noderesource.dev"
TOY_A = {DEVICES: "acme.com/toy=a"}
SEES = "echo [$TOY_a]; test -c /dev/toya && echo node"
GIVEN, NOTHING = "[1]\nnode", "[]"

both = in_sandboxes(EDITS, NAMES)
edits = in_sandboxes(EDITS)
names = in_sandboxes(NAMES)


def error_of(containerd: Containerd, **options: Any) -> str:
    """Why a container is not made."""
    with containerd.cri.pod() as pod, pytest.raises(grpc.RpcError) as found:
        pod.create("true", **options)
    text: str = found.value.details()
    return text


def env_of(containerd: Containerd, identity: str) -> list[str]:
    found: list[str] = json.loads(containerd.ctr("containers", "info", identity))["Spec"]["process"]["env"]
    return found


# --- what it gives ---


@both
def test_each_container_of_a_pod_has_what_its_own_annotation_says(
    containerd: Containerd, specs: Path
) -> None:
    write_spec(specs, toy("a", 0), toy("b", 1))
    annotations = {
        f"{DEVICES}/container.first": "acme.com/toy=a",
        f"{DEVICES}/container.second": "[acme.com/toy=a, acme.com/toy=b]",
    }
    with Served(containerd), containerd.cri.pod(annotations) as pod:
        found = [pod.run("echo $TOY_a $TOY_b", name=name) for name in ("first", "second", "third")]
    assert found == ["1", "1 1", ""]


@both
@pytest.mark.parametrize("way", ["field", "annotation"])
def test_what_cri_was_asked_for_is_not_given_twice(containerd: Containerd, specs: Path, way: str) -> None:
    ran = containerd.sandbox.path("/srv/ran")
    ran.unlink(missing_ok=True)
    hook = {"hookName": "createRuntime", "path": "/bin/sh", "args": ["sh", "-c", "echo ran >> /srv/ran"]}
    write_spec(specs, toy("a", hooks=[hook]))
    annotations = dict(TOY_A)
    if way == "annotation":
        annotations["cdi.k8s.io/lab"] = "acme.com/toy=a"
    with Served(containerd), containerd.cri.pod() as pod:
        asked = ["acme.com/toy=a"] if way == "field" else []
        assert pod.run(SEES, annotations=annotations, devices=asked) == GIVEN
    assert ran.read_text() == "ran\n"


@edits
def test_what_nri_cannot_carry_is_refused_and_no_container_is_made(
    containerd: Containerd, specs: Path
) -> None:
    net = {"hostInterfaceName": "veth7", "name": "eth1"}
    write_spec(specs, toy("a", additionalGids=[4242], netDevices=[net]))
    with Served(containerd) as served:
        text = error_of(containerd, annotations=TOY_A)
        assert "cannot carry additional groups (4242), the network device veth7" in text
        assert "CDI_devices field of CRI" in text
        assert "refused: NRI of containerd 1.7" in served.told()


# --- its ways to fail, as `docs/inject-with-nri.md` has them ---


@both
def test_an_unknown_device_and_an_unknown_claim_are_refused(containerd: Containerd, specs: Path) -> None:
    write_spec(specs, toy("a"))
    with Served(containerd):
        text = error_of(containerd, annotations={DEVICES: "acme.com/toy=zz"})
        assert "unresolvable CDI devices acme.com/toy=zz" in text
        text = error_of(containerd, annotations={"claims.cod.dev": "gone"})
        assert "no claim gone is ready on this node" in text
        assert "cod claim list" in text
        text = error_of(containerd, annotations={DEVICES: "'"})
        assert f"annotation {DEVICES} is not YAML" in text
        with containerd.cri.pod() as pod:
            assert pod.run(SEES, annotations=TOY_A) == GIVEN  # it is still there


@both
def test_a_device_without_its_node_is_refused(containerd: Containerd, specs: Path) -> None:
    write_spec(specs, device("a", deviceNodes=[{"path": "/dev/gone-for-ever"}]))
    with Served(containerd):
        assert "/dev/gone-for-ever" in error_of(containerd, annotations=TOY_A)


@both
def test_a_plugin_that_hangs_lets_containers_start_without_devices_and_comes_back(
    containerd: Containerd, specs: Path
) -> None:
    write_spec(specs, toy("a"))
    before = len(containerd.log)
    with Served(containerd) as served, containerd.cri.pod() as pod:
        served.signal(signal.SIGSTOP)
        assert pod.run(SEES, annotations=TOY_A) == NOTHING
        served.signal(signal.SIGCONT)
        served.wait_for("registered with containerd", times=2)
        assert "connection lost: " in served.told()
        assert "get no devices from here, and no error" in served.told()
        time.sleep(0.3)
        assert pod.run(SEES, name="next", annotations=TOY_A) == GIVEN
    assert "context deadline exceeded" in containerd.log[before:]


@both
@pytest.mark.parametrize(("files", "devices"), [(3, 120_000), (200, 2_000)], ids=["large", "many"])
def test_specs_that_take_too_long_to_read_are_an_error_in_time(
    containerd: Containerd, specs: Path, files: int, devices: int
) -> None:
    write_spec(specs, toy("a"))
    large = containerd.sandbox.path("/srv/large")  # where the runtime does not read them, too
    with Served(containerd, "--spec-dir", "/etc/cdi", "--spec-dir", "/srv/large") as served:
        lines = "".join(f"- {{name: d{n}, containerEdits: {{env: [A={n}]}}}}\n" for n in range(devices))
        large.mkdir()
        for kind in (f"large{number}" for number in range(files)):
            text = f"cdiVersion: 0.6.0\nkind: acme.com/{kind}\ndevices:\n{lines}"
            (large / f"{kind}.yaml").write_text(text)
        assert "CreateContainer found no answer in" in error_of(containerd, annotations=TOY_A)
        assert "refused: no answer in time" in served.told()
        with containerd.cri.pod() as pod:
            assert pod.run("echo up", name="idle") == "up"
            assert "connection lost" not in served.told()
            shutil.rmtree(large)

            def is_given() -> bool:
                try:
                    return pod.run(SEES, name=f"n{time.monotonic_ns()}", annotations=TOY_A) == GIVEN
                except grpc.RpcError:
                    return False

            until(is_given, 20)


@both
def test_a_plugin_that_is_killed_is_missed_by_nobody_until_it_is_started_again(
    containerd: Containerd, specs: Path
) -> None:
    write_spec(specs, toy("a"))
    with containerd.cri.pod() as pod:
        with Served(containerd) as served:
            served.signal(signal.SIGKILL)
            served.wait()
            assert pod.run(SEES, annotations=TOY_A) == NOTHING
        with Served(containerd):
            assert pod.run(SEES, name="next", annotations=TOY_A) == GIVEN


@both
def test_a_plugin_that_is_killed_as_it_is_asked_leaves_a_container_without_devices(
    containerd: Containerd, specs: Path
) -> None:
    write_spec(specs, toy("a"))
    before = len(containerd.log)
    with Served(containerd) as served, containerd.cri.pod() as pod:
        served.signal(signal.SIGSTOP)
        threading.Timer(0.3, served.signal, (signal.SIGKILL,)).start()
        assert pod.run(SEES, annotations=TOY_A) == NOTHING
    assert "deadline exceeded" not in containerd.log[before:]


@both
def test_the_closed_way_refuses_an_unknown_device_without_any_plugin(
    containerd: Containerd, specs: Path
) -> None:
    write_spec(specs, toy("a"))
    assert "unresolvable CDI devices" in error_of(containerd, devices=["acme.com/toy=zz"])


@both
def test_it_comes_back_after_the_runtime_was_restarted(containerd: Containerd, specs: Path) -> None:
    write_spec(specs, toy("a"))
    with Served(containerd) as served:
        containerd.stop()
        served.wait_for("connection lost: the runtime has closed it")
        containerd.start()
        served.wait_for("registered with containerd", times=2)
        time.sleep(0.3)
        with containerd.cri.pod() as pod:
            assert pod.run(SEES, annotations=TOY_A) == GIVEN


@edits
@pytest.mark.parametrize("size", [3_000, 4_000, 4_096, 5_000, 30_000, 300_000, 3_000_000])
def test_big_answers_arrive_whole(containerd: Containerd, specs: Path, size: int) -> None:
    variables = [f"V{n:05d}={'x' * min(1000, size - 1000 * n)}" for n in range(-(-size // 1000))]
    write_spec(specs, device("a", env=variables))
    with Served(containerd) as served, containerd.cri.pod() as pod:
        identity = pod.create("true", annotations=TOY_A)
        assert {*variables} <= {*env_of(containerd, identity)}
        assert "connection lost" not in served.told()


@names
@pytest.mark.parametrize("count", [150, 300, 3_000])
def test_many_names_arrive_whole(containerd: Containerd, specs: Path, count: int) -> None:
    devices = [device(f"d{n:04d}", env=[f"V{n:04d}=1"]) for n in range(count)]
    write_spec(specs, *devices)
    asked = json.dumps([f"acme.com/toy=d{n:04d}" for n in range(count)])
    with Served(containerd), containerd.cri.pod() as pod:
        identity = pod.create("true", annotations={DEVICES: asked})
        found = {each for each in env_of(containerd, identity) if each.startswith("V")}
    assert found == {f"V{n:04d}=1" for n in range(count)}


@edits
def test_an_answer_that_no_frame_can_hold_is_an_error(containerd: Containerd, specs: Path) -> None:
    write_spec(specs, device("a", env=[f"V{n}={'x' * 1000}" for n in range(4_500)]))
    with Served(containerd) as served:
        assert "4194304 are allowed" in error_of(containerd, annotations=TOY_A)
        assert "connection lost" not in served.told()


# --- its life ---


@both
def test_it_ends_cleanly_when_it_is_told_to(containerd: Containerd) -> None:
    with Served(containerd) as served:
        served.signal(signal.SIGTERM)
        assert served.wait() == 0
        assert served.told().count("\n") == 1
    with Served(containerd) as served:
        served.signal(signal.SIGINT)
        assert served.wait() == 130


@both
def test_the_runtime_launches_it_with_its_configuration(containerd: Containerd, specs: Path) -> None:
    sandbox = containerd.sandbox
    other = sandbox.path("/srv/specs")
    other.mkdir()
    write_spec(other, toy("a"))
    conf = sandbox.write("/etc/nri/conf.d/10-cod.conf", "specDirs: [/srv/specs, /etc/cdi]\n")
    path = sandbox.environ["PYTHONPATH"]
    command = f"PYTHONPATH={path} COD_CACHE=off exec /usr/bin/python3 -m cod nri serve"
    plugin = sandbox.write("/opt/nri/plugins/10-cod", f"#!/bin/sh\n{command} 2> /var/log/launched\n", 0o755)
    log = sandbox.path("/var/log/launched")
    containerd.stop()
    try:
        containerd.start()
        until(lambda: "as 10-cod: " in log.read_text())
        if "by name" not in log.read_text():  # there the runtime finds the specs by itself
            with containerd.cri.pod() as pod:
                assert pod.run(SEES, annotations=TOY_A) == GIVEN
        write_spec(specs, toy("b"), kind="acme.com/late")
        with containerd.cri.pod() as pod:
            assert pod.run("echo $TOY_b", annotations={DEVICES: "acme.com/late=b"}) == "1"
    finally:
        for each in (plugin, conf):
            sandbox.path(each).unlink()
        shutil.rmtree(other)
        containerd.stop()
        containerd.start()


def test_the_socket_of_nothing_is_waited_for_and_told_once(tmp_path: Path) -> None:
    environ = {**os.environ, "PYTHONPATH": str(REPOSITORY / "src"), "COD_CACHE": "off"}
    command = [sys.executable, "-m", "cod", "nri", "serve", "--socket", str(tmp_path / "nri.sock")]
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as process:
        time.sleep(1.5)
        process.terminate()
        _, told = process.communicate(timeout=10)
    assert process.returncode == 0
    assert told.count("\n") == 1
    assert "no such file or directory; containers that start meanwhile get no devices" in told

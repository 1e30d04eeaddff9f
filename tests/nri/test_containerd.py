"""The plugin in a real containerd: 1.7 (Debian 13), which takes edits, and 2.1 or newer (forky): names."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.nri.containerd import REPOSITORY, REQUEST_TIMEOUT, Containerd, Served, until
from tests.nri.cri import grpc
from tests.nri.specs import device, toy, write_spec

EDITS, NAMES = "trixie", "forky"
DEVICES = "cdi-devices.noderesource.dev"
TOY_A = {DEVICES: "acme.com/toy=a"}
SEES = "echo [$TOY_a]; test -c /dev/toya && echo node"
GIVEN, NOTHING = "[1]\nnode", "[]"

both = pytest.mark.parametrize("containerd", [EDITS, NAMES], indirect=True)
edits = pytest.mark.parametrize("containerd", [EDITS], indirect=True)
names = pytest.mark.parametrize("containerd", [NAMES], indirect=True)

pytestmark = [
    pytest.mark.runtime,
    pytest.mark.xdist_group("nri-containerd"),
    pytest.mark.skipif(
        not Path("/dev/cpu/1/cpuid").exists(), reason="this machine has no two /dev/cpu/*/cpuid"
    ),
]


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
def test_a_container_has_its_device_and_no_other(containerd: Containerd) -> None:
    write_spec(containerd.specs, toy("a", 0), toy("b", 1))
    script = (
        "head -c 4 /dev/toya | wc -c; ls /dev/toyb; mknod /tmp/b c 203 1; head -c 4 /tmp/b; env | grep TOY"
    )
    with Served(containerd), containerd.cri.pod() as pod:
        lines = pod.run(f"({script}) 2>&1", annotations=TOY_A).splitlines()
    assert lines[0] == "4"
    assert "No such file" in lines[1]
    assert "Operation not permitted" in lines[2]
    assert lines[3:] == ["TOY_a=1"]


@both
def test_each_container_of_a_pod_has_what_its_own_annotation_says(containerd: Containerd) -> None:
    write_spec(containerd.specs, toy("a", 0), toy("b", 1))
    annotations = {
        f"{DEVICES}/container.first": "acme.com/toy=a",
        f"{DEVICES}/container.second": "[acme.com/toy=a, acme.com/toy=b]",
    }
    with Served(containerd), containerd.cri.pod(annotations) as pod:
        found = [pod.run("echo $TOY_a $TOY_b", name=name) for name in ("first", "second", "third")]
    assert found == ["1", "1 1", ""]


@both
@pytest.mark.skipif(not Path("/dev/net/tun").exists(), reason="this machine has no /dev/net/tun")
def test_a_claim_is_given_by_its_name(containerd: Containerd) -> None:
    ledger = containerd.directory / "ledger.db"
    places = ["--ledger", str(ledger), "--spec-dir", str(containerd.specs)]

    def cod(*words: str) -> None:
        environ = {**os.environ, "PYTHONPATH": str(REPOSITORY / "src")}
        command = [sys.executable, "-m", "cod", *words, *places]
        subprocess.run(command, env=environ, check=True, capture_output=True)

    with Served(containerd), containerd.cri.pod({"claims.cod.dev": "train-7"}) as pod:
        cod("claim", "create", "train-7", "-d", "tun")
        found = pod.run("echo $COD_CLAIM; test -c /dev/net/tun && echo node; : < /dev/net/tun && echo opened")
        cod("claim", "release", "train-7")
        with pytest.raises(grpc.RpcError, match="no claim train-7 is ready on this node"):
            pod.create("true", name="late")
    assert found.splitlines() == ["train-7", "node", "opened"]


@both
def test_mounts_and_hooks_come_with_a_device(containerd: Containerd) -> None:
    shared = containerd.directory / "shared"
    shared.mkdir(exist_ok=True)
    (shared / "file").write_text("hello\n")
    count = containerd.directory / "hooks"
    count.write_text("")
    hook = {"hookName": "createRuntime", "path": "/bin/sh", "args": ["sh", "-c", f"echo ran >> {count}"]}
    mount = {"hostPath": str(shared), "containerPath": "/opt/shared", "options": ["ro", "bind"]}
    write_spec(containerd.specs, toy("a", mounts=[mount], hooks=[hook]))
    with Served(containerd), containerd.cri.pod() as pod:
        found = pod.run("cat /opt/shared/file; echo x > /opt/shared/x || echo read-only", annotations=TOY_A)
    assert "hello" in found.splitlines()
    assert "read-only" in found.splitlines()
    assert count.read_text() == "ran\n"


@both
@pytest.mark.parametrize("way", ["field", "annotation"])
def test_what_cri_was_asked_for_is_not_given_twice(containerd: Containerd, way: str) -> None:
    count = containerd.directory / f"twice-{way}"
    count.write_text("")
    hook = {"hookName": "createRuntime", "path": "/bin/sh", "args": ["sh", "-c", f"echo ran >> {count}"]}
    write_spec(containerd.specs, toy("a", hooks=[hook]))
    annotations = dict(TOY_A)
    if way == "annotation":
        annotations["cdi.k8s.io/lab"] = "acme.com/toy=a"
    with Served(containerd), containerd.cri.pod() as pod:
        asked = ["acme.com/toy=a"] if way == "field" else []
        assert pod.run(SEES, annotations=annotations, devices=asked) == GIVEN
    assert count.read_text() == "ran\n"


@names
def test_names_carry_groups_too(containerd: Containerd) -> None:
    write_spec(containerd.specs, toy("a", additionalGids=[4242]))
    with Served(containerd), containerd.cri.pod() as pod:
        assert "4242" in pod.run("id -G", annotations=TOY_A).split()


@edits
def test_what_nri_cannot_carry_is_refused_and_no_container_is_made(containerd: Containerd) -> None:
    net = {"hostInterfaceName": "veth7", "name": "eth1"}
    write_spec(containerd.specs, toy("a", additionalGids=[4242], netDevices=[net]))
    with Served(containerd) as served:
        text = error_of(containerd, annotations=TOY_A)
        assert "cannot carry additional groups (4242), the network device veth7" in text
        assert "CDI_devices field of CRI" in text
        assert "refused: NRI of containerd 1.7" in served.told()


@both
def test_a_node_to_read_is_carried_by_name_and_refused_elsewhere(containerd: Containerd) -> None:
    node = {"path": "/dev/toya", "hostPath": "/dev/cpu/0/cpuid", "permissions": "r"}
    write_spec(containerd.specs, device("a", env=["TOY_a=1"], deviceNodes=[node]))
    with Served(containerd) as served:
        if "by name" in served.told():
            with containerd.cri.pod() as pod:
                assert pod.run(SEES, annotations=TOY_A) == GIVEN
        else:
            assert "permissions r of /dev/toya (it would be rwm)" in error_of(containerd, annotations=TOY_A)


# --- its ways to fail, as `docs/inject-with-nri.md` has them ---


@both
def test_an_unknown_device_and_an_unknown_claim_are_refused(containerd: Containerd) -> None:
    write_spec(containerd.specs, toy("a"))
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
def test_a_device_without_its_node_is_refused(containerd: Containerd) -> None:
    write_spec(containerd.specs, device("a", deviceNodes=[{"path": "/dev/gone-for-ever"}]))
    with Served(containerd):
        assert "/dev/gone-for-ever" in error_of(containerd, annotations=TOY_A)


@both
def test_a_plugin_that_hangs_lets_containers_start_without_devices_and_comes_back(
    containerd: Containerd,
) -> None:
    write_spec(containerd.specs, toy("a"))
    with Served(containerd) as served, containerd.cri.pod() as pod:
        served.process.send_signal(signal.SIGSTOP)
        start = time.monotonic()
        assert pod.run(SEES, annotations=TOY_A) == NOTHING
        assert time.monotonic() - start >= REQUEST_TIMEOUT
        served.process.send_signal(signal.SIGCONT)
        served.wait_for("registered with containerd", times=2)
        assert "connection lost: " in served.told()
        assert "get no devices from here, and no error" in served.told()
        time.sleep(0.3)
        assert pod.run(SEES, name="next", annotations=TOY_A) == GIVEN
    assert "context deadline exceeded" in containerd.log.read_text()


@both
def test_specs_that_take_too_long_to_read_are_an_error_in_time(containerd: Containerd) -> None:
    write_spec(containerd.specs, toy("a"))
    with Served(containerd) as served:
        large = containerd.specs / "large.yaml"
        devices = "".join(f"- {{name: d{n}, containerEdits: {{env: [A={n}]}}}}\n" for n in range(60_000))
        large.with_suffix(".made").write_text(f"cdiVersion: 0.6.0\nkind: acme.com/large\ndevices:\n{devices}")
        large.with_suffix(".made").rename(large)
        assert "CreateContainer found no answer in" in error_of(containerd, annotations=TOY_A)
        assert "refused: no answer in time" in served.told()
        with containerd.cri.pod() as pod:
            assert pod.run("echo up", name="idle") == "up"
            assert "connection lost" not in served.told()
            large.unlink()

            def is_given() -> bool:
                try:
                    return pod.run(SEES, name=f"n{time.monotonic_ns()}", annotations=TOY_A) == GIVEN
                except grpc.RpcError:
                    return False

            until(is_given, 20)


@both
def test_a_plugin_that_is_killed_is_missed_by_nobody_until_it_is_started_again(
    containerd: Containerd,
) -> None:
    write_spec(containerd.specs, toy("a"))
    with containerd.cri.pod() as pod:
        with Served(containerd) as served:
            served.process.kill()
            served.process.wait()
            assert pod.run(SEES, annotations=TOY_A) == NOTHING
        with Served(containerd):
            assert pod.run(SEES, name="next", annotations=TOY_A) == GIVEN


@both
def test_a_plugin_that_is_killed_as_it_is_asked_leaves_a_container_without_devices(
    containerd: Containerd,
) -> None:
    write_spec(containerd.specs, toy("a"))
    with Served(containerd) as served, containerd.cri.pod() as pod:
        served.process.send_signal(signal.SIGSTOP)
        threading.Timer(0.3, served.process.kill).start()
        start = time.monotonic()
        assert pod.run(SEES, annotations=TOY_A) == NOTHING
        assert time.monotonic() - start < REQUEST_TIMEOUT


@both
def test_the_closed_way_gives_the_device_or_an_error_without_any_plugin(containerd: Containerd) -> None:
    write_spec(containerd.specs, toy("a"))
    with containerd.cri.pod() as pod:
        assert pod.run(SEES, devices=["acme.com/toy=a"]) == GIVEN
        with pytest.raises(grpc.RpcError, match="unresolvable CDI devices"):
            pod.create("true", name="other", devices=["acme.com/toy=zz"])


@both
def test_it_comes_back_after_the_runtime_was_restarted(containerd: Containerd) -> None:
    write_spec(containerd.specs, toy("a"))
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
def test_big_answers_arrive_whole(containerd: Containerd, size: int) -> None:
    variables = [f"V{n:05d}={'x' * min(1000, size - 1000 * n)}" for n in range(-(-size // 1000))]
    write_spec(containerd.specs, device("a", env=variables))
    with Served(containerd) as served, containerd.cri.pod() as pod:
        identity = pod.create("true", annotations=TOY_A)
        assert {*variables} <= {*env_of(containerd, identity)}
        assert "connection lost" not in served.told()


@names
@pytest.mark.parametrize("count", [150, 300, 3_000])
def test_many_names_arrive_whole(containerd: Containerd, count: int) -> None:
    devices = [device(f"d{n:04d}", env=[f"V{n:04d}=1"]) for n in range(count)]
    write_spec(containerd.specs, *devices)
    asked = json.dumps([f"acme.com/toy=d{n:04d}" for n in range(count)])
    with Served(containerd), containerd.cri.pod() as pod:
        identity = pod.create("true", annotations={DEVICES: asked})
        found = {each for each in env_of(containerd, identity) if each.startswith("V")}
    assert found == {f"V{n:04d}=1" for n in range(count)}


@edits
def test_an_answer_that_no_frame_can_hold_is_an_error(containerd: Containerd) -> None:
    write_spec(containerd.specs, device("a", env=[f"V{n}={'x' * 1000}" for n in range(4_500)]))
    with Served(containerd) as served:
        assert "4194304 are allowed" in error_of(containerd, annotations=TOY_A)
        assert "connection lost" not in served.told()


# --- its life ---


@both
def test_it_ends_cleanly_when_it_is_told_to(containerd: Containerd) -> None:
    with Served(containerd) as served:
        served.process.terminate()
        assert served.process.wait(10) == 0
        assert served.told().count("\n") == 1
    with Served(containerd) as served:
        served.process.send_signal(signal.SIGINT)
        assert served.process.wait(10) == 130


@both
def test_the_runtime_launches_it_with_its_configuration(containerd: Containerd) -> None:
    other = containerd.directory / "other"
    other.mkdir(exist_ok=True)
    write_spec(other, toy("a"))
    log = containerd.directory / "launched.log"
    # The root of the other release has no Python: the plugin goes back to ours.
    plugin = containerd.directory / "plugins/10-cod"
    plugin.write_text(
        "#!/bin/sh\n"
        f"PYTHONPATH={REPOSITORY / 'src'} COD_CACHE=off exec nsenter -t {os.getpid()} -m -r -w "
        f"{sys.executable} -m cod nri serve 2> {log}\n"
    )
    plugin.chmod(0o755)
    (containerd.directory / "conf.d/10-cod.conf").write_text(f"specDirs: [{other}, {containerd.specs}]\n")
    containerd.stop()
    try:
        containerd.start()
        if "by name" not in log.read_text():  # there the runtime finds the specs by itself
            with containerd.cri.pod() as pod:
                assert pod.run(SEES, annotations=TOY_A) == GIVEN
        write_spec(containerd.specs, toy("b"), kind="acme.com/late")
        with containerd.cri.pod() as pod:
            assert pod.run("echo $TOY_b", annotations={DEVICES: "acme.com/late=b"}) == "1"
        assert "as 10-cod: " in log.read_text()
    finally:
        plugin.unlink()
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


def test_the_stand_in_is_a_real_device() -> None:
    assert stat.S_ISCHR(Path("/dev/cpu/0/cpuid").stat().st_mode)

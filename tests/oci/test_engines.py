"""Engines and the front door that was installed: who gets devices, who gets none, how an error is shown.

That a container gets its devices by each of these doors is in `tests/runtimes/matrix`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.oci.front import CPU
from tests.runtimes.cri import grpc
from tests.runtimes.matrix.containerd import Containerd
from tests.runtimes.matrix.doors import CONTAINERD, DOCKER, IMAGE, PODMAN, Door
from tests.runtimes.matrix.rootfs import ROOT, shell
from tests.runtimes.matrix.sandbox import Run, Sandbox
from tests.runtimes.matrix.sandboxes import in_sandboxes

EVERYWHERE = ("host", "trixie", "forky")
with_podman = in_sandboxes(*EVERYWHERE, door=PODMAN[0])
with_docker = in_sandboxes(*EVERYWHERE, door=DOCKER[0])
with_containerd = in_sandboxes(*EVERYWHERE, door=CONTAINERD[0])

SEES = "ls /dev | grep cpu; env | grep CPU | sort; head -c 4 /dev/cpu1 >/dev/null && echo opened; echo end"
SEEN = ["cpu1", "CPUS=real", "CPU_1=yes", "opened", "end"]
NOTHING = ["end"]
ASKS = ("--annotation", "cdi.k8s.io/x=cod.test/cpu=1")
ASKS_WRONG = ("--annotation", "cdi.k8s.io/x=cod.test/cpu=7")
WRONG = "unresolvable CDI devices cod.test/cpu=7; cod.test/cpu=7 is in no spec file"
MOUNTS = {
    "cdiVersion": "0.5.0",
    "kind": "cod.test/mount",
    "devices": [
        {
            "name": name,
            "containerEdits": {
                "mounts": [{"hostPath": "/srv/given", "containerPath": path, "options": ["ro", "rbind"]}]
            },
        }
        for name, path in (("plain", "/opt/lib/x"), ("link", "/link/x"))
    ],
}


@pytest.fixture(autouse=True)
def _specs(specs: Path) -> None:
    for name, spec in (("cpu", CPU), ("mount", MOUNTS)):
        (specs / f"{name}.json").write_text(json.dumps(spec))


def ready(sandbox: Sandbox, door: Door) -> None:
    """Make the engine of a door ready, as its own tests do."""
    assert door.engine is not None
    sandbox.engine(door.engine)


# --- Podman


def podman(
    sandbox: Sandbox, *options: str, before: tuple[str, ...] = (), script: str = SEES, image: str = IMAGE
) -> Run:
    ready(sandbox, PODMAN[0])
    usual = ("run", "--rm", "--network", "none", *options, image)
    return sandbox.run("podman", *before, *usual, *shell(script))


RUNTIME = ("--hooks-dir", "/none", "--runtime", "cod")


@with_podman
def test_podmans_runtime_gives_to_who_asks_and_to_no_other(sandbox: Sandbox) -> None:
    by_path = (*RUNTIME[:-1], "/usr/local/bin/cod-runtime")
    assert podman(sandbox, *ASKS, before=by_path).stdout.split() == SEEN
    by_variable = podman(sandbox, "--env", "COD_CLAIM=cod.test/cpu=1", before=RUNTIME)
    assert [line for line in by_variable.stdout.split() if "COD" not in line] == SEEN
    assert podman(sandbox, before=RUNTIME).stdout.split() == NOTHING


@with_podman
def test_podman_shows_an_error_of_the_runtime(sandbox: Sandbox) -> None:
    wrong = podman(sandbox, *ASKS_WRONG, before=RUNTIME)
    assert f"OCI runtime error: cod: cod-runtime: {WRONG}" in wrong.stderr
    assert wrong.returncode == 126


@with_podman
def test_podmans_precreate_hook_gives_everything_to_who_asks_and_to_no_other(sandbox: Sandbox) -> None:
    assert podman(sandbox, *ASKS).stdout.split() == SEEN
    assert podman(sandbox, "--annotation", "other=cod.test/cpu=1").stdout.split() == NOTHING
    wrong = podman(sandbox, *ASKS_WRONG)
    assert wrong.returncode == 126
    assert f"cod-runtime: {WRONG}" in wrong.stderr


@contextmanager
def mounts_hook(sandbox: Sandbox) -> Iterator[None]:
    """The hook of made containers, which is there meanwhile instead of the precreate hook."""
    ready(sandbox, PODMAN[0])
    sandbox.write("/srv/given/file", "given\n")
    sandbox.do(*sandbox.cod_words("runtime", "uninstall", "hooks"))
    sandbox.do(*sandbox.cod_words("runtime", "install", "hooks-mounts"))
    try:
        yield
    finally:
        sandbox.do(*sandbox.cod_words("runtime", "uninstall", "hooks-mounts"))
        sandbox.do(*sandbox.cod_words("runtime", "install", "hooks"))


@with_podman
def test_a_hook_of_a_made_container_gives_mounts_and_refuses_the_rest(sandbox: Sandbox) -> None:
    see = "cat /opt/lib/x/file; echo more > /opt/lib/x/new"
    with mounts_hook(sandbox):
        run = podman(sandbox, "--annotation", "cdi.k8s.io/x=cod.test/mount=plain", script=see)
        refused = podman(sandbox, *ASKS)
    assert run.stdout == "given\n"
    assert "Read-only file system" in run.stderr
    assert refused.returncode != 0
    for words in ("device node /dev/cpu1: on cgroup v2", "variable CPUS", "use Podman's precreate hook"):
        assert words in refused.stderr


@with_podman
def test_a_link_in_an_image_leads_no_mount_out_of_it(sandbox: Sandbox) -> None:
    image = "localhost/hostile:1"
    make = f"""
    cp -a {ROOT} hostile
    mkdir outside
    ln -s /srv/outside hostile/link
    tar -C hostile -cf hostile.tar .
    podman import --quiet hostile.tar {image}
    """
    with mounts_hook(sandbox):
        sandbox.do("sh", "-ec", f"cd /srv; {make}")
        asks = ("--annotation", "cdi.k8s.io/x=cod.test/mount=link")
        run = podman(sandbox, *asks, script="cat /link/x/file", image=image)
    assert [*sandbox.path("/srv/outside").iterdir()] == []
    assert run.returncode != 0 or run.stdout == "given\n"


# --- containerd


@with_containerd
def test_containerds_client_shows_an_error_of_the_program(sandbox: Sandbox) -> None:
    sandbox.engine(Containerd)
    run = ("ctr", "run", "--rm", "--runc-binary", "/usr/local/bin/cod-runtime")
    wrong = sandbox.run(*run, *ASKS_WRONG, "--rootfs", ROOT, "wrong", *shell(SEES))
    assert f"OCI runtime create failed: cod-runtime: {WRONG}" in wrong.stderr


@with_containerd
def test_cri_shows_an_error_of_a_runtime_class_and_gives_nothing_to_who_does_not_ask(
    sandbox: Sandbox,
) -> None:
    asks_wrong = {"cod.dev/claim": "cod.test/cpu=7"}
    with sandbox.engine(Containerd).cri.pod(handler="cod") as pod:
        with pytest.raises(grpc.RpcError) as found:
            pod.start("true", name="wrong", annotations=asks_wrong)
        assert pod.run(f"({SEES}) 2>/dev/null", name="other").split() == NOTHING
    assert f"OCI runtime create failed: cod-runtime: {WRONG}" in found.value.details()


# --- Docker


@with_docker
def test_docker_gives_nothing_to_who_does_not_ask_and_shows_an_error_of_the_runtime(sandbox: Sandbox) -> None:
    ready(sandbox, DOCKER[0])
    run = ("docker", "run", "--rm", "--network", "none", "--runtime", "cod", "--env")
    assert sandbox.run(*run, "X=1", IMAGE, *shell(SEES)).stdout.split() == NOTHING
    wrong = sandbox.run(*run, "COD_CLAIM=cod.test/cpu=7", IMAGE, *shell(SEES))
    assert f"OCI runtime create failed: cod-runtime: {WRONG}" in wrong.stderr

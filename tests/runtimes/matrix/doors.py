"""The doors: each a runtime, and a way in which it is asked for devices."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from tests.runtimes.machine import until
from tests.runtimes.matrix.containerd import Asked, ByCri, Containerd, Served
from tests.runtimes.matrix.rootfs import ARCHIVE, ROOT, bundle, shell
from tests.runtimes.matrix.sandbox import Sandbox, root_of
from tests.runtimes.matrix.ways import ByClaim, ByCommand, Way, Words

IMAGE = "localhost/busybox:1"
DEVICE = "cod.dev/claim={}"


class Door(Struct, frozen=True):
    """A runtime by the name of its program, a way by how one would write it, and what makes it ready.

    `engine` is what several doors of a sandbox share, such as a daemon; it is made once. `view` is that of a
    sandbox of its own, which sees nothing of cgroup v1: `cgroup2` for what works there alone, `user` where a
    user without rights does all. `dev` is why a container sees devices that it was not given, `cgroup` why no
    device cgroup bars them, `groups` why its process has no group of theirs; "" where that is not so.
    `is_container` is where the runtime becomes the container's first process, `needs_no_root` where a user
    without rights can start it, too.
    """

    program: str
    how: str
    way: Callable[[Sandbox], Way]
    engine: Callable[[Sandbox], object] | None = None
    view: str = ""
    dev: str = ""
    cgroup: str = ""
    groups: str = ""
    is_container: bool = False
    needs_no_root: bool = False

    def is_in(self, release: str) -> bool:
        """Whether a release has the program."""
        root = root_of(release)
        return any(
            (root / place / self.program).exists() for place in ("usr/bin", "usr/sbin", "usr/local/bin")
        )


def name() -> str:
    """A container's name that no other has."""
    return f"cod-{os.urandom(4).hex()}"


def _by_command(program: str, words: Callable[[str], Words], **more: Any) -> Door:
    """`cod run` before a command that is the same in every sandbox."""
    return Door(program, "`cod run`", lambda _: ByCommand(words), **more)


def _by_claim(program: str, how: str, words: Callable[[str, str], Words], engine: Any, **more: Any) -> Door:
    """A command that names a claim, and is the same in every sandbox."""
    return Door(program, how, lambda _: ByClaim(words), engine, **more)


def _by_device(program: str, words: Callable[..., Words], engine: Any, **more: Any) -> Door:
    """An engine's own option for CDI devices."""
    return _by_claim(
        program,
        "`--device cod.dev/claim=NAME`",
        lambda script, name: words(script, "--device", DEVICE.format(name)),
        engine,
        **more,
    )


# --- Podman

# No ulimits, since a root without CAP_SYS_RESOURCE may not raise any; nothing of systemd: there is none.
_CONTAINERS_CONF = """\
[containers]
default_ulimits = []
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
runtime = "runc"
"""


def _podman(sandbox: Sandbox) -> None:
    sandbox.write("/etc/containers/containers.conf", _CONTAINERS_CONF)
    with sandbox.as_root():
        for engine in ("podman", "hooks"):
            sandbox.do(*sandbox.cod_words("runtime", "install", engine))
    sandbox.do("podman", "import", "--quiet", ARCHIVE, IMAGE)


def _podman_words(script: str, *options: str, before: Words = ()) -> Words:
    usual = ("--rm", "-i", "--network", "none", "--cap-add", "MKNOD")
    return ("podman", *before, "run", *usual, *options, IMAGE, *shell(script))


def _podman_by_runtime(script: str, name: str) -> Words:
    before = ("--hooks-dir", "/none", "--runtime", "cod")
    return _podman_words(script, "--annotation", DEVICE.format(name), before=before)


def _podman_by_hook(script: str, name: str) -> Words:
    return _podman_words(script, "--annotation", DEVICE.format(name))


PODMAN = (
    _by_command("podman", _podman_words, engine=_podman, needs_no_root=True),
    _by_device("podman", _podman_words, _podman),
    _by_claim(
        "podman",
        "hook, `--annotation cod.dev/claim=NAME`",
        _podman_by_hook,
        _podman,
        needs_no_root=True,
    ),
    _by_claim(
        "podman",
        "`--runtime cod`, `--annotation cod.dev/claim=NAME`",
        _podman_by_runtime,
        _podman,
        needs_no_root=True,
    ),
)

# --- buildah


def _buildah(sandbox: Sandbox) -> None:
    sandbox.write("/etc/containers/containers.conf", _CONTAINERS_CONF)
    limits = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024")
    sandbox.do("buildah", "from", *limits, "--name", "built", "scratch")
    sandbox.do("buildah", "add", "--quiet", "built", ARCHIVE, "/")


def _buildah_words(script: str) -> Words:
    return ("buildah", "run", "--network", "none", "--cap-add", "CAP_MKNOD", "built", "--", *shell(script))


BUILDAH = (_by_command("buildah", _buildah_words, engine=_buildah),)

# --- Docker

_DAEMON = {
    "bridge": "none",
    "features": {"cdi": True},
    "group": "root",
    "ip6tables": False,
    "iptables": False,
}


_NO_GROUPS = "not given: Docker leaves the groups of CDI out, and says nothing; `cod run` adds them"


def _docker(sandbox: Sandbox) -> None:
    sandbox.write("/etc/docker/daemon.json", json.dumps(_DAEMON))
    sandbox.do(*sandbox.cod_words("runtime", "install", "docker"))
    sandbox.serve("/var/log/docker.log", "dockerd")
    until(lambda: sandbox.run("docker", "info").returncode == 0, 30)
    sandbox.do("docker", "import", ARCHIVE, IMAGE)


def _docker_words(script: str, *options: str) -> Words:
    usual = ("--rm", "-i", "--network", "none")
    return ("docker", "run", *usual, *options, IMAGE, *shell(script))


DOCKER = (
    _by_command("dockerd", _docker_words, engine=_docker),
    _by_device("dockerd", _docker_words, _docker, groups=_NO_GROUPS),
    _by_claim(
        "dockerd",
        "`--runtime cod`, `-e COD_CLAIM=NAME`",
        lambda script, name: _docker_words(script, "--runtime", "cod", "-e", f"COD_CLAIM={name}"),
        _docker,
    ),
)

# --- containerd


_OLD = "not given: containerd 1.6 knows neither CDI nor this NRI, and says nothing; use the RuntimeClass"


def _cri(how: str, asked: Callable[[str], Asked], is_ours: bool = False) -> Door:
    def way(sandbox: Sandbox) -> Way:
        engine = sandbox.engine(Containerd)
        return ByCri(engine, asked, "" if is_ours or engine.version >= (1, 7) else _OLD)

    return Door("containerd", how, way, Containerd)


def _nri(sandbox: Sandbox) -> Way:
    engine = sandbox.engine(Containerd)
    asked = ByCri(engine, lambda name: Asked(pod_annotations={"claims.cod.dev": name}), _OLD)
    return asked if engine.version < (1, 7) else replace(asked, ignores="", beside=Served)


def _ctr_words(script: str, *options: str) -> Words:
    return ("ctr", "run", "--rm", *options, "--rootfs", ROOT, name(), *shell(script))


def _ctr_by_configuration(sandbox: Sandbox) -> Way:
    def words(script: str) -> Words:
        config = f"{bundle(sandbox, script)}/config.json"
        return ("ctr", "run", "--rm", "--config", config, name())

    return ByCommand(words)


CONTAINERD = (
    _cri("CRI, field `CDI_devices`", lambda name: Asked(devices=(DEVICE.format(name),))),
    _cri(
        "CRI, annotation `cdi.k8s.io/…`",
        lambda name: Asked(annotations={"cdi.k8s.io/claim": DEVICE.format(name)}),
    ),
    Door("containerd", "CRI, NRI, annotation `claims.cod.dev`", _nri, Containerd),
    _cri(
        "CRI, RuntimeClass `cod`, annotation `cod.dev/claim`",
        lambda name: Asked(annotations={"cod.dev/claim": name}, handler="cod"),
        is_ours=True,
    ),
    _by_command("ctr", _ctr_words, engine=Containerd),
    Door("ctr", "`cod run`, with `--config`", _ctr_by_configuration, Containerd),
    _by_claim(
        "ctr",
        "`--runc-binary cod-runtime`, `--annotation cod.dev/claim=NAME`",
        lambda script, name: _ctr_words(
            script, "--runc-binary", "/usr/local/bin/cod-runtime", "--annotation", DEVICE.format(name)
        ),
        Containerd,
    ),
)

# --- runtimes of bundles


def _program(sandbox: Sandbox) -> None:
    with sandbox.as_root():
        sandbox.do(*sandbox.cod_words("runtime", "install", "cod-runtime"))


def _bundled(program: str, *options: str, crash: int = 0, **more: Any) -> Door:
    def way(sandbox: Sandbox) -> Way:
        return ByCommand(
            lambda script: (program, *options, "run", "--bundle", bundle(sandbox, script), name()),
            crash=crash,
        )

    return Door(program, "`cod run`", way, **more)


def _front(program: str, **more: Any) -> Door:
    def way(sandbox: Sandbox) -> Way:
        def words(script: str, claim: str) -> Words:
            made = bundle(sandbox, script, {"cod.dev/claim": claim})
            return ("cod-runtime", "run", "--bundle", made, name())

        return ByClaim(words)

    return Door(program, "`cod-runtime`, annotation `cod.dev/claim`", way, _program, **more)


BUNDLES = (
    _bundled("runc", needs_no_root=True),
    _front("runc", needs_no_root=True),
    _bundled("crun", view="cgroup2", needs_no_root=True),
    _front("crun", view="cgroup2"),
    # That of Debian does so on some machines, without `cod`, too: 5 of 40 starts where this was written.
    _bundled("runsc", "--network=none", "--ignore-cgroups", crash=2),
)

# --- runtimes that take a directory

_LXC = """\
lxc.rootfs.path = dir:{root}
lxc.net.0.type = none
lxc.autodev = 1
lxc.log.level = ERROR
lxc.{hierarchy}.devices.deny = a
lxc.{hierarchy}.devices.allow = c 1:3 rwm
lxc.{hierarchy}.devices.allow = c 5:* rwm
"""


def _lxc(sandbox: Sandbox) -> Way:
    hierarchy = "cgroup" if sandbox.path("/sys/fs/cgroup/devices").is_dir() else "cgroup2"
    file = sandbox.write("/etc/lxc/cod.conf", _LXC.format(root=ROOT, hierarchy=hierarchy))
    return ByCommand(lambda script: ("lxc-execute", "-n", name(), "-f", file, "--", *shell(script)))


def _nspawn(script: str) -> Words:
    options = ("-q", "--console=pipe", "--register=no", "--keep-unit", "--private-network")
    return ("systemd-nspawn", *options, "--machine", name(), "-D", ROOT, *shell(script))


def _bwrap(script: str) -> Words:
    options = ("--bind", ROOT, "/", "--dev", "/dev", "--proc", "/proc", "--unshare-pid", "--unshare-net")
    return ("bwrap", *options, *shell(script))


def _apptainer(script: str) -> Words:
    return ("apptainer", "-q", "exec", "--userns", "--contain", ROOT, *shell(script))


def _charliecloud(script: str) -> Words:
    return ("ch-run", "-w", ROOT, "--", *shell(script))


_NO_CGROUP = "open: it has no device cgroup, so that the mode of a node counts alone"
_KEEP_UNIT = "open: with `--keep-unit`, without systemd, it has no device cgroup"
_HOSTS_DEV = "open: its `/dev` is the host's"

DIRECTORIES = (
    Door("lxc-execute", "`cod run`", _lxc, view="cgroup2"),
    _by_command("systemd-nspawn", _nspawn, view="cgroup2", cgroup=_KEEP_UNIT),
    _by_command("bwrap", _bwrap, needs_no_root=True, cgroup=_NO_CGROUP),
    _by_command("apptainer", _apptainer, needs_no_root=True, cgroup=_NO_CGROUP),
    _by_command(
        "ch-run", _charliecloud, needs_no_root=True, dev=_HOSTS_DEV, cgroup=_NO_CGROUP, is_container=True
    ),
)

# --- without root

_NO_RIGHTS = "open: without root there is no device cgroup, so that the mode of a node counts alone"


def _without_root(door: Door) -> Door:
    """The same door as a user without rights opens it."""
    return replace(door, how=f"without root, {door.how}", view="user", cgroup=_NO_RIGHTS)


ROOTS = (*PODMAN, *BUILDAH, *DOCKER, *CONTAINERD, *BUNDLES, *DIRECTORIES)
DOORS = (*ROOTS, *(_without_root(door) for door in ROOTS if door.needs_no_root))

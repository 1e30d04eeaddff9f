"""`podman run …`: by CDI from 4.1 on, else by its flags.

A user's own Podman reads the directories of root, in which a user's claim does not lie: it gets flags, too.
Podman is told to write the number of the container's first process, and that process holds the devices too:
a container outlives a `podman run` that is killed. Source: podman(1), podman-run(1); tried with 4.3.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from cod.cdi.spec import Mount
from cod.errors import Misuse
from cod.prepare import Prepared
from cod.prepare.place import USUAL
from cod.runtimes.asking import ask, version_in
from cod.runtimes.by_name import Reader
from cod.runtimes.command import Launch, RuntimeUnavailable
from cod.runtimes.features import check_features
from cod.runtimes.first import written_in
from cod.runtimes.foreground import refuse_background, refuse_verb
from cod.runtimes.groups import check_groups, myself
from cod.runtimes.options import Option, clustered, last_value
from cod.runtimes.translate import BIND, PROPAGATION, SWITCHES, Node, Parts, Way, csv_field, volume, whole

_GLOBAL_VALUED = """
c cdi-spec-dir cgroup-manager cni-config-dir config conmon connection cpu-profile db-backend
default-mounts-file docker-config events-backend hooks-dir host H identity imagestore log-level
max-workers memory-profile module namespace network-cmd-path network-config-dir out pull-option
registries-conf root runroot runtime runtime-flag ssh storage-driver storage-opt tls-ca tls-cert
tls-key tmpdir url volumepath
"""
_RUN_SWITCHES = """
d detach disable-content-trust env-host help http-proxy i init interactive no-healthcheck
no-hostname no-hosts oom-kill-disable P passwd privileged publish-all q quiet read-only read-only-tmpfs
replace rm rmi rootfs sig-proxy syslog t tls-verify trace transient-store tty unsetenv-all
"""
_REMOTE = ("r", "remote", "url", "c", "connection", "H", "host")
_REMOTE_VARIABLES = ("CONTAINER_HOST", "CONTAINER_CONNECTION")


# The newest CDI that a version knows; what is newer is told from the engine's own error.
_KNOWS = (((5, 5), "1.0.0"), ((5, 1), "0.7.0"), ((4, 7), "0.6.0"), ((0, 0), "0.5.0"))
_FIRST_WITH_PIDFILE = (3, 2)
_FIRST_WITH_CDI = (4, 1)
_FIRST_WITH_DIRECTORIES = (5, 8)  # cdi_spec_dirs in containers.conf

BY_NAME = whole("Podman", "4.1 or newer, root", "CDI")
WAY = Way(
    runtime="Podman",
    when="older, rootless",
    env="`--env`",
    nodes="`--device`, with `--userns` `--volume`, `--device-cgroup-rule`",
    mounts="`--volume`",
    gids="`--group-add`",
    others="closed; rootless, the modes of the host's nodes count",
    instead="Podman 4.1 or newer as root, or runc run, which take all of it",
    limits_access=True,
    options=(*BIND, *SWITCHES, *PROPAGATION),
    unsayable=":",
    unsayable_env="",
)


class PodmanRun(Struct, frozen=True):
    """A `podman run` in the foreground: the words up to and with the verb, and those after it.

    `pid_file` is where the user wants the container's first process written; "" where nowhere. `client` is
    the words before the verb. `keeps_groups`: the user's groups stay the process's, or it is root's Podman.
    """

    before: tuple[str, ...]
    after: tuple[str, ...]
    pid_file: str
    reader: Reader
    client: tuple[str, ...]
    environ: Mapping[str, str]
    keeps_groups: bool

    def launch(self, prepared: Prepared, scratch: Path) -> Launch:
        """The command with the claim's devices put in right after the verb.

        Raises NotCarried, also for what its OCI runtime would leave out.
        """
        if not self.keeps_groups:
            check_groups(prepared.edits.device_nodes, myself())
        pid_file = Path(self.pid_file or scratch / "pid")
        told = self.reader.told(prepared, WAY, self._flags)
        check_features(self._oci_runtime, prepared.edits, self.environ)
        argv = (*self.before, *told.words, "--pidfile", str(pid_file), *self.after)
        return Launch(argv, first=written_in(pid_file), if_it_fails=told.check)

    def _oci_runtime(self) -> str:
        words = (*self.client, "info", "--format", "{{.Host.OCIRuntime.Path}}")
        return ask(words, self.environ).strip()

    def _flags(self, parts: Parts) -> tuple[str, ...]:
        words = [*parts.variables]
        for mount in parts.mounts:
            words += ("--volume", volume(mount))
        for node in parts.nodes:
            words += self._node(node)
        return (*words, *parts.groups)

    def _node(self, node: Node) -> tuple[str, ...]:
        # A user's own Podman makes bind mounts of devices by itself, and can set no rule of a device cgroup.
        if node.is_opened and (not node.is_moved or not self.reader.has_users or os.geteuid() != 0):
            return ("--device", csv_field(node.triple))
        bound = ("--volume", volume(Mount(node.host_path, node.path)))
        return (*bound, "--device-cgroup-rule", node.rule) if node.is_opened else bound


def read_podman(argv: tuple[str, ...], environ: Mapping[str, str]) -> PodmanRun:
    """Understand a command that begins with `podman`.

    Raises:
        Misuse: if it is not a `podman run` in the foreground on this machine.
        RuntimeUnavailable: if it does not say its version, or is older than 3.2.
    """
    options, verb = clustered(argv[1:], valued=_GLOBAL_VALUED.split())
    verb += 1
    _refuse_remote(options, environ)
    client = argv[:verb]
    if argv[verb : verb + 1] == ("container",):
        verb += 1
    if argv[verb : verb + 1] != ("run",):
        refuse_verb("podman", argv[verb : verb + 1], "--rm IMAGE COMMAND")
    before, after = argv[: verb + 1], argv[verb + 1 :]
    options = clustered(after, switches=_RUN_SWITCHES.split())[0]
    refuse_background("podman", options)
    version = version_in(ask((argv[0], "--version"), environ))
    if version < _FIRST_WITH_PIDFILE:
        raise RuntimeUnavailable(
            "this podman is older than 3.2",
            causes=("it does not tell the container's first process, which has to hold the devices, too",),
            hint="use a newer one, or runc run",
        )
    reader = _reader(version, _has_users(options, environ))
    keeps_groups = os.geteuid() == 0 or last_value(options, "group-add") == "keep-groups"
    return PodmanRun(before, after, last_value(options, "pidfile"), reader, client, environ, keeps_groups)


def _reader(version: tuple[int, ...], has_users: bool) -> Reader:
    return Reader(
        USUAL[:2] if version >= _FIRST_WITH_CDI else (),
        next(knows for least, knows in _KNOWS if version >= least),
        has_users,
        may_read_more=version >= _FIRST_WITH_DIRECTORIES,
    )


def _has_users(options: list[Option], environ: Mapping[str, str]) -> bool:
    """Whether the container has a user namespace of its own, as far as the command says."""
    maps = ("uidmap", "gidmap", "subuidname", "subgidname")
    kind = last_value(options, "userns") or environ.get("PODMAN_USERNS", "")
    is_named = kind not in ("", "host") or any(option.name in maps for option in options)
    return is_named or os.geteuid() != 0


def _refuse_remote(options: list[Option], environ: Mapping[str, str]) -> None:
    named = [option for option in options if option.name in _REMOTE]
    variables = [] if named else [name for name in _REMOTE_VARIABLES if name in environ]
    if variables or any(option.is_on for option in named):
        raise Misuse(
            "podman would run the container on another machine or in a service",
            causes=tuple(f"{name} is set" for name in variables)
            or tuple(f"{option.words[0]} is given" for option in named),
            hint="run cod there, or leave that out",
        )

"""`podman run …`: the claim's CDI spec lies in a directory that Podman reads, the command names its device.

Podman is told to write the number of the container's first process, and that process holds the devices too:
a container outlives a `podman run` that is killed. Source: podman(1), podman-run(1); tried with 4.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from cod.errors import Misuse
from cod.prepare import Prepared
from cod.prepare.place import USUAL
from cod.runtimes.command import Launch
from cod.runtimes.first import written_in
from cod.runtimes.options import Option, clustered

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
replace rm rmi rootfs sig-proxy t tls-verify tty unsetenv-all
"""
_REMOTE = ("r", "remote", "url", "c", "connection", "H", "host")
_REMOTE_VARIABLES = ("CONTAINER_HOST", "CONTAINER_CONNECTION")


class PodmanRun(Struct, frozen=True):
    """A `podman run` in the foreground: the words up to and with the verb, and those after it."""

    before: tuple[str, ...]
    after: tuple[str, ...]

    def launch(self, prepared: Prepared, scratch: Path) -> Launch:
        """The command with the claim's device put in right after the verb."""
        pid_file = scratch / "pid"
        added = ("--device", prepared.name, "--pidfile", str(pid_file))
        argv = (*self.before, *added, *self.after)
        return Launch(argv, first=written_in(pid_file), if_it_fails=_place(prepared.path))


def _place(spec: Path | None) -> str:
    """What to check where the claim's spec lies in a directory that Podman may not read."""
    if spec is None or str(spec.parent) in USUAL:
        return ""
    return (
        f"the claim's CDI spec was in {spec.parent}, and Podman reads {USUAL[0]} and {USUAL[1]} only, "
        "unless its containers.conf has it in cdi_spec_dirs (from Podman 5.8 on)"
    )


def read_podman(argv: tuple[str, ...], environ: Mapping[str, str]) -> PodmanRun:
    """Understand a command that begins with `podman`.

    Raises:
        Misuse: if it is not a `podman run` in the foreground on this machine.
    """
    options, verb = clustered(argv[1:], valued=_GLOBAL_VALUED.split())
    verb += 1
    _refuse_remote(options, environ)
    if argv[verb : verb + 1] == ("container",):
        verb += 1
    if argv[verb : verb + 1] != ("run",):
        given = " ".join(("podman", *argv[verb : verb + 1]))
        raise Misuse(
            f"cod run gives devices to `podman run` only, not to `{given}`",
            causes=("devices are held while the command lives, so it has to live as long as its container",),
            hint="cod run -d CLASS -- podman run --rm IMAGE COMMAND",
        )
    before, after = argv[: verb + 1], argv[verb + 1 :]
    _refuse_detached(clustered(after, switches=_RUN_SWITCHES.split())[0])
    return PodmanRun(before, after)


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


def _refuse_detached(options: list[Option]) -> None:
    for option in options:
        if option.name == "restart" and option.value not in ("", "no"):
            raise Misuse(
                f"nobody would hold the devices of a container that starts again ({' '.join(option.words)})",
                causes=("its first process holds them, and Podman would put another in its place",),
                hint="leave it out, and start the whole again: until cod run … -- podman run …; do :; done",
            )
        if option.name in ("d", "detach") and option.is_on:
            raise Misuse(
                f"nobody would hold the devices of a detached container ({option.words[0]})",
                causes=("they are held while the command lives, and podman would end at once",),
                hint="leave it out, and put the whole in the background: cod run … -- podman run … &",
            )

"""Which runtime a command line is for, by the name of its program."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from errno import EACCES, ENOENT
from pathlib import Path

from cod.errors import Misuse
from cod.runtimes.child import not_runnable
from cod.runtimes.command import Command
from cod.runtimes.program import Program

# Their containers would get no device, and nobody would notice.
_ELSEWHERE = {
    "youki": "runc run or crun run",
    "distrobox": "podman run",
    "toolbox": "podman run",
    "kubectl": "cod claim create NAME on the node, and cod.dev/claim=NAME among the container's CDI devices",
    "crictl": "cod claim create NAME, and CDI_devices with cod.dev/claim=NAME in the container's file",
    "podman-remote": "podman run",
    "docker-compose": "docker run",
    "podman-compose": "podman run",
    "machinectl": "systemd-nspawn",
    "kata-runtime": "runc run",
    "incus": "lxc-execute",
    "lxc": "lxc-execute",
}
_KNOWN = (
    *("podman", "runc", "crun", "bwrap", "systemd-nspawn", "lxc-execute", "lxc-start", "ch-run", "apptainer"),
    *("singularity", "docker", "nerdctl", "ctr", "buildah", "runsc"),
)
# Programs that become another, which stands among their words.
_BEFORE_OTHERS = (
    *("sudo", "doas", "env", "nice", "ionice", "chrt", "taskset", "numactl", "nohup", "setsid", "stdbuf"),
    *("time", "timeout", "unshare", "setpriv", "systemd-run", "strace"),
)


def command_for(argv: tuple[str, ...], environ: Mapping[str, str]) -> Command:
    """Understand a command.

    Raises:
        CommandNotFound, CommandNotExecutable: if there is no such program, or it is none.
        RuntimeUnavailable: if a runtime does not say what it takes.
        Misuse: if it is one that could not hold devices, such as a detached container.
        InvalidBundle, InvalidConfig: if an OCI bundle is none.
    """
    program = argv[0]
    if shutil.which(program, path=environ.get("PATH")) is None:
        raise not_runnable(program, EACCES if "/" in program and Path(program).exists() else ENOENT)
    name = Path(program).name
    if name in _ELSEWHERE:
        raise Misuse(
            f"cod run cannot give devices to {name}",
            causes=("its containers would get no device",),
            hint=f"use {_ELSEWHERE[name]}",
        )
    if name in _BEFORE_OTHERS:
        _refuse_hidden(name, argv, environ)
    return _read(name, argv, environ)


def _refuse_hidden(name: str, argv: tuple[str, ...], environ: Mapping[str, str]) -> None:
    """Raise Misuse for a runtime behind another program, where it would not be seen and get no device."""
    for word in argv[1:]:
        hidden = Path(word).name
        if word.startswith("-") or "=" in word or hidden in _BEFORE_OTHERS:
            continue
        if hidden in _KNOWN or hidden in _ELSEWHERE:
            raise Misuse(
                f"cod run does not see {hidden} behind {name}",
                causes=("its containers would get no device",),
                hint=f"put it before cod: {name} cod run … -- {hidden} …",
            )
        if shutil.which(word, path=environ.get("PATH")) is not None:
            return  # the program that it becomes


def _read(name: str, argv: tuple[str, ...], environ: Mapping[str, str]) -> Command:
    # A runtime's module is imported for its own commands only: each takes 1 ms.
    match name:
        case "podman":
            from cod.runtimes.podman import read_podman

            return read_podman(argv, environ)
        case "runc" | "crun":
            from cod.runtimes.runc import read_runc

            return read_runc(argv, environ)
        case "bwrap":
            from cod.runtimes.bwrap import read_bwrap

            return read_bwrap(argv, environ)
        case "systemd-nspawn":
            from cod.runtimes.nspawn import read_nspawn

            return read_nspawn(argv, environ)
        case "lxc-execute" | "lxc-start":
            from cod.runtimes.lxc import read_lxc

            return read_lxc(argv, environ)
        case "ch-run":
            from cod.runtimes.charliecloud import read_ch_run

            return read_ch_run(argv)
        case "apptainer" | "singularity":
            from cod.runtimes.apptainer import read_apptainer

            return read_apptainer(argv)
        case "docker":
            from cod.runtimes.docker import read_docker

            return read_docker(argv, environ)
        case "nerdctl":
            from cod.runtimes.nerdctl import read_nerdctl

            return read_nerdctl(argv, environ)
        case "ctr":
            from cod.runtimes.ctr import read_ctr

            return read_ctr(argv, environ)
        case "buildah":
            from cod.runtimes.buildah import read_buildah

            return read_buildah(argv, environ)
        case "runsc":
            from cod.runtimes.runsc import read_runsc

            return read_runsc(argv, environ)
    return Program(argv)

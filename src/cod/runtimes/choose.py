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

_WITHOUT_SUPPORT = ("docker", "podman-remote", "nerdctl", "ctr")


def command_for(argv: tuple[str, ...], environ: Mapping[str, str]) -> Command:
    """Understand a command.

    Raises:
        CommandNotFound: if there is no such program.
        Misuse: if it is one that could not hold devices, such as a detached container.
        InvalidBundle, InvalidConfig: if an OCI bundle is none.
    """
    program = argv[0]
    if shutil.which(program, path=environ.get("PATH")) is None:
        raise not_runnable(program, EACCES if "/" in program and Path(program).exists() else ENOENT)
    name = Path(program).name
    # A runtime's module is imported for its own commands only: together they take 2 ms.
    if name == "podman":
        from cod.runtimes.podman import read_podman

        return read_podman(argv, environ)
    if name in ("runc", "crun"):
        from cod.runtimes.runc import read_runc

        return read_runc(argv)
    if name in _WITHOUT_SUPPORT:
        raise Misuse(
            f"cod run cannot give devices to {name} yet",
            causes=("a service starts its containers, which would get no device",),
            hint="use podman run or runc run",
        )
    return Program(argv)

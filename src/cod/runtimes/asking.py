"""Asking a runtime what it is and what it takes, before anything is started."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence

from cod.runtimes.command import RuntimeUnavailable

_PATIENCE = 20.0  # seconds; a service that sleeps may have to be started first


def ask(argv: Sequence[str], environ: Mapping[str, str]) -> str:
    """What a program prints, on its error output if nowhere else. Raises RuntimeUnavailable if it fails."""
    try:
        done = subprocess.run(
            argv,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except OSError as error:
        raise _no_answer(argv, (error.strerror or str(error)).lower()) from None
    except subprocess.TimeoutExpired:
        raise _no_answer(argv, f"nothing in {_PATIENCE:g} s") from None
    if done.returncode != 0:
        raise _no_answer(argv, _last_line(done.stderr) or f"status {done.returncode}")
    return (done.stdout or done.stderr).decode(errors="replace")


def version_in(text: str) -> tuple[int, ...]:
    """The first version in what a program says of itself: `podman version 4.3.1` is (4, 3, 1)."""
    found = re.search(r"([0-9]{1,9})\.([0-9]{1,9})(?:\.([0-9]{1,9}))?", text)
    return tuple(int(each or 0) for each in found.groups()) if found else ()


def _last_line(text: bytes) -> str:
    lines = text.decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _no_answer(argv: Sequence[str], why: str) -> RuntimeUnavailable:
    return RuntimeUnavailable(
        f"{argv[0]} does not say what it takes",
        where=" ".join(argv),
        causes=(why,),
        hint="no container was started; does that command work?",
    )

"""Programs that answer as a runtime of another version does, where only the answer counts.

What a command line becomes depends on what the runtime says of itself, and this machine has one version.
A stand-in says so and nothing else: no container is started with it.
"""

from __future__ import annotations

import shlex
from pathlib import Path


def stand_in(directory: Path, name: str, **answers: str) -> dict[str, str]:
    """Make a program that answers; the environment in which it is found.

    The key of an answer is a word of the question, without dashes (`version` for `podman --version`).
    """
    directory.mkdir(exist_ok=True)
    cases = "".join(
        f"*{word.replace('_', '-')}*) printf %s {shlex.quote(text)} ;;\n" for word, text in answers.items()
    )
    program = directory / name
    program.write_text(f'#!/bin/sh\ncase "$*" in\n{cases}*) echo "unknown: $*" >&2; exit 1 ;;\nesac\n')
    program.chmod(0o755)
    return {"PATH": f"{directory}:/usr/bin:/bin"}

"""The ways in which devices are asked for: `cod run`, a claim's name, and CRI.

Each runs a shell script in a container that is to have devices of one of acme's classes, and gives them back.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from msgspec import Struct

from tests.runtimes.matrix.sandbox import Run, Sandbox

Words = tuple[str, ...]
_MOST_CRASHES = 5
UP = "echo up; exec /bin/sleep 60 >/dev/null 2>&1"


class Way(Protocol):
    """One way of asking for devices; `devices` is what `-d` takes.

    `ignores` is why a runtime starts a container without its devices and without a word, where it does.
    """

    @property
    def ignores(self) -> str: ...

    def give(self, sandbox: Sandbox, devices: str, script: str) -> Run:
        """Run a script in a container with these devices, and give them back."""

    def up(self, sandbox: Sandbox, devices: str) -> AbstractContextManager[None]:
        """A container that lives meanwhile."""


class ByCommand(Struct, frozen=True):
    """`cod run -d CLASS -- COMMAND`; the command is made of a script.

    `crash` is the status with which the runtime by itself ends now and then, without a word: then it is
    started again.
    """

    words: Callable[[str], Words]
    ignores: str = ""
    crash: int = 0

    def give(self, sandbox: Sandbox, devices: str, script: str) -> Run:
        for _ in range(_MOST_CRASHES):
            run = sandbox.cod("run", "-d", devices, "--", *self.words(script))
            if not self.crash or run.returncode != self.crash or run.stderr:
                break
        return run

    @contextmanager
    def up(self, sandbox: Sandbox, devices: str) -> Iterator[None]:
        words = sandbox.cod_words("run", "-d", devices, "--", *self.words(UP))
        with started(sandbox, words):
            yield


class ByClaim(Struct, frozen=True):
    """A claim that is held, and named in a command that is made of a script and the name."""

    words: Callable[[str, str], Words]
    ignores: str = ""

    def give(self, sandbox: Sandbox, devices: str, script: str) -> Run:
        with claimed(sandbox, devices) as name:
            return sandbox.run(*self.words(script, name))

    @contextmanager
    def up(self, sandbox: Sandbox, devices: str) -> Iterator[None]:
        with claimed(sandbox, devices) as name, started(sandbox, self.words(UP, name)):
            yield


@contextmanager
def claimed(sandbox: Sandbox, devices: str) -> Iterator[str]:
    """The name of a claim that is held meanwhile."""
    name = f"train-{os.urandom(3).hex()}"
    made = sandbox.cod("claim", "create", name, "-d", devices)
    assert made.returncode == 0, made.stderr
    try:
        yield name
    finally:
        released = sandbox.cod("claim", "release", name)
        assert released.returncode == 0, released.stderr


@contextmanager
def started(sandbox: Sandbox, words: Words) -> Iterator[subprocess.Popen[str]]:
    """A command whose container says `up`; whatever sleeps in the sandbox is ended at last."""
    with sandbox.start(*words) as run:
        try:
            assert run.stdout is not None
            said = run.stdout.readline()
            assert said == "up\n", said + run.communicate(timeout=20)[1]
            yield run
        finally:
            sandbox.end("sleep")
            while run.poll() is None:  # it has said `up`, and may not sleep yet
                sandbox.end("sleep")
            run.communicate(timeout=20)

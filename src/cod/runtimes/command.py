"""What every runtime has in common: a command that takes prepared devices and can then be started."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Protocol

from msgspec import Struct

from cod.errors import Unavailable
from cod.prepare import Prepared
from cod.runtimes.first import First


class RuntimeUnavailable(Unavailable):
    """A program that is needed is not installed."""


class CommandNotFound(RuntimeUnavailable):
    """There is no such command; the status is a shell's for it."""

    exit_code: ClassVar[int] = 127


class CommandNotExecutable(RuntimeUnavailable):
    """A command that is there and cannot be run; the status is a shell's for it."""

    exit_code: ClassVar[int] = 126


class Launch(Struct, frozen=True):
    """How to start a command: its words, and the variables that its environment has on top of ours.

    `first` finds the container's first process; that process holds the devices too, since a container may
    outlive the program that started it. `if_it_fails` is what to check if the runtime itself fails (status
    125 to 127).
    """

    argv: tuple[str, ...]
    environment: tuple[str, ...] = ()
    first: First | None = None
    if_it_fails: str = ""


class Command(Protocol):
    """A command that has been read and understood, before it has any device."""

    def launch(self, prepared: Prepared, scratch: Path) -> Launch:
        """How to start it with the devices. `scratch` is a private directory that goes when it has ended."""

"""What is wanted of an engine, and what an engine must offer for that."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from msgspec import Struct

from cod.errors import Refused

ANNOTATIONS = ("cdi.k8s.io/*", "cod.dev/*")
"""The annotations that ask for devices, as engines name those that they pass on."""


class InvalidEngineConfig(Refused):
    """An engine's own file that cannot be read, or cannot be changed without harm."""


class Order(Struct, frozen=True):
    """A runtime to register: its name, its program, and whether it is for all containers.

    Files lie below `root`; `config` is the engine's file where it is not the usual one.
    """

    root: Path = Path("/")
    config: Path | None = None
    name: str = "cod"
    program: Path = Path("/usr/local/bin/cod-runtime")
    settings: Path = Path("/etc/cod/runtime.toml")
    is_default: bool = False

    def place(self, path: Path) -> Path:
        """Where a file of the system that is meant lies, links followed."""
        return (self.root / path.relative_to("/")).resolve() if self.root != Path("/") else path.resolve()


class Engine(Protocol):
    """An engine: one file of its configuration, and how that file changes."""

    @property
    def what_next(self) -> str:
        """What to do so that the engine reads its file."""

    @property
    def mode(self) -> int:
        """The mode of the file where it is new."""

    def path(self, order: Order) -> Path:
        """The file to change. Raises InvalidEngineConfig."""

    def added(self, before: bytes | None, order: Order) -> bytes:
        """The file with the runtime in it; None stands for no file. Raises InvalidEngineConfig."""

    def removed(self, now: bytes, order: Order) -> bytes | None:
        """The file without the runtime; None for no file at all. Raises InvalidEngineConfig."""


def text_of(data: bytes, path: Path) -> str:
    """A file's bytes as text. Raises InvalidEngineConfig."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise InvalidEngineConfig(f"{path} is not UTF-8", where=str(path), causes=(str(error),)) from None

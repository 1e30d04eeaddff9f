"""What is wanted of an engine, and what an engine must offer for that."""

from __future__ import annotations

import errno
import json
import re
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from cod.errors import Refused, Unavailable

ANNOTATIONS = ("cdi.k8s.io/*", "cod.dev/*")
"""The annotations that ask for devices, as engines name those that they pass on."""

_MOST_LINKS = 40
_WIDEST = 100
_AT = re.compile(
    r":? \(?(?:at )?line (\d+),? column (\d+)(?:\)| \(char \d+\))"
)  # as json and tomllib tell it


class InvalidEngineConfig(Refused):
    """An engine's own file that cannot be read, or cannot be changed without harm."""


class Order(Struct, frozen=True):
    """A runtime to register: its name, its program, and whether it is for all containers.

    Files lie below `root`; `config` is the engine's file where it is not the usual one; `states` has what
    files were before.
    """

    root: Path = Path("/")
    config: Path | None = None
    name: str = "cod"
    program: Path = Path("/usr/local/bin/cod-runtime")
    settings: Path = Path("/etc/cod/runtime.toml")
    is_default: bool = False
    states: Path = Path("/var/lib/cod/runtime")

    def place(self, path: Path) -> Path:
        """Where a file of the system that is meant lies; no link leads out of it.

        Raises InvalidEngineConfig for links that lead nowhere.
        """
        place = self.root
        rest = [*reversed(path.parts[1:])]
        links = 0
        while rest:
            part = rest.pop()
            target = _target(place / part)
            if part == "..":
                place = place.parent if place != self.root else place
            elif target is None:
                place /= part
            else:
                links += 1
                if links > _MOST_LINKS:
                    raise InvalidEngineConfig(f"{path} is a link without end", where=str(path))
                rest += reversed(target.parts[target.is_absolute() :])
                place = self.root if target.is_absolute() else place
        return place

    def content(self, path: Path) -> bytes | None:
        """What is in a file of the system, or None. Raises Unavailable."""
        try:
            return self.place(path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            hint = "run it with sudo" if error.errno in (errno.EACCES, errno.EPERM) else ""
            raise Unavailable(f"{path} cannot be read: {reason}", where=str(path), hint=hint) from None


class Engine(Protocol):
    """One file of an engine's configuration, and how that file changes."""

    @property
    def what_next(self) -> str:
        """What to do so that the engine reads its file; "" for nothing to say."""

    @property
    def mode(self) -> int:
        """The mode of the file where it is new."""

    def path(self, order: Order) -> Path:
        """The file to change. Raises InvalidEngineConfig or Unavailable."""

    def added(self, before: bytes | None, order: Order) -> bytes:
        """The file with the runtime in it; None stands for no file. Raises InvalidEngineConfig."""

    def removed(self, now: bytes, before: bytes | None, order: Order) -> bytes | None:
        """The file without the runtime; None for no file at all.

        `before` is what it was before the runtime was added, as far as is known. Raises InvalidEngineConfig.
        """


def _target(path: Path) -> Path | None:
    """Where a link leads; None for what is none, or cannot be looked at."""
    try:
        return path.readlink()
    except OSError:
        return None


def text_of(data: bytes, path: Path) -> str:
    """A file's bytes as text. Raises InvalidEngineConfig."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        cause = f"{error.reason} {data[error.start]:#04x}, byte {error.start + 1} of {len(data)}"
        raise InvalidEngineConfig(f"{path} is not UTF-8", where=str(path), causes=(cause,)) from None


def unread(path: Path, language: str, text: str, error: Exception, hint: str) -> InvalidEngineConfig:
    """The error for a text that is not in its language, with the line and a caret where the parser tells."""
    told, where = str(error), str(path)
    causes: tuple[str, ...] = ()
    if at := _AT.search(told):
        told, number, column = told[: at.start()], int(at[1]), int(at[2])
        where = f"{path}:{number}:{column}"
        line = text.split("\n")[number - 1].rstrip("\r").replace("\t", " ")
        if len(line) <= _WIDEST:
            causes = (f"| {line}", f"| {' ' * (column - 1)}^")
    return InvalidEngineConfig(f"{path} is no {language}: {told}", where=where, causes=causes, hint=hint)


def quoted(value: object) -> str:
    """A text as TOML and JSON have it."""
    return json.dumps(str(value), ensure_ascii=False)


def taken(path: Path, order: Order) -> InvalidEngineConfig:
    """The error for a runtime of that name that is somebody else's."""
    what = f"{path} has a runtime {order.name} that is not ours"
    return InvalidEngineConfig(what, where=str(path), hint="choose another name: --name NAME")

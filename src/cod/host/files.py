"""Where a machine's files come from: a disk, a recorded tree on a disk, or memory.

All paths are as the machine sees them and begin with `/`. A source never raises: what is not there, cannot be
read or leads out of the tree is absent. Links of a recorded tree are followed as if its root were `/`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, Protocol

from msgspec import Struct

MOST_BYTES = 4 * 2**20  # of one file; what describes a device is far smaller
_MOST_LINKS = 40  # as in Linux


class Node(Struct, frozen=True):
    """A device node: its kind (character or block), numbers and owner. `mode` holds permission bits only."""

    path: str
    kind: Literal["c", "b"]
    major: int
    minor: int
    mode: int
    uid: int
    gid: int


class Files(Protocol):
    """A machine's files; every answer is empty where there is nothing."""

    def read(self, path: str) -> bytes | None:
        """The first 4 MiB of a file, or None."""

    def part(self, path: str, start: int, size: int) -> bytes:
        """At most `size` bytes of a file from `start` on; fewer, or none, where there are no more."""

    def names(self, path: str) -> Sequence[str]:
        """The names in a directory, in no order."""

    def resolve(self, path: str) -> str | None:
        """The path without any link in it, or None where nothing is there."""

    def link(self, path: str) -> str | None:
        """What a link says, or None for what is none."""

    def node(self, path: str) -> Node | None:
        """The device node at a path, which is not followed if it is a link."""

    def changed(self, path: str) -> int:
        """When a file was last written, in nanoseconds; 0 where there is none, or where it cannot change."""


class Disk:
    """The files of this machine."""

    def read(self, path: str) -> bytes | None:
        """The first 4 MiB of a file. A pipe that nobody writes to reads as nothing instead of waiting."""
        return _read(path)

    def part(self, path: str, start: int, size: int) -> bytes:
        """A part of a file."""
        return _part(path, start, size)

    def names(self, path: str) -> Sequence[str]:
        """The names in a directory."""
        return _names(path)

    def resolve(self, path: str) -> str | None:
        """The path without any link in it."""
        try:
            return os.path.realpath(path, strict=True)
        except (OSError, ValueError):
            return None

    def link(self, path: str) -> str | None:
        """What a link says."""
        return _link(path)

    def node(self, path: str) -> Node | None:
        """The device node at a path."""
        return _node(path, path)

    def changed(self, path: str) -> int:
        """When a file was last written. What the kernel shows as a file has no such time."""
        return _changed(path)


class Recorded:
    """The files of a machine that was recorded into a directory.

    Where nobody could make a device node, a file stands for it that says what it is: `c 195:0 0666 0 0`,
    which is kind, numbers, mode, owner and group.
    """

    def __init__(self, root: str) -> None:
        self._root = root.rstrip("/")
        self._directories: dict[str, str | None] = {"/": "/"}

    def read(self, path: str) -> bytes | None:
        """The first 4 MiB of a file."""
        real = self.resolve(path)
        return None if real is None else _read(self._root + real)

    def part(self, path: str, start: int, size: int) -> bytes:
        """A part of a file."""
        real = self.resolve(path)
        return b"" if real is None else _part(self._root + real, start, size)

    def names(self, path: str) -> Sequence[str]:
        """The names in a directory."""
        real = self.resolve(path)
        return () if real is None else _names(self._root + real)

    def resolve(self, path: str) -> str | None:
        """The path without any link in it; a link leads nowhere out of the tree."""
        real = _resolve(path, self._directories, self._link)
        return real if real is not None and os.path.lexists(self._root + real) else None

    def node(self, path: str) -> Node | None:
        """The device node at a path, or what a file there says of one."""
        place = self._place(path)
        if place is None:
            return None
        return _node(place, path) or (None if os.path.islink(place) else _written(_read(place), path))  # noqa: PTH114

    def changed(self, path: str) -> int:
        """When a file was last written. It is asked of thousands: what is no link is not resolved."""
        parent, _, name = path.rpartition("/")
        directory = _resolve(parent or "/", self._directories, self._link)
        if directory is None or name in ("", ".", ".."):
            return 0
        place = f"{self._root}{directory.rstrip('/')}/{name}"
        try:
            status = os.lstat(place)
        except (OSError, ValueError):
            return 0
        if not stat.S_ISLNK(status.st_mode):
            return status.st_mtime_ns
        real = self.resolve(path)
        return 0 if real is None else _changed(self._root + real)

    def link(self, path: str) -> str | None:
        """What a link says."""
        place = self._place(path)
        return None if place is None else _link(place)

    def _place(self, path: str) -> str | None:
        """Where a path lies on the disk; its last name is not followed."""
        parent, _, name = path.rpartition("/")
        directory = _resolve(parent or "/", self._directories, self._link)
        return None if directory is None else f"{self._root}{directory.rstrip('/')}/{name}"

    def _link(self, path: str) -> str | None:
        return _link(self._root + path)


class Memory:
    """Files that only exist here: texts by path. A text `-> TARGET` is a link."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = dict(files)
        self._names: dict[str, dict[str, None]] = {"/": {}}
        self._directories: dict[str, str | None] = {"/": "/"}
        for path in files:
            while path != "/":
                parent, _, name = path.rpartition("/")
                path = parent or "/"
                siblings = self._names.setdefault(path, {})
                if name in siblings:
                    break
                siblings[name] = None

    def read(self, path: str) -> bytes | None:
        """The text of a file."""
        text = self._files.get(self.resolve(path) or "")
        return None if text is None else text.encode()

    def part(self, path: str, start: int, size: int) -> bytes:
        """A part of a file."""
        return (self.read(path) or b"")[start : start + size] if start >= 0 and size > 0 else b""

    def names(self, path: str) -> Sequence[str]:
        """The names in a directory."""
        return [*self._names.get(self.resolve(path) or "", ())]

    def resolve(self, path: str) -> str | None:
        """The path without any link in it."""
        real = _resolve(path, self._directories, self._link)
        return real if real in self._files or real in self._names else None

    def node(self, path: str) -> Node | None:
        """What the text of a file says of a device node."""
        parent, _, name = path.rpartition("/")
        directory = self.resolve(parent or "/")
        text = None if directory is None else self._files.get(f"{directory.rstrip('/')}/{name}")
        return None if text is None else _written(text.encode(), path)

    def changed(self, path: str) -> int:  # noqa: ARG002 - nothing in memory changes
        """Always 0."""
        return 0

    def link(self, path: str) -> str | None:
        """What a link says."""
        parent, _, name = path.rpartition("/")
        directory = _resolve(parent or "/", self._directories, self._link)
        return None if directory is None else self._link(f"{directory.rstrip('/')}/{name}")

    def _link(self, path: str) -> str | None:
        text = self._files.get(path, "")
        return text[3:] if text.startswith("-> ") else None


def _resolve(
    path: str, known: dict[str, str | None], link: Callable[[str], str | None], links: int = 0
) -> str | None:
    """Follow every link in a path as if `/` had nothing above it; directories are remembered in `known`.

    What is known of the beginning of the path is not looked at again: thousands of files lie side by side.
    """
    head = path.rpartition("/")[0]
    while head and head not in known:
        head = head.rpartition("/")[0]
    start = known[head] if head else "/"
    if start is None:
        return None
    real = start
    parts = [part for part in path[len(head) :].split("/") if part and part != "."]
    for number, part in enumerate(parts):
        if part == "..":
            real = real.rpartition("/")[0] or "/"
            continue
        step = f"{real.rstrip('/')}/{part}"
        if step in known and number < len(parts) - 1:
            found = known[step]
        else:
            target = link(step)
            if target is None:
                found = step
            elif links >= _MOST_LINKS:
                return None
            else:
                found = _resolve(
                    target if target.startswith("/") else f"{real}/{target}", known, link, links + 1
                )
            if number < len(parts) - 1:
                known[step] = found
        if found is None:
            return None
        real = found
    return real


def _link(path: str) -> str | None:
    try:
        return os.readlink(path)  # noqa: PTH115
    except (OSError, ValueError):
        return None


def _read(path: str) -> bytes | None:
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError):
        return None
    try:
        data = part = os.read(file, 65536)
        while part and len(data) < MOST_BYTES:
            part = os.read(file, 65536)
            data += part
    except OSError:
        return None
    finally:
        os.close(file)
    return data


def _part(path: str, start: int, size: int) -> bytes:
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError):
        return b""
    try:
        return os.pread(file, min(size, MOST_BYTES), start)
    except (OSError, ValueError, OverflowError):
        return b""
    finally:
        os.close(file)


def _names(path: str) -> Sequence[str]:
    try:
        return os.listdir(path)  # noqa: PTH208
    except (OSError, ValueError):
        return ()


def _changed(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns  # noqa: PTH116
    except (OSError, ValueError):
        return 0


def _node(place: str, path: str) -> Node | None:
    try:
        status = os.lstat(place)
    except (OSError, ValueError):
        return None
    if not (stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode)):
        return None
    return Node(
        path=path,
        kind="c" if stat.S_ISCHR(status.st_mode) else "b",
        major=os.major(status.st_rdev),
        minor=os.minor(status.st_rdev),
        mode=stat.S_IMODE(status.st_mode),
        uid=status.st_uid,
        gid=status.st_gid,
    )


def _written(data: bytes | None, path: str) -> Node | None:
    try:
        kind, numbers, mode, uid, gid = (data or b"").decode("ascii").split()
        major, _, minor = numbers.partition(":")
        if kind not in ("c", "b"):
            return None
        return Node(
            path, "c" if kind == "c" else "b", int(major), int(minor), int(mode, 8), int(uid), int(gid)
        )
    except ValueError:
        return None

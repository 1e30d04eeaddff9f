"""Answers kept on disk between two starts of the front door: the settings, and what specs there are.

They count only for exactly the files they were made from, and only in a file that belongs to us and that
nobody else may write. So they may vanish, be stale or be somebody else's without ever changing an answer.
"""

from __future__ import annotations

import os
import stat

from cod import __version__
from cod.oci.plain_json import InvalidJson, decode, encode

TYPE_CHECKING = False  # as in cod.errors
if TYPE_CHECKING:
    from typing import Any

# A file that changed this recently may change again without a trace in its times.
SETTLING_NS = 2_000_000_000

_IS = f"cod-runtime 1, {__version__}"


def identity(path: str) -> list[int] | None:
    """What changes whenever a file does, links followed; None where there is no such file."""
    try:
        found = os.stat(path)  # noqa: PTH116 - pathlib takes 9 ms to import
    except (OSError, ValueError):
        return None
    return [found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]


def is_settled(each: list[int] | None, now: int) -> bool:
    """Whether a later change of the file would show in its times; `now` is in ns since the epoch."""
    return each is None or now - max(each[3], each[4]) > SETTLING_NS


class Kept:
    """An answer: a head, and blocks that are decoded only where they are asked for."""

    def __init__(self, head: dict[str, Any], body: bytes) -> None:
        self.head = head
        self._body = body

    def block(self, name: str) -> Any:
        """The value of that name, or None where there is none, or where it is damaged."""
        place = self.head["blocks"].get(name)
        if place is None:
            return None
        offset, length = place
        try:
            return decode(self._body[offset : offset + length])
        except InvalidJson:
            return None


def read_kept(path: str, key: Any) -> Kept | None:
    """What was kept under a path for a key; None where nothing is, or where it cannot be trusted."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (OSError, ValueError):
        return None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
            return None
        data = os.read(descriptor, found.st_size + 1)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    first, _, body = data.partition(b"\n")
    try:
        head = decode(first)
        is_ours = head["is"] == _IS and head["key"] == key and head["length"] == len(body)
    except (InvalidJson, KeyError, TypeError):
        return None
    return Kept(head, body) if is_ours else None


def keep(path: str, key: Any, head: dict[str, Any], blocks: dict[str, Any]) -> None:
    """Keep an answer under a path. What cannot be written is done without."""
    from cod.cdi.write import WriteFailed, write_bytes

    places = {}
    body = bytearray()
    for name, value in blocks.items():
        data = encode(value)
        places[name] = [len(body), len(data)]
        body += data
    first = encode({"is": _IS, "key": key, "length": len(body), "blocks": places, **head})
    try:
        write_bytes(first + b"\n" + body, path, 0o600)
    except WriteFailed:
        return

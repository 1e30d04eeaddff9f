"""Spec files on disk: which ones a directory holds, and what tells one state of a file from the next."""

from __future__ import annotations

import os
import stat
from typing import NamedTuple

from cod.cdi.quote import quote
from cod.errors import Unavailable

EXTENSIONS = (".json", ".yaml")

# A spec with 10,000 devices has some 6 MiB.
MAX_BYTES = 32 * 1024 * 1024
# Values in one file after aliases are followed: some 600 MiB. A spec of a thousand devices has some 50,000.
MAX_NODES = 1_000_000

# A file that changed this recently may change again without a trace in its times: some file systems count
# whole seconds.
SETTLING_NS = 2_000_000_000
_ATTEMPTS = 3


class UnreadableFile(Unavailable):
    """A spec file, or a directory of them, that the system does not let us read."""

    def __init__(self, path: str, verb: str, reason: str) -> None:
        what = f"{verb} {path}: {reason}"
        if verb == "read":
            what = f"failed to read CDI Spec {quote(path)}: {what}"
        super().__init__(what, where=path, hint="check that it is there and that you may read it")


class Identity(NamedTuple):
    """What changes whenever a file does: the file itself, its size and its times in ns."""

    device: int
    inode: int
    size: int
    modified: int
    changed: int

    def is_settled(self, now: int) -> bool:
        """Whether a later change would show in the times; `now` is in ns since the epoch."""
        return now - max(self.modified, self.changed) > SETTLING_NS


def identity_of(found: os.stat_result) -> Identity:
    """The identity of a file from what `stat` says of it."""
    return Identity(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def list_specs(directory: str) -> list[str]:
    """The paths of a directory's spec files, sorted by the bytes of their names; none if it is absent.

    As in the reference, a directory is not searched further and a link counts as a file.

    Raises:
        UnreadableFile: if there is such a directory but it cannot be listed.
    """
    try:
        with os.scandir(directory) as entries:
            names = [
                entry.name
                for entry in entries
                if entry.name.endswith(EXTENSIONS) and not entry.is_dir(follow_symlinks=False)
            ]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UnreadableFile(directory, "list", _reason(error)) from None
    return [f"{directory}/{name}" for name in sorted(names, key=os.fsencode)]


def stat_file(path: str) -> Identity:
    """The identity of the file at a path, links followed. Raises UnreadableFile."""
    try:
        return identity_of(os.stat(path))  # noqa: PTH116 - a Path costs as much again
    except (OSError, ValueError) as error:
        raise UnreadableFile(path, "open", _reason(error)) from None


def read_file(path: str) -> tuple[bytes, Identity]:
    """All bytes of a file, or one more than a spec may have, and the identity of just what was read.

    Only a regular file is read: a fifo or a device in a spec directory would have us wait, or read, for ever.
    A file that is written to meanwhile is read again.

    Raises:
        UnreadableFile: if it cannot be read, or never keeps still.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        raise UnreadableFile(path, "open", _reason(error)) from None
    try:
        for _ in range(_ATTEMPTS):
            before = os.fstat(descriptor)
            if not stat.S_ISREG(before.st_mode):
                reason = "is a directory" if stat.S_ISDIR(before.st_mode) else "not a regular file"
                raise UnreadableFile(path, "read", reason)
            os.lseek(descriptor, 0, os.SEEK_SET)
            data = read_stream(descriptor, before.st_size)
            if identity_of(os.fstat(descriptor)) == identity_of(before):
                return data, identity_of(before)
    except OSError as error:
        raise UnreadableFile(path, "read", _reason(error)) from None
    finally:
        os.close(descriptor)
    raise UnreadableFile(path, "read", "changes while it is read")


def read_stream(descriptor: int, size: int = 0) -> bytes:
    """All bytes from where a descriptor stands, or one more than a spec may have; `size` is a guess."""
    limit = MAX_BYTES + 1
    data = os.read(descriptor, min(size + 1, limit))
    while len(data) < limit and (more := os.read(descriptor, min(limit - len(data), 1 << 20))):
        data += more
    return data


def _reason(error: OSError | ValueError) -> str:
    text = error.strerror if isinstance(error, OSError) else None
    return (text or str(error)).lower()

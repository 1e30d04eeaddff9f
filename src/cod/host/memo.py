"""What was costly to read of a machine, kept on disk for the next process.

It may vanish, be stale, be cut short or be somebody else's without ever changing an answer: what is
kept counts only under the fingerprint it was kept with, only with the right checksum, and only in a file that
belongs to us and that nobody else may write. It never fails: what it cannot do, it does without.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from zlib import crc32

from cod import __version__

_MAGIC = f"cod memo 1, {__version__}\n".encode()
_MOST_BYTES = 64 * 2**20


class Memo:
    """One directory with a file for each thing remembered of each machine."""

    def __init__(self, directory: str, machine: str) -> None:
        self._directory = directory
        self._machine = machine

    def find(self, name: str, fingerprint: str) -> bytes | None:
        """What was kept under a name and the same fingerprint."""
        try:
            flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
            descriptor = os.open(self._path(name), flags)
        except OSError:
            return None
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            is_ours = found.st_uid == os.geteuid() and not found.st_mode & 0o022
            if not (stat.S_ISREG(found.st_mode) and is_ours and found.st_size <= _MOST_BYTES):
                return None
            head = self._head(fingerprint)
            data = file.read()
        body = data[len(head) + 4 :]
        is_whole = data.startswith(head) and data[len(head) : len(head) + 4] == _checksum(body)
        return body if is_whole else None

    def keep(self, name: str, fingerprint: str, body: bytes) -> None:
        """Keep something, complete or not at all."""
        path = self._path(name)
        unfinished = f"{path}.{os.getpid()}"
        with suppress(OSError):
            os.makedirs(self._directory, 0o700, exist_ok=True)  # noqa: PTH103
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
            try:
                with os.fdopen(os.open(unfinished, flags, 0o600), "wb") as file:
                    file.write(self._head(fingerprint) + _checksum(body) + body)
                os.rename(unfinished, path)  # noqa: PTH104
            except OSError:
                os.unlink(unfinished)  # noqa: PTH108

    def _path(self, name: str) -> str:
        return f"{self._directory}/{name}-{crc32(self._machine.encode('utf-8', 'surrogateescape')):08x}"

    def _head(self, fingerprint: str) -> bytes:
        return _MAGIC + f"{self._machine}\n{fingerprint}\n".encode("utf-8", "surrogateescape")


def _checksum(body: bytes) -> bytes:
    return crc32(body).to_bytes(4, "big")

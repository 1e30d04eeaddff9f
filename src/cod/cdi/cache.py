"""Parsed specs kept on disk, so that the next process need not parse what has not changed.

The cache may vanish, be stale, be cut short or be somebody else's without ever changing an answer: an entry
counts only for exactly the file it was made from (device, inode, size, times), only with the right checksum,
and only in a file that belongs to us and that nobody else may write. Only specs without a fault are kept.

One file a list of spec directories: a head with every file's identity, kind and device names, then the specs,
each read on demand. A process that wants one device of thousands reads the head and one spec.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from functools import cache
from zlib import crc32

from msgspec import DecodeError, Struct, ValidationError
from msgspec.msgpack import Decoder, Encoder

from cod import __version__
from cod.cdi.files import Identity
from cod.cdi.spec import Spec

_MAGIC = f"cod cdi cache 1, {__version__}\n".encode()
_PREFIX = len(_MAGIC) + 8
_MOST_HEAD_BYTES = 256 * 1024 * 1024


class Entry(Struct, frozen=True, gc=False, array_like=True):
    """A spec file of the cache: its identity, what it offers, and where its spec lies in the cache's body."""

    path: str
    identity: Identity
    kind: str
    names: tuple[str, ...]
    offset: int
    length: int
    checksum: int


_encode = Encoder().encode
_decode_head = Decoder(tuple[Entry, ...]).decode


@cache
def _spec_decoder() -> Decoder[Spec]:
    # Reading the types of a spec takes 2 ms, which a listing of names need not spend.
    return Decoder(Spec)


class SpecCache:
    """The cache of one list of spec directories. It never fails: what it cannot do, it does without."""

    def __init__(self, directory: str, spec_dirs: Iterable[str]) -> None:
        key = crc32("\0".join(spec_dirs).encode("utf-8", "surrogateescape"))
        self.path = f"{directory}/specs-{key:08x}"
        self._descriptor = -1
        self._entries: dict[str, Entry] = {}
        self._body_offset = 0
        self._open()

    def __del__(self) -> None:
        self._close()

    def find(self, path: str, identity: Identity) -> Entry | None:
        """The entry of a file that has not changed since it was parsed."""
        entry = self._entries.get(path)
        return entry if entry is not None and entry.identity == identity else None

    def spec(self, entry: Entry) -> Spec | None:
        """The spec of an entry, or None if the cache was damaged since it was opened."""
        data = self._body(entry)
        if data is None:
            return None
        try:
            return _spec_decoder().decode(data)
        except (DecodeError, ValidationError):
            return None

    def replace(self, specs: Iterable[tuple[str, Identity, Spec | Entry]]) -> None:
        """Write the cache anew: specs just parsed, and entries that are kept."""
        from cod.cdi.write import WriteFailed, write_bytes  # where the cache has it all, nothing is written

        entries: list[Entry] = []
        body = bytearray()
        for path, identity, spec in specs:
            data = self._body(spec) if isinstance(spec, Entry) else _encode(spec)
            if data is None:
                continue
            names = spec.names if isinstance(spec, Entry) else tuple(d.name for d in spec.devices)
            place = len(body), len(data), crc32(data)
            entries.append(Entry(path, identity, spec.kind, names, *place))
            body += data
        try:
            head = _encode(entries)
            sizes = len(head).to_bytes(4, "big") + crc32(head).to_bytes(4, "big")
            write_bytes(_MAGIC + sizes + head + body, self.path, 0o600)
        except (WriteFailed, UnicodeEncodeError, OverflowError):
            return

    def _open(self) -> None:
        try:
            flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
            self._descriptor = os.open(self.path, flags)
            found = os.fstat(self._descriptor)
            is_ours = found.st_uid == os.geteuid() and not found.st_mode & 0o022
            if stat.S_ISREG(found.st_mode) and is_ours:
                self._entries = {entry.path: entry for entry in self._head()}
        except (OSError, ValueError, DecodeError):
            self._entries = {}

    def _head(self) -> tuple[Entry, ...]:
        prefix = os.pread(self._descriptor, _PREFIX, 0)
        if len(prefix) != _PREFIX or not prefix.startswith(_MAGIC):
            return ()
        size = int.from_bytes(prefix[-8:-4], "big")
        head = os.pread(self._descriptor, min(size, _MOST_HEAD_BYTES), _PREFIX)
        if len(head) != size or crc32(head) != int.from_bytes(prefix[-4:], "big"):
            return ()
        self._body_offset = _PREFIX + size
        return _decode_head(head)

    def _body(self, entry: Entry) -> bytes | None:
        try:
            data = os.pread(self._descriptor, entry.length, self._body_offset + entry.offset)
        except (OSError, OverflowError):
            return None
        return data if len(data) == entry.length and crc32(data) == entry.checksum else None

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

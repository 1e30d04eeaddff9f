"""The name that a shared library gives itself (`DT_SONAME`): `libcuda.so.1` of `libcuda.so.535.104.05`.

Only a few small parts of a file are read, each of limited size, and what does not fit together is no name: a
library may be anything that lies under such a name. Source: System V ABI, ELF-64 Object File Format.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from struct import iter_unpack, unpack_from

from cod.host import Host

_HEADER = 64
_IDENT = b"\x7fELF\x02\x01"  # 64 bits, little endian
_SEGMENT = "<IIQQQQQQ"  # type, flags, offset, address, physical address, size in the file, size, alignment
_SEGMENT_SIZE = 56
_MOST_SEGMENTS = 64
_LOAD, _DYNAMIC = 1, 2
_MOST_DYNAMIC = 2**16  # bytes
_NULL, _STRTAB, _SONAME = 0, 5, 14
_NAME = re.compile(rb"([A-Za-z0-9_][A-Za-z0-9_.+-]{0,254})\0")


def soname(host: Host, path: str) -> str:
    """The name, or "" where the file has none or is no library of a 64-bit machine."""
    segments = list(_segments(host, path))
    entries = next((_entries(host, path, each) for each in segments if each[0] == _DYNAMIC), {})
    if _SONAME not in entries or _STRTAB not in entries:
        return ""
    table = _offset(segments, entries[_STRTAB])
    if table is None:
        return ""
    name = _NAME.match(host.part(path, table + entries[_SONAME], 256))
    return name[1].decode("ascii") if name else ""


def _segments(host: Host, path: str) -> Iterator[tuple[int, ...]]:
    header = host.part(path, 0, _HEADER)
    if len(header) < _HEADER or not header.startswith(_IDENT):
        return
    (start,) = unpack_from("<Q", header, 32)
    size, count = unpack_from("<HH", header, 54)
    if size != _SEGMENT_SIZE or count > _MOST_SEGMENTS:
        return
    data = host.part(path, start, size * count)
    yield from iter_unpack(_SEGMENT, data[: len(data) // size * size])


def _entries(host: Host, path: str, segment: tuple[int, ...]) -> dict[int, int]:
    """The dynamic section: values by tag, up to its end. The first of a tag counts."""
    data = host.part(path, segment[2], min(segment[5], _MOST_DYNAMIC))
    found: dict[int, int] = {}
    for tag, value in iter_unpack("<QQ", data[: len(data) // 16 * 16]):
        if tag == _NULL:
            break
        found.setdefault(tag, value)
    return found


def _offset(segments: list[tuple[int, ...]], address: int) -> int | None:
    """Where in the file stands what is loaded at an address."""
    for type_, _, offset, start, _, size, _, _ in segments:
        if type_ == _LOAD and start <= address < start + size:
            return offset + address - start
    return None

"""Shared libraries that say their name and nothing else."""

from __future__ import annotations

from struct import pack

_DYNAMIC, _STRINGS = 64 + 2 * 56, 4096


def library(soname: str | None) -> bytes:
    """A 64-bit library; its strings lie at another address than in the file, as they may."""
    strings = b"\0" + (soname or "").encode() + b"\0"
    entries = [(5, _STRINGS + 0x1000), (10, len(strings)), *([(14, 1)] if soname else []), (0, 0)]
    dynamic = b"".join(pack("<QQ", *entry) for entry in entries)
    header = b"\x7fELF\x02\x01\x01" + bytes(9)
    header += pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, 0, 0, 64, 56, 2, 64, 0, 0)
    load = pack("<IIQQQQQQ", 1, 4, _STRINGS, _STRINGS + 0x1000, 0, len(strings), len(strings), 4096)
    dynamic_segment = pack("<IIQQQQQQ", 2, 6, _DYNAMIC, _DYNAMIC, 0, len(dynamic), len(dynamic), 8)
    return (header + load + dynamic_segment + dynamic).ljust(_STRINGS, b"\0") + strings

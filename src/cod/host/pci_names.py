"""Names of PCI vendors, devices and classes, from the system's pci.ids; numbers do where there is none.

The file is searched, not parsed: one of 1.3 MB takes 2 ms to parse in C and 200 ms here.
Source: the comments at the head of pci.ids.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cod.host.machine import Host

PLACES = ("/usr/share/hwdata/pci.ids", "/usr/share/misc/pci.ids", "/var/lib/pciutils/pci.ids")


class PciNames:
    """The names in a machine's pci.ids; the file is read at the first question."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def vendor(self, vendor: int) -> str:
        """The vendor's name, or ""."""
        return self._section(f"\n{vendor:04x}  ")[0]

    def device(self, vendor: int, device: int) -> str:
        """The device's name, without its vendor's, or ""."""
        return _after(self._section(f"\n{vendor:04x}  ")[1], f"\n\t{device:04x}  ")

    def class_(self, class_: int) -> str:
        """What a function of that class (24 bits) is, such as `Ethernet controller`, or ""."""
        name, part = self._section(f"\nC {class_ >> 16:02x}  ")
        return _after(part, f"\n\t{class_ >> 8 & 0xFF:02x}  ") or name

    def _section(self, key: str) -> tuple[str, str]:
        """What follows a key at the margin, and the part of the file that belongs to it."""
        start = self._text.find(key)
        if start < 0:
            return "", ""
        end = start + 1
        while (end := self._text.find("\n", end)) >= 0 and self._text[end + 1 : end + 2] in ("\t", "#"):
            end += 1
        part = self._text[start : end if end >= 0 else len(self._text)]
        return _after(part, key), part

    @cached_property
    def _text(self) -> str:
        return "\n" + next((text for place in PLACES if (text := self._host.read(place))), "")


def _after(text: str, key: str) -> str:
    """The rest of the line that begins with a key."""
    start = text.find(key)
    return text[start + len(key) :].partition("\n")[0].strip() if start >= 0 else ""

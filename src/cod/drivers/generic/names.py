"""Names of generic devices: their class, and what tells them from the others in it.

A name is the same after every boot, as far as the machine numbers its nodes the same way: USB devices are
named after their serial number, or else after the port in which they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cod.drivers.generic.matches import Match
from cod.drivers.generic.rules import Group, Usb

if TYPE_CHECKING:
    from cod.drivers.generic.usb import UsbDevice

_LONGEST = 58  # of a name, with room in a DNS label for the number of one of several devices


def device_names(group: Group, found: Sequence[tuple[Match, UsbDevice | None]]) -> list[str]:
    """The names of a group's devices, each known by its first node and its USB device, if it has one."""
    if group.join == "all":
        return [group.name] * len(found)
    names = [_usb_name(group, usb) if group.usb and usb else _numbered(group, match) for match, usb in found]
    times = Counter(names)
    return [
        _joined(name, slug(usb.port if not group.paths else match.path.rpartition("/")[2]))
        if usb and group.usb and times[name] > 1
        else name
        for name, (match, usb) in zip(names, found, strict=True)
    ]


def _numbered(group: Group, match: Match) -> str:
    """The name of what one path of a group matched: `kvm`, `cpuid0`, `spi0-1`, or `serial-ttyusb0`.

    With several paths it is the name of the node that follows the class, since numbers alone may meet.
    """
    if len(group.paths) > 1:
        return _joined(group.name, slug(match.path.rpartition("/")[2]))
    rest = slug("-".join(match.parts))
    is_number = rest.replace("-", "").isdecimal() and not group.name[-1].isdecimal()
    return group.name + rest if is_number else _joined(group.name, rest)


def _usb_name(group: Group, device: UsbDevice) -> str:
    """What a group leaves open of maker, product and serial number; the port of one without a number."""
    wanted = group.usb[0] if len(group.usb) == 1 else Usb()
    return _joined(
        group.name,
        "" if wanted.vendor else device.vendor,
        "" if wanted.product else device.product,
        "" if wanted.serial else slug(device.serial) or slug(device.port),
    )


def slug(text: str) -> str:
    """A text as part of a DNS label: lower case, all else as single dashes."""
    words = "".join(char if char.isascii() and char.isalnum() else " " for char in text.lower()).split()
    return "-".join(words)


def _joined(*words: str) -> str:
    name = "-".join(filter(None, words))
    if len(name) <= _LONGEST:
        return name
    from zlib import crc32

    return f"{name[: _LONGEST - 9].rstrip('-')}-{crc32(name.encode()):08x}"

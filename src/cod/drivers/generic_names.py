"""Names of generic devices: their class, and what tells them from the others in it.

A name is the same after every boot, as far as the machine numbers its nodes the same way: USB devices are
named after their serial number, or else after the port in which they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cod.drivers.matches import Match
from cod.drivers.rules import Group

if TYPE_CHECKING:
    from cod.drivers.usb import UsbDevice

_LONGEST = 58  # of a name, with room in a DNS label for the number of one of several devices


def numbered(group: Group, match: Match) -> str:
    """The name of what one path of a group matched: `kvm`, `cpuid0`, `spi0-1`, or `serial-ttyusb0`.

    With several paths it is the name of the node that follows the class, since numbers alone may meet.
    """
    if len(group.paths) > 1:
        return _joined(group.name, slug(match.path.rpartition("/")[2]))
    rest = slug("-".join(match.parts))
    is_number = rest.replace("-", "").isdecimal() and not group.name[-1].isdecimal()
    return group.name + rest if is_number else _joined(group.name, rest)


def usb_names(group: Group, devices: Sequence[UsbDevice]) -> list[str]:
    """The names of USB devices: what the group leaves open of maker, product and serial number.

    Those without a serial number, and those that have one in common, have their port in their name.
    """
    plain = [_joined(group.name, *_open(group, each)) for each in devices]
    times = Counter(plain)
    return [
        name if device.serial and times[name] == 1 else _joined(name, slug(device.port))
        for name, device in zip(plain, devices, strict=True)
    ]


def slug(text: str) -> str:
    """A text as part of a DNS label: lower case, all else as single dashes."""
    words = "".join(char if char.isascii() and char.isalnum() else " " for char in text.lower()).split()
    return "-".join(words)


def _open(group: Group, device: UsbDevice) -> tuple[str, str, str]:
    """What not all the devices of a group have in common by its rules."""
    wanted = group.usb[0]
    is_one = len(group.usb) == 1
    return (
        "" if is_one and wanted.vendor else device.vendor,
        "" if is_one and wanted.product else device.product,
        "" if is_one and wanted.serial else slug(device.serial),
    )


def _joined(*words: str) -> str:
    name = "-".join(filter(None, words))
    if len(name) <= _LONGEST:
        return name
    from zlib import crc32

    return f"{name[: _LONGEST - 9].rstrip('-')}-{crc32(name.encode()):08x}"

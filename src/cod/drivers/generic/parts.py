"""The nodes that the rules of a group match on one machine, with what sysfs says of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from cod.drivers.generic.matches import Match, Matches, filled, fits
from cod.drivers.generic.rules import Member, Usb
from cod.host import Host, Node

if TYPE_CHECKING:
    from cod.drivers.generic.usb import UsbDevice

_MOST_CHARACTERS = 4096  # of a file in sysfs that a pattern is held against


class Part(Struct, frozen=True):
    """A node: how it was matched, what is there, its directory in sysfs or "", its path in the container."""

    match: Match
    member: Member
    node: Node
    directory: str
    path: str


class Parts:
    """The nodes of one machine that members match. What is read of it is read once."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self._matches = Matches(host)

    def of(
        self, member: Member, wildcards: Sequence[str] | None = None, usb: Sequence[Usb] = ()
    ) -> list[Part]:
        """The nodes of a member, with `usb` only those of such a USB device.

        `wildcards` are for `{1}`; without them this is the first member, and they are its own.
        """
        pattern = member.path if wildcards is None else filled(member.path, wildcards)
        found = (self._part(member, match, wildcards) for match in self._matches.find(pattern))
        return [
            each for each in found if each and self._has(each.directory, member) and self._is_of(each, usb)
        ]

    def of_usb(self, wanted: Sequence[Usb]) -> Iterator[tuple[Part, UsbDevice]]:
        """The nodes of USB devices themselves, by which programs with libusb use them."""
        for device in self._usb_devices:
            node = self.host.node_of(device.directory)
            if node and any(_is_usb(device, each) for each in wanted):
                yield Part(Match(node.path), Member(node.path), node, device.directory, node.path), device

    def usb_of(self, part: Part) -> UsbDevice | None:
        """The USB device that a node belongs to."""
        if "/usb" not in part.directory:
            return None
        from cod.drivers.generic.usb import usb_above

        return usb_above(self.host, part.directory)

    def parent_of(self, part: Part) -> str:
        """The device in sysfs that has a node; the path of the node where sysfs says nothing."""
        if not part.directory:
            return part.node.path
        # A device on a bus, such as a media controller, stands below its parent and has no link to it.
        return self.host.resolve(f"{part.directory}/device") or part.directory.rpartition("/")[0]

    def _part(self, member: Member, match: Match, wildcards: Sequence[str] | None) -> Part | None:
        """The node at a path; a link, such as those in /dev/serial/by-id, is followed within /dev."""
        node = self.host.node(match.path)
        if node is None:
            real = self.host.resolve(match.path)
            node = self.host.node(real) if real and real.startswith("/dev/") else None
        if node is None:
            return None
        path = (
            filled(member.mount, match.parts if wildcards is None else wildcards, literal=False) or match.path
        )
        path += match.path.rpartition("/")[2] if path.endswith("/") else ""
        return Part(match, member, node, self.host.directory_of(node), path)

    def _has(self, directory: str, member: Member) -> bool:
        """Whether sysfs says of a node what a member asks for."""
        files = ((f"{directory}/{name}", pattern) for name, pattern in member.sysfs.items())
        return all(
            directory and fits(self.host.value(path)[:_MOST_CHARACTERS], pattern) for path, pattern in files
        )

    def _is_of(self, part: Part, usb: Sequence[Usb]) -> bool:
        if not usb:
            return True
        device = self.usb_of(part)
        return device is not None and any(_is_usb(device, each) for each in usb)

    @cached_property
    def _usb_devices(self) -> list[UsbDevice]:
        if not self.host.names("/sys/bus/usb/devices"):
            return []
        from cod.drivers.generic.usb import usb_devices

        return usb_devices(self.host)


def _is_usb(device: UsbDevice, wanted: Usb) -> bool:
    """Whether a device is what is wanted; what is not asked for may be anything."""
    pairs = ((wanted.vendor, device.vendor), (wanted.product, device.product), (wanted.serial, device.serial))
    return all(not ask or ask == has for ask, has in pairs)

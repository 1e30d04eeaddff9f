"""What a machine uses itself: disks that are mounted, swapped to or part of another, consoles, interfaces.

What lies on a disk that another mount namespace mounts, or that ZFS has, is not known: no file says so.
Source: proc_pid_mountinfo(5); Documentation/ABI/stable/sysfs-block; /sys/class/tty/console/active.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from cod.host.files import Node
from cod.host.network import used_interfaces

if TYPE_CHECKING:
    from cod.host.machine import Host

_MOUNTS = ("/proc/self/mountinfo", "/proc/1/mountinfo")
_ACTIVE = (
    "/sys/class/tty/console/active",
    "/sys/class/tty/tty0/active",
)  # consoles, and what the screen shows
_CONSOLES = {(5, 0), (5, 1), (4, 0)}  # /dev/tty, /dev/console, /dev/tty0: whatever terminal there is
_FURTHER = re.compile(r"(?:^|[ ,])(?:logdev|rtdev|journal_path)=([^ ,]+)")  # of XFS and ext4
_ESCAPES = (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\"))


class InUse:
    """What of one machine it uses itself; nothing is read before the first question."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def why(self, node: Node, directory: str) -> str:
        """What the machine uses a node for, or ""; `directory` is that of its device in sysfs, if it has one.

        A disk is in use when a partition of it is, a partition when its disk is, a USB device when a disk on
        it is, or a network interface. A block device that sysfs does not show counts as in use, since its
        partitions are not known.
        """
        if node.kind == "b":
            return self._block(node, directory)
        if (node.major, node.minor) in _CONSOLES or node.path.rpartition("/")[2] in self._consoles:
            return "it is a console"
        if self._carries(directory, self._directories):
            return "a disk on it is in use"
        if self._carries(directory, self.interfaces.values()):
            return "a network interface on it is in use"
        return ""

    def _carries(self, directory: str, used: Iterable[str]) -> bool:
        """Whether something in use hangs on a device, as on a USB stick, or beside it, as with /dev/sg0."""
        if not directory or directory.startswith("/sys/devices/virtual/"):
            return False
        above = [directory, *filter(None, [self._host.resolve(f"{directory}/device")])]
        return any(each.startswith(f"{top}/") for top in above for each in used)

    def _block(self, node: Node, directory: str) -> str:
        if (node.major, node.minor) in self._numbers:
            return "it is mounted or swapped to"
        if not directory:
            return "nothing says whether a part of it is mounted"
        for each in self._directories:
            if each == directory or each.startswith(f"{directory}/") or directory.startswith(f"{each}/"):
                return "it, or a part of it, is mounted or swapped to"
        if self._host.names(f"{directory}/holders") or self._host.glob(f"{directory}/*/holders/*"):
            return "it is part of another disk"
        if self._host.exists(f"{directory}/loop/backing_file"):
            return "a file is attached to it"
        return ""

    @cached_property
    def _consoles(self) -> frozenset[str]:
        return frozenset(" ".join(map(self._host.value, _ACTIVE)).split())

    @cached_property
    def interfaces(self) -> dict[str, str]:
        """The network interfaces in use by name, with their directories in sysfs."""
        interfaces = self._host.class_devices("net")
        used = used_interfaces(self._host, interfaces)
        return {each.name: each.path for each in interfaces if each.name in used}

    @cached_property
    def _numbers(self) -> frozenset[tuple[int, int]]:
        """The numbers of the block devices that are mounted or swapped to."""
        return frozenset(_numbers(self._host))

    @cached_property
    def _directories(self) -> tuple[str, ...]:
        """The same devices in sysfs, those that they are made of, and those of mounted btrfs file systems."""
        host = self._host
        ways = [f"/sys/dev/block/{major}:{minor}" for major, minor in sorted(self._numbers)]
        ways += host.glob("/sys/fs/btrfs/*/devices/*")
        found: dict[str, None] = {}
        for way in ways:  # which grows
            directory = host.resolve(way)
            if directory is not None and directory not in found:
                found[directory] = None
                ways += [f"{directory}/slaves/{name}" for name in host.names(f"{directory}/slaves")]
        return tuple(found)


def _numbers(host: Host) -> Iterator[tuple[int, int]]:
    for line in "\n".join(map(host.read, _MOUNTS)).splitlines():
        words = line.split()
        if len(words) > 3 and words[2][:2] != "0:":
            yield from _pair(words[2])
        if "-" in words and (source := words[words.index("-") + 2 :]):
            # btrfs has a number of its own; bcachefs names all its disks, with colons
            further = _FURTHER.findall(" ".join(source[1:]))
            for path in dict.fromkeys((source[0], *source[0].split(":"), *further)):
                yield from _numbers_of(host, path)
    for line in host.read("/proc/swaps").splitlines()[1:]:
        yield from _numbers_of(host, line.partition(" ")[0])


def _pair(text: str) -> Iterable[tuple[int, int]]:
    major, _, minor = text.partition(":")
    if major.isdecimal() and minor.isdecimal() and len(text) < 20:
        return ((int(major), int(minor)),)
    return ()


def _numbers_of(host: Host, path: str) -> Iterable[tuple[int, int]]:
    """The numbers of the block device at a path, links followed; none where there is none."""
    if not path.startswith("/dev/"):
        return ()
    for escape, character in _ESCAPES:
        path = path.replace(escape, character)
    real = host.resolve(path)
    node = host.node(real) if real else None
    return ((node.major, node.minor),) if node and node.kind == "b" else ()

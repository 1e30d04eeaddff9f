"""How much a function's PCI Express link carries: lanes times speed, less the encoding.

The lanes are those in use now. The speed is the highest that both ends can: many devices lower it while
they idle, and what counts is what they reach. One that was trained down for good by a bad contact looks
faster here than it is.
Source: PCI Express Base Specification; Documentation/ABI/testing/sysfs-bus-pci of Linux.
"""

from __future__ import annotations

import re

from cod.host import Host

_SPEED = re.compile(r"(\d{1,4}(?:\.\d)?)(?:\.0)? GT/s")
_MOST_LANES = 32


class Lanes:
    """The bandwidths of a machine's functions, each read when it is first asked for: four small files."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._known: dict[str, int] = {}

    def mb_s(self, address: str) -> int:
        """The bandwidth of the link above a function in one direction, in MB/s; 0 where it is unknown."""
        if address not in self._known:
            self._known[address] = self._read(address)
        return self._known[address]

    def narrowest(self, addresses: tuple[str, ...]) -> int:
        """The least bandwidth of these functions' links, of those that are known; 0 where none is."""
        return min(filter(None, map(self.mb_s, addresses)), default=0)

    def _read(self, address: str) -> int:
        function = self._host.pci.get(address)
        if function is None:
            return 0
        lanes = self._host.number(f"{function.path}/current_link_width") or 0
        if not 0 < lanes <= _MOST_LANES:
            return 0
        own = self._speed(function.path, "max_link_speed")
        above = self._speed(function.path.rpartition("/")[0], "max_link_speed")
        speed = min(own, above) if own and above else self._speed(function.path, "current_link_speed")
        return int(lanes * speed * 1000 / 8 * _efficiency(speed))

    def _speed(self, directory: str, name: str) -> float:
        """Billions of transfers a second."""
        match = _SPEED.match(self._host.value(f"{directory}/{name}"))
        return float(match[1]) if match else 0.0


def _efficiency(speed: float) -> float:
    """What part of the bits on the wire is data: 8b/10b, 128b/130b, then flits."""
    if speed <= 5:
        return 8 / 10
    return 128 / 130 if speed <= 32 else 242 / 256

"""The points of the graph: devices, and PCI functions that no driver offers."""

from __future__ import annotations

from msgspec import Struct

from cod.drivers.attributes import PARENT_ATTRIBUTE, TYPE_ATTRIBUTE
from cod.drivers.protocol import DeviceKey, FoundDevice

UNKNOWN = -1  # a NUMA node that nobody says


class Point(Struct, frozen=True):
    """A device or a bare function, and its place.

    `path` is the way from the machine down to it: NUMA node, root complex, the bridges, and last the physical
    device it is (part of). The first two are there always, and "" where they are unknown. `name` is the
    device's, or the function's address. `found` is None for a bare function.
    """

    name: str
    path: tuple[str, ...]
    function: str = ""
    numa: int = UNKNOWN
    key: DeviceKey | None = None
    found: FoundDevice | None = None

    @property
    def root(self) -> str:
        """The root complex, `pci0000:16`, or ""."""
        return self.path[1]

    @property
    def bridges(self) -> tuple[str, ...]:
        """The bridges from the root complex down, outermost first."""
        return self.path[2:-1]

    @property
    def physical(self) -> str:
        """The physical device that this is, or is part of: `0000:3b:00`, or `driver/device`."""
        return self.path[-1]

    @property
    def type(self) -> str:
        """What it is, whoever made it: `gpu`, `nic`; "" where its driver does not say."""
        return self.text(TYPE_ATTRIBUTE)

    @property
    def parent(self) -> str:
        """The name of the device that it is a part of, or ""."""
        return self.text(PARENT_ATTRIBUTE)

    def text(self, name: str) -> str:
        """An attribute of the device that is a text, or ""."""
        return self.found.text(name) if self.found else ""

    @property
    def is_placed(self) -> bool:
        """Whether anything is known of where it is."""
        return self.numa != UNKNOWN or self.root != ""


def numa_step(number: int) -> str:
    """A NUMA node as the first step of a path; it sorts as its number does, the unknown one last."""
    return f"node{number:010}" if number >= 0 else "~"

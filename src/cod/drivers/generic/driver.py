"""Devices that need no vendor's driver: device nodes, grouped by rules.

The rules are built in (`cod.drivers.generic.rules`), or a machine's own, in `/etc/cod/devices.yaml` and
`/etc/cod/devices.d/*.yaml`. A group of these replaces the built-in one of its name, and its nodes are offered
by no built-in group. This is what edge machines, cameras and sensors use.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from cod.drivers.attributes import attribute_class
from cod.drivers.generic.offers import Offers
from cod.drivers.generic.rules import BUILT_IN, Group
from cod.drivers.protocol import FoundDevice, Skipped
from cod.host import Host
from cod.resource import DeviceClass

FILE = "/etc/cod/devices.yaml"
DIRECTORY = "/etc/cod/devices.d"


class Generic(Struct, frozen=True):
    """The driver of plain device nodes."""

    name: str = "generic.cod.dev"
    looks_for: str = f"device nodes such as /dev/kvm, USB devices, and what {FILE} describes"
    groups: tuple[Group, ...] = BUILT_IN

    def classes(self) -> Iterable[DeviceClass]:
        """One class a built-in group; those of a machine's own groups are found with their devices."""
        return tuple(attribute_class(group.name) for group in self.groups)

    def discover(self, host: Host) -> Iterator[FoundDevice | DeviceClass | Skipped]:
        """The devices of each group, a machine's own groups first."""
        groups = self.groups
        if files := _files(host):
            from cod.drivers.generic.rules_file import read_groups  # it imports YAML, which takes 18 ms

            own, problems = read_groups(host, files, {each.name for each in groups})
            groups = tuple(group for group in own.values() if group)
            yield from (attribute_class(group.name) for group in groups)
            yield from (Skipped(each.where, each.text) for each in problems)
            groups += tuple(group for group in self.groups if group.name not in own)
        offers = Offers(host)
        for group in groups:
            yield from offers.of(group)


def _files(host: Host) -> list[str]:
    """The rules files of a machine, in the order in which they count."""
    files = [FILE] if host.exists(FILE) else []
    return files + [f"{DIRECTORY}/{name}" for name in host.names(DIRECTORY) if name.endswith(".yaml")]

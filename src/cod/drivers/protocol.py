"""What a driver must offer: its name, its classes, and the devices it finds on a machine.

A driver reads files through a `Host` and nothing else; it changes nothing. What it yields is the device as
the Kubernetes API has it, together with what a container needs to use it. A device that is there and cannot
be used now (its partition is not made, its port is down) is yielded with a taint, so that nobody is given it;
what is left out altogether is yielded as `Skipped`, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from msgspec import Struct

from cod.cdi.names import qualified_name
from cod.cdi.spec import NO_EDITS, ContainerEdits
from cod.drivers.taints import POSSIBLE, UNREADY
from cod.host import Host
from cod.resource import PCI_BUS_ID, CounterSet, Device, DeviceClass

DeviceKey = tuple[str, str, str]
"""A device's identity: driver, pool, device."""


class Link(Struct, frozen=True):
    """A direct connection to another device, past PCI.

    `to` is the other's device name, or `driver/device` where another driver has it. `kind` is the vendor's
    word for it (`nvlink`, `xgmi`), `count` how many there are side by side, and `mb_s` the bandwidth of all
    together in one direction, in MB/s; 0 where it is unknown.
    """

    to: str
    kind: str
    count: int = 1
    mb_s: int = 0


class FoundDevice(Struct, frozen=True):
    """A device as its driver found it: what the API says of it, and what a container needs to use it.

    `kind` and `cdi_name` are its CDI name, `nvidia.com/gpu` and `0`; `aliases` are further names of the same
    device in that kind. `edits` are its own; `common` are the edits that a container needs once, however many
    devices of the kind it gets. `functions` are the PCI functions it is made of, where these are other than
    the one in its attribute `resource.kubernetes.io/pciBusID`.
    """

    device: Device
    kind: str
    cdi_name: str
    edits: ContainerEdits
    common: ContainerEdits = NO_EDITS
    aliases: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    functions: tuple[str, ...] = ()

    @property
    def qualified_name(self) -> str:
        """The device's CDI name, `vendor/class=name`."""
        return self._qualified(self.cdi_name)

    @property
    def qualified_names(self) -> tuple[str, ...]:
        """The device's CDI name, then its aliases."""
        return tuple(map(self._qualified, (self.cdi_name, *self.aliases)))

    @property
    def pci_address(self) -> str:
        """The PCI function it is, or is part of; "" where it is none."""
        return self.text(PCI_BUS_ID)

    def text(self, name: str) -> str:
        """An attribute of the device that is a text, or ""."""
        attribute = self.device.attributes.get(name)
        return attribute.string or "" if attribute else ""

    @property
    def is_made(self) -> bool:
        """Whether it is there, and not only possible, such as a partition that nobody has made.

        What is there may bring nothing into a container: a GPU that is divided, a function for its own parts.
        """
        return not any(each.key == UNREADY and each.value in POSSIBLE for each in self.device.taints)

    @property
    def units(self) -> frozenset[str]:
        """What of the machine it is made of: its PCI functions and its device nodes.

        No two drivers may offer the same, or it would be handed out twice.
        """
        functions = self.functions or (self.pci_address,)
        nodes = (node.host_path or node.path for node in self.edits.device_nodes)
        return frozenset(filter(None, (*functions, *nodes)))

    def _qualified(self, name: str) -> str:
        vendor, _, class_ = self.kind.partition("/")
        return qualified_name(vendor, class_, name)


class Skipped(Struct, frozen=True):
    """Something that a driver saw and does not offer: what it is, and why not."""

    what: str
    why: str


class Driver(Protocol):
    """One family of devices. Any exception it raises is reported, and costs only its own devices."""

    @property
    def name(self) -> str:
        """The driver's name, a DNS subdomain that its author owns: `sim.cod.dev`."""

    @property
    def looks_for(self) -> str:
        """What it looks for, in a line, for people who miss a device: `PCI functions of vendor 10de …`."""

    def classes(self) -> Iterable[DeviceClass]:
        """The classes by which its devices are asked for, whether or not this machine has any."""

    def discover(self, host: Host) -> Iterable[FoundDevice | CounterSet | DeviceClass | Skipped]:
        """The devices of a machine; their names are DNS labels, each given once.

        Devices that consume counters come after the counter sets they name. Classes that only this machine
        has come with them.
        """

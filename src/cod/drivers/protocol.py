"""What a driver must offer: its name, its classes, and the devices it finds on a machine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from msgspec import Struct

from cod.cdi.names import qualified_name
from cod.cdi.spec import ContainerEdits
from cod.host import Host
from cod.resource import CELSelector, ClassSpec, Device, DeviceClass, ObjectMeta, Selector

CLASS_ATTRIBUTE = "cod.dev/class"


class FoundDevice(Struct, frozen=True):
    """A device as its driver found it: what the API says of it, and what a container needs to use it.

    `kind` and `cdi_name` are its CDI name: `sim.cod.dev/gpu` and `gpu0`.
    """

    device: Device
    kind: str
    cdi_name: str
    edits: ContainerEdits

    @property
    def qualified_name(self) -> str:
        """The device's CDI name, `vendor/class=name`."""
        vendor, _, class_ = self.kind.partition("/")
        return qualified_name(vendor, class_, self.cdi_name)


class Driver(Protocol):
    """One family of devices. Any exception it raises is reported, and costs only its own devices."""

    @property
    def name(self) -> str:
        """The driver's name, a DNS subdomain that its author owns: `sim.cod.dev`."""

    def classes(self) -> Iterable[DeviceClass]:
        """The classes by which its devices are asked for, whether or not this machine has any."""

    def discover(self, host: Host) -> Iterable[FoundDevice]:
        """The devices of a machine; their names are DNS labels, each given once."""


def attribute_class(name: str) -> DeviceClass:
    """The class of the devices whose attribute `cod.dev/class` is this name."""
    expression = f'device.attributes["cod.dev"].class == "{name}"'
    return DeviceClass(metadata=ObjectMeta(name=name), spec=ClassSpec((Selector(CELSelector(expression)),)))

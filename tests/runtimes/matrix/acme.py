"""A vendor's driver, whose devices each need one thing more of a runtime. Its stand-ins are real.

A class a thing: `cpu.acme.com` is the node of a CPU and nothing else, `moved.acme.com` has it elsewhere, and
so on. Sandboxes find it by its entry point, as they would any vendor's.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from cod.cdi.spec import ContainerEdits, DeviceNode, Hook, Mount, NetDevice
from cod.drivers import FoundDevice, attribute_class, family
from cod.host import Host
from cod.resource import Device, DeviceClass

CPU = "/dev/cpu/{}/cpuid"
FILE = "/etc/acme.txt"  # on the host, at /opt/acme.txt in a container
GROUP = 4242
HOOKED = "/tmp/hooked"  # made by the hook, with the runtime's view of the machine
INTERFACE, RENAMED = "acme0", "acme9"

ENTRY_POINT = "[cod.drivers]\nacme = tests.runtimes.matrix.acme:Acme\n"

EDITS = {
    "cpu": [ContainerEdits(device_nodes=(DeviceNode(CPU.format(number)),)) for number in range(2)],
    "read": [ContainerEdits(device_nodes=(DeviceNode(CPU.format(0), permissions="r"),))],
    "moved": [ContainerEdits(device_nodes=(DeviceNode("/dev/acme0", CPU.format(0)),))],
    "file": [ContainerEdits(mounts=(Mount(FILE, "/opt/acme.txt", ("ro", "bind")),))],
    "group": [ContainerEdits(additional_gids=(GROUP,))],
    "hook": [
        ContainerEdits(hooks=(Hook("createRuntime", "/bin/sh", ("sh", "-c", f"echo ran >> {HOOKED}")),))
    ],
    "net": [ContainerEdits(net_devices=(NetDevice(INTERFACE, RENAMED),))],
}


class Acme(Struct, frozen=True):
    """The driver."""

    name: str = "acme.com"
    looks_for: str = "two CPUs, which stand in for accelerators"

    def classes(self) -> Iterable[DeviceClass]:
        """One for each thing that a device may need."""
        return [attribute_class(f"{each}.acme.com") for each in EDITS]

    def discover(self, host: Host) -> Iterable[FoundDevice]:  # noqa: ARG002
        """Two CPUs, and one device of each other class."""
        for name, devices in EDITS.items():
            for number, edits in enumerate(devices):
                yield FoundDevice(
                    Device(f"{name}{number}", attributes=family("acme", f"{name}.acme.com")),
                    kind=f"acme.com/{name}",
                    cdi_name=f"{name}{number}",
                    edits=edits,
                )

"""Simulated accelerators that a container can really open: each stands on a device node of the host.

The node behind one is harmless, and none that runtimes allow by default, so that a container that opens it
proves that it was given the device. Without any such node it is `/dev/null`, which proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from cod.cdi.spec import ContainerEdits, DeviceNode
from cod.drivers.protocol import CLASS_ATTRIBUTE, FoundDevice, attribute_class
from cod.host import Host, Node
from cod.resource import Attribute, Device, DeviceClass

KIND = "sim.cod.dev/gpu"
CLASS = "sim-gpu"

_CPUS = "/dev/cpu/*/cpuid"
_OTHERS = (
    ("/dev/hwrng", "r"),
    ("/dev/fuse", "rw"),
    ("/dev/net/tun", "rw"),
    ("/dev/kvm", "rw"),
    ("/dev/null", "rw"),
)


class Sim(Struct, frozen=True):
    """The driver of simulated machines; on any other it finds nothing."""

    name: str = "sim.cod.dev"

    def classes(self) -> Iterable[DeviceClass]:
        """The one class, `sim-gpu`."""
        return (attribute_class(CLASS),)

    def discover(self, host: Host) -> Iterator[FoundDevice]:
        """`gpu0`, `gpu1` … as many as the simulation has; none where no node can stand behind them."""
        count = host.simulation.counts.get("gpu", 0) if host.simulation else 0
        backings = _backings(host) if count else []
        if backings:
            for index in range(count):
                yield _gpu(index, *backings[index % len(backings)])


def _backings(host: Host) -> list[tuple[Node, str]]:
    """The nodes that stand behind the devices in turn, with what a container may do with them."""
    cpus = [(node, "r") for path in host.glob(_CPUS) if (node := host.node(path))]
    others = [(node, permissions) for path, permissions in _OTHERS if (node := host.node(path))]
    return cpus or others[:1]


def _gpu(index: int, backing: Node, permissions: str) -> FoundDevice:
    name = f"gpu{index}"
    attributes = {
        CLASS_ATTRIBUTE: Attribute(string=CLASS),
        "simulated": Attribute(bool_=True),
        "backing": Attribute(string=backing.path),
        "index": Attribute(int_=index),
    }
    node = DeviceNode(
        path=f"/dev/sim/{name}",
        host_path=backing.path,
        type=backing.kind,
        major=backing.major,
        minor=backing.minor,
        permissions=permissions,
    )
    edits = ContainerEdits(env=(f"SIM_GPU_{index}={name}",), device_nodes=(node,))
    return FoundDevice(Device(name, attributes), KIND, name, edits)

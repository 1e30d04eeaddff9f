"""Simulated accelerators, NICs and FPGAs that a container can really open.

They are what a simulated machine (`--host sim:8gpu`) has on its PCI bus; behind each stands a device node of
this machine. That node is harmless, and none that runtimes allow by default, so that a container that opens
it proves that it was given the device. Without any such node it is `/dev/null`, which proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from cod.cdi.spec import ContainerEdits, DeviceNode
from cod.drivers.attributes import Plain, attributes, family, family_classes, place
from cod.drivers.protocol import FoundDevice, Link, Skipped
from cod.host import Host, Node, PciFunction
from cod.resource import Capacity, Device, DeviceClass

VENDOR = "sim.cod.dev"
TYPES = ("gpu", "nic", "fpga", "npu")

_KERNEL_DRIVER = "cod-sim"
_CPUS = "/dev/cpu/*/cpuid"
_OTHERS = (
    ("/dev/hwrng", "r"),
    ("/dev/fuse", "rw"),
    ("/dev/net/tun", "rw"),
    ("/dev/kvm", "rw"),
    ("/dev/null", "rw"),
)
_MEMORY = {"gpu": "80Gi", "fpga": "16Gi", "npu": "16Gi"}


class Sim(Struct, frozen=True):
    """The driver of simulated machines; on any other it finds nothing."""

    name: str = VENDOR
    looks_for: str = "PCI functions bound to cod-sim, which only machines such as sim:8gpu have"

    def classes(self) -> Iterable[DeviceClass]:
        """Two classes a type: `sim-gpu` and `gpu`, `sim-nic` and `nic`, and so on."""
        return tuple(each for type_ in TYPES for each in family_classes(type_, f"sim-{type_}"))

    def discover(self, host: Host) -> Iterator[FoundDevice | Skipped]:
        """`gpu0`, `gpu1`, `nic0` … in the order of the bus."""
        cards = [each for each in host.pci.values() if each.driver == _KERNEL_DRIVER]
        backings = _backings(host) if cards else []
        for number, card in enumerate(cards):
            kind = host.value(f"{card.path}/sim/kind")
            if kind not in TYPES:
                yield Skipped(card.address, f"nobody knows what {kind!r} plays")
            elif not backings:
                yield Skipped(card.address, "no device node can stand behind it")
            else:
                yield _device(host, card, kind, *backings[number % len(backings)])


def _backings(host: Host) -> list[tuple[Node, str]]:
    """The nodes that stand behind the devices in turn, with what a container may do with them."""
    cpus = [(node, "r") for path in host.glob(_CPUS) if (node := host.node(path))]
    others = [(node, permissions) for path, permissions in _OTHERS if (node := host.node(path))]
    return cpus or others[:1]


def _device(host: Host, card: PciFunction, type_: str, backing: Node, permissions: str) -> FoundDevice:
    index = host.number(f"{card.path}/sim/index") or 0
    name = f"{type_}{index}"
    facts: dict[str, Plain] = {
        "simulated": True,
        "backing": backing.path,
        "index": index,
        "fabric": host.value(f"{card.path}/sim/fabric"),
    }
    node = DeviceNode(
        path=f"/dev/sim/{name}",
        host_path=backing.path,
        type=backing.kind,
        major=backing.major,
        minor=backing.minor,
        permissions=permissions,
    )
    return FoundDevice(
        device=Device(
            name=name,
            attributes=family(type_, f"sim-{type_}") | place(card) | attributes(facts),
            capacity={"memory": Capacity(_MEMORY[type_])} if type_ in _MEMORY else {},
        ),
        kind=f"{VENDOR}/{type_}",
        cdi_name=name,
        edits=ContainerEdits(env=(f"SIM_{type_.upper()}_{index}={name}",), device_nodes=(node,)),
        links=tuple(_links(host, card)),
    )


def _links(host: Host, card: PciFunction) -> Iterator[Link]:
    """A link a line: the other's name, the kind, MB/s."""
    for line in host.read(f"{card.path}/sim/links").splitlines():
        words = line.split()
        if len(words) == 3 and words[2].isdecimal():
            yield Link(to=words[0], kind=words[1], mb_s=int(words[2]))

"""Simulated accelerators, NICs and FPGAs that a container can really open.

They are what a simulated machine (`--host sim:8gpu`) has on its PCI bus; behind each stands a device node of
this machine, which is nobody else's as long as the machine plays another. That node is harmless, and none
that runtimes allow by default, so that a container that opens it proves that it was given the device. Without
any such node it is `/dev/null`, which proves nothing.

A card of kind `mig` is a GPU that can be cut as an A100 with 40 GB can. Nothing cuts it yet, so that its
partitions are tainted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from cod.cdi.spec import ContainerEdits, DeviceNode
from cod.drivers.attributes import (
    PARENT_ATTRIBUTE,
    Plain,
    attribute_class,
    attributes,
    family,
    family_classes,
    place,
)
from cod.drivers.protocol import FoundDevice, Link, Skipped
from cod.drivers.taints import NOT_MADE, unready
from cod.host import Host, Node, PciFunction
from cod.resource import Capacity, CounterSet, Device, DeviceClass

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
        """Two classes a type: `sim-gpu` and `gpu`, `sim-nic` and `nic`, and so on; then `sim-mig`."""
        both = [each for type_ in TYPES for each in family_classes(type_, f"sim-{type_}")]
        return (*both, attribute_class("sim-mig"))

    def discover(self, host: Host) -> Iterator[FoundDevice | CounterSet | Skipped]:
        """`gpu0`, `gpu1`, `nic0` … in the order of the bus; after `mig0` its parts, as `mig0-1g-5gb-0`."""
        cards = [each for each in host.pci.values() if each.driver == _KERNEL_DRIVER]
        backings = _backings(host) if cards else []
        for number, card in enumerate(cards):
            kind = host.value(f"{card.path}/sim/kind")
            if kind not in (*TYPES, "mig"):
                yield Skipped(card.address, f"nobody knows what {kind!r} plays")
            elif not backings:
                yield Skipped(card.address, "no device node can stand behind it")
            elif kind == "mig":
                yield from _divisible(host, card, *backings[number % len(backings)])
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
    return FoundDevice(
        device=Device(
            name=name,
            attributes=family(type_, f"sim-{type_}") | place(card) | attributes(_facts(host, card, backing)),
            capacity={"memory": Capacity(_MEMORY[type_])} if type_ in _MEMORY else {},
        ),
        kind=f"{VENDOR}/{type_}",
        cdi_name=name,
        edits=_edits(name, f"SIM_{type_.upper()}_{index}", backing, permissions),
        links=tuple(_links(host, card)),
    )


def _divisible(
    host: Host, card: PciFunction, backing: Node, permissions: str
) -> Iterator[FoundDevice | CounterSet]:
    """A GPU that can be cut, what it has to share, and every partition that it could have."""
    from cod.drivers.nvidia.mig import A100_40GB  # few machines have one

    index = host.number(f"{card.path}/sim/index") or 0
    name, facts = f"mig{index}", _facts(host, card, backing)
    yield A100_40GB.counter_set(name)
    yield FoundDevice(
        device=Device(
            name=name,
            attributes=family("gpu", "sim-gpu") | place(card) | attributes(facts),
            capacity=A100_40GB.whole.capacity,
            consumes_counters=(A100_40GB.whole.takes(name),),
        ),
        kind=f"{VENDOR}/gpu",
        cdi_name=name,
        edits=_edits(name, f"SIM_MIG_{index}", backing, permissions),
        links=tuple(_links(host, card)),
    )
    for partition in A100_40GB.partitions:
        part = f"{name}-{partition.label}"
        more: dict[str, Plain] = {PARENT_ATTRIBUTE: name, "profile": partition.profile.name}
        yield FoundDevice(
            device=Device(
                name=part,
                attributes=family("mig", "sim-mig") | place(card) | attributes(facts | more),
                capacity=partition.capacity,
                consumes_counters=(partition.takes(name),),
                taints=unready(NOT_MADE),
            ),
            kind=f"{VENDOR}/mig",
            cdi_name=part,
            edits=_edits(part, f"SIM_{part.upper().replace('-', '_')}", backing, permissions),
        )


def _facts(host: Host, card: PciFunction, backing: Node) -> dict[str, Plain]:
    return {
        "simulated": True,
        "backing": backing.path,
        "index": host.number(f"{card.path}/sim/index") or 0,
        "fabric": host.value(f"{card.path}/sim/fabric"),
    }


def _edits(name: str, variable: str, backing: Node, permissions: str) -> ContainerEdits:
    """A variable that says the name, and the node that stands behind the device under its path."""
    node = DeviceNode(
        path=f"/dev/sim/{name}",
        host_path=backing.path,
        type=backing.kind,
        major=backing.major,
        minor=backing.minor,
        permissions=permissions,
    )
    return ContainerEdits(env=(f"{variable}={name}",), device_nodes=(node,))


def _links(host: Host, card: PciFunction) -> Iterator[Link]:
    """A link a line: the other's name, the kind, MB/s."""
    for line in host.read(f"{card.path}/sim/links").splitlines():
        words = line.split()
        if len(words) == 3 and words[2].isdecimal():
            yield Link(to=words[0], kind=words[1], mb_s=int(words[2]))

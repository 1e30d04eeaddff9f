"""Devices that need no vendor's driver: one device node each, the same in the container as on the host.

A rule is a class and the nodes in it; what there is of them on a machine are the devices. Types and numbers
are left out of the edits: whoever injects them reads the host's node afresh.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from cod.cdi.spec import ContainerEdits, DeviceNode
from cod.drivers.attributes import CLASS_ATTRIBUTE, attribute_class
from cod.drivers.protocol import FoundDevice
from cod.host import Host
from cod.resource import Attribute, Device, DeviceClass

VENDOR = "cod.dev"

_NUMBER = re.compile(r"[0-9]+")


class Rule(Struct, frozen=True):
    """A class of devices: the nodes that match its patterns, and what a container may do with them."""

    class_name: str
    patterns: tuple[str, ...]
    permissions: str = "rw"


RULES = (
    Rule("kvm", ("/dev/kvm",)),
    Rule("fuse", ("/dev/fuse",)),
    Rule("tun", ("/dev/net/tun",)),
    Rule("hwrng", ("/dev/hwrng",), "r"),
    Rule("cpuid", ("/dev/cpu/*/cpuid",), "r"),
)


class Generic(Struct, frozen=True):
    """The driver of plain device nodes."""

    name: str = "generic.cod.dev"
    looks_for: str = "device nodes such as /dev/kvm"
    rules: tuple[Rule, ...] = RULES

    def classes(self) -> Iterable[DeviceClass]:
        """One class a rule."""
        return tuple(attribute_class(rule.class_name) for rule in self.rules)

    def discover(self, host: Host) -> Iterator[FoundDevice]:
        """One device for each node that exists, named after its class and the number in its path."""
        for rule in self.rules:
            for pattern in rule.patterns:
                for path in host.glob(pattern):
                    if host.node(path):
                        yield _device(rule, path)


def _device(rule: Rule, path: str) -> FoundDevice:
    name = rule.class_name + "-".join(_NUMBER.findall(path))
    attributes = {CLASS_ATTRIBUTE: Attribute(string=rule.class_name), "path": Attribute(string=path)}
    edits = ContainerEdits(device_nodes=(DeviceNode(path=path, permissions=rule.permissions),))
    return FoundDevice(Device(name, attributes), f"{VENDOR}/{rule.class_name}", name, edits)

"""The devices that groups of device nodes make on one machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from cod.cdi.spec import ContainerEdits
from cod.drivers.attributes import Plain, attributes, family
from cod.drivers.generic.names import device_names
from cod.drivers.generic.parts import Part, Parts
from cod.drivers.generic.rules import MOST_DEVICES, Group
from cod.drivers.nodes import device_node
from cod.drivers.protocol import FoundDevice, Skipped
from cod.drivers.taints import IN_USE, unready
from cod.host import Host
from cod.resource import (
    NUMA_NODE,
    PCIE_ROOT,
    Attribute,
    Capacity,
    Device,
    RequestPolicy,
    ValidRange,
)

if TYPE_CHECKING:
    from cod.drivers.generic.usb import UsbDevice

VENDOR = "cod.dev"

_VIRTUAL = "/sys/devices/virtual/"  # devices that are only software


class _Plan(Struct):
    """A device to be: its name, its nodes, and the USB device to which they belong, if any."""

    name: str
    parts: list[Part]
    usb: UsbDevice | None


class Offers:
    """The devices of one machine by its groups; what two of them match belongs to the first.

    A USB device is handed out whole, to programs with libusb, or by the nodes of its functions, and not both.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._parts = Parts(host)
        self._owners: dict[str, Group] = {}  # by the path of a node
        self._wholes: dict[str, Group] = {}  # by the directory of a USB device
        self._functions: dict[str, Group] = {}  # by the same: who has a node of its functions

    def of(self, group: Group) -> Iterator[FoundDevice | Skipped]:
        """The devices of a group, and why there are not more."""
        plans = self._plans(group)
        if not plans and group.origin:
            patterns = ", ".join(each.path for each in group.paths) or "a USB device"
            yield _skipped(group, group.name, f"nothing here matches {patterns}")
        made = 0
        for plan in plans:
            if objection := self._objection(group, plan):
                yield _skipped(group, plan.name, objection)
                continue
            for name in [f"{plan.name}-{n}" for n in range(group.count)] if group.count > 1 else [plan.name]:
                made += 1
                if made > MOST_DEVICES:
                    yield _skipped(group, group.name, f"there are more than {MOST_DEVICES} devices")
                    return
                yield self._device(group, plan, name)

    def _plans(self, group: Group) -> list[_Plan]:
        found: list[tuple[list[Part], UsbDevice | None]]
        if not group.paths:
            found = [([part], usb) for part, usb in self._parts.of_usb(group.usb)]
        else:
            found = [(parts, self._parts.usb_of(parts[0])) for parts in self._joined(group)]
        names = device_names(group, [(parts[0].match, usb) for parts, usb in found])
        return [_Plan(name, parts, usb) for name, (parts, usb) in zip(names, found, strict=True)]

    def _joined(self, group: Group) -> list[list[Part]]:
        """The nodes that a group's paths match, those of one device together."""
        found = [part for member in group.paths for part in self._parts.of(member, usb=group.usb)]
        if group.join == "all":
            return [found] if found else []
        if group.join == "parent":
            families: dict[str, list[Part]] = {}
            for part in found:
                families.setdefault(self._parts.parent_of(part), []).append(part)
            return [*families.values()]
        return [[part] for part in found]

    def _objection(self, group: Group, plan: _Plan) -> str:
        """Why a device cannot be, or "". What it has besides its first nodes is added to it."""
        if conflict := self._conflict(group, plan):
            return conflict
        if group.join == "all":
            found = [part.member for part in plan.parts]
            for member in group.paths:
                if not member.optional and member not in found:
                    return f"it needs {member.path}, which is not there"
        lead = plan.parts[0]
        for member in group.with_:
            more = self._parts.of(member, lead.match.parts)
            if group.join == "parent":
                more = [each for each in more if self._parts.parent_of(each) == self._parts.parent_of(lead)]
            if not more and not member.optional:
                return f"it needs {member.path}, which is not there"
            plan.parts += more
        places: dict[str, Part] = {}
        for part in plan.parts:
            if places.setdefault(part.path, part).node != part.node:
                return f"two of its nodes would be {part.path}"
        plan.parts = [*places.values()]
        return ""

    def _conflict(self, group: Group, plan: _Plan) -> str:
        """Which other group a device belongs to, or "": then it is this one's from now on."""
        for part in plan.parts:
            owner = self._owners.get(part.node.path, group)
            if owner is not group and not (owner.shared and group.shared):
                return f"{part.node.path} belongs to group {owner.name}"
        if plan.usb:
            mine, others = (self._functions, self._wholes) if group.paths else (self._wholes, self._functions)
            if plan.usb.directory in others:
                return f"USB device {plan.usb.port} belongs to group {others[plan.usb.directory].name}"
            mine.setdefault(plan.usb.directory, group)
        for part in plan.parts:
            self._owners.setdefault(part.node.path, group)
        return ""

    def _device(self, group: Group, plan: _Plan, name: str) -> FoundDevice:
        nodes = tuple(
            device_node(part.node, part.member.permissions or group.permissions, path=part.path)
            for part in plan.parts
        )
        is_used = any(map(self._is_used, plan.parts))
        return FoundDevice(
            device=Device(
                name,
                attributes=family(group.name) | self._attributes(plan),
                capacity=_shares(group.shared),
                taints=unready(IN_USE if is_used else ""),
                allow_multiple_allocations=bool(group.shared),
            ),
            kind=f"{VENDOR}/{group.name}",
            cdi_name=name,
            edits=ContainerEdits(device_nodes=nodes),
        )

    def _is_used(self, part: Part) -> bool:
        """Whether the machine itself uses a node; software alone is not asked about."""
        if part.node.kind == "c" and part.directory.startswith(_VIRTUAL) and "/tty/" not in part.directory:
            return False
        return bool(self._host.in_use.why(part.node, part.directory))

    def _attributes(self, plan: _Plan) -> dict[str, Attribute]:
        """What tells a device from its like: its first node, what it calls itself, where it is."""
        lead = plan.parts[0]
        facts: dict[str, Plain] = {"path": lead.match.path}
        directory = lead.directory
        if not directory or directory.startswith(_VIRTUAL):
            return attributes(facts)
        usb = plan.usb
        names = ("name", "device/name", "device/id")  # of a camera or bus, a sensor, a sound card
        texts = (self._host.value(f"{directory}/{each}") for each in names)
        facts["model"] = next(filter(None, texts), "") or (usb.model if usb else "")
        if usb:
            facts |= {"usbVendor": usb.vendor, "usbProduct": usb.product}
            facts |= {"serial": usb.serial, "usbPort": usb.port}
        return attributes(facts | self._place(directory))

    def _place(self, directory: str) -> dict[str, Plain]:
        """Where the PCI function is on which a device hangs. It is not the function, so that is not said."""
        steps = reversed(directory.split("/")) if "/pci" in directory else ()
        function = next((self._host.pci[step] for step in steps if step in self._host.pci), None)
        if function is None:
            return {}
        return {PCIE_ROOT: function.root, NUMA_NODE: function.numa_node if function.numa_node >= 0 else None}


def _shares(shared: bool | int) -> dict[str, Capacity]:
    """As many claims at a time as a group says, each taking one share; no number is no limit."""
    if shared is True or shared < 2:
        return {}
    policy = RequestPolicy(default="1", valid_range=ValidRange(min="1", max=str(shared), step="1"))
    return {"shares": Capacity(str(shared), policy)}


def _skipped(group: Group, what: str, why: str) -> Skipped:
    return Skipped(what, f"{why} ({group.origin})" if group.origin else why)

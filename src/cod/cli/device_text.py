"""A device in words: what it is, where, who holds it, and what a container gets with it."""

from __future__ import annotations

from collections.abc import Iterator

from cod.cdi.spec import ContainerEdits, DeviceNode, Mount
from cod.cli.device_table import class_name, text, where, written
from cod.cli.machine import Machine, class_of
from cod.cli.terminal import printable
from cod.drivers import FoundDevice, Link
from cod.drivers.attributes import PARENT_ATTRIBUTE
from cod.drivers.protocol import DeviceKey
from cod.host import PciFunction
from cod.resource import NUMA_NODE, PCI_BUS_ID, PCIE_ROOT, Device

_SHOWN_ABOVE = {PCI_BUS_ID, PCIE_ROOT, NUMA_NODE, PARENT_ATTRIBUTE}
_MANY = 12  # parts of a device that are named; of more only the number is told


def describe(machine: Machine, key: DeviceKey) -> str:
    """All that there is to say of a device, with line ends."""
    return _joined(_lines(machine, key, machine.inventory.found[key]))


def describe_function(machine: Machine, function: PciFunction) -> str:
    """What there is to say of a PCI function that no driver offers."""
    return _joined(_function_lines(machine, function))


def parts_of(machine: Machine, key: DeviceKey) -> list[DeviceKey]:
    """The devices that are parts of this one."""
    found = machine.inventory.found
    return [each for each in found if each[:2] == key[:2] and text(found[each], PARENT_ATTRIBUTE) == key[2]]


def _joined(lines: Iterator[str]) -> str:
    return "".join(f"{printable(line)}\n" for line in lines)


def _lines(machine: Machine, key: DeviceKey, found: FoundDevice) -> Iterator[str]:
    driver, pool, name = key
    yield name
    yield _field("state", machine.state(key))
    yield _field("class", class_of(found) or "-")
    yield _field("CDI name", found.qualified_name)
    if found.aliases:
        yield _field("also", ", ".join(found.qualified_names[1:]))
    yield _field("driver", f"{driver}, pool {pool}")
    yield _field("where", _place(found))
    yield from _relatives(machine, key, found)
    yield from _attributes(found)
    yield from _list("container gets", _edits(found.edits))
    yield from _list("and once for all of its kind", _edits(found.common))
    yield from _list("links", map(_link, found.links))


def _field(name: str, value: str) -> str:
    return f"  {name:<10} {value}"


def _list(name: str, lines: Iterator[str]) -> Iterator[str]:
    found = [*lines]
    if found:
        yield f"  {name}"
        yield from (f"    {line}" for line in found)


def _place(found: FoundDevice) -> str:
    places = [place] if (place := where(found)) != "-" else []
    if (root := text(found, PCIE_ROOT)) != "-":
        places.append(f"root {root}")
    if (node := text(found, NUMA_NODE)) != "-":
        places.append(f"NUMA node {node}")
    return ", ".join(places) or "-"


def _relatives(machine: Machine, key: DeviceKey, found: FoundDevice) -> Iterator[str]:
    if (parent := text(found, PARENT_ATTRIBUTE)) != "-":
        yield _field("part of", parent)
    parts = parts_of(machine, key)
    by_state: dict[str, list[str]] = {}
    for part in parts:
        by_state.setdefault(machine.state(part), []).append(part[2])
    for state, names in by_state.items():
        shown = ", ".join(names) if len(names) <= _MANY else f"{len(names)} devices"
        yield _field("parts", f"{shown} ({state})")


def _attributes(found: FoundDevice) -> Iterator[str]:
    device = found.device
    typed = [(name, *written(each)) for name, each in device.attributes.items() if name not in _SHOWN_ABOVE]
    width = max((len(name) for name, _, _ in typed), default=0)
    yield from _list("attributes", (f"{name:<{width}}  {kind:<7}  {value}" for name, kind, value in typed))
    width = max(map(len, device.capacity), default=0)
    yield from _list("capacity", (f"{name:<{width}}  {each.value}" for name, each in device.capacity.items()))
    consumed = (
        f"{counter.value} of {name} of {each.counter_set}"
        for each in device.consumes_counters
        for name, counter in each.counters.items()
    )
    yield from _list("takes", consumed)
    taints = (f"{each.key}={each.value}: {each.effect}" for each in device.taints)
    yield from _list("taints", taints)
    if device.allow_multiple_allocations:
        yield _field("shareable", _sharing(device))


def _sharing(device: Device) -> str:
    """Who may use a device at the same time, and what each takes of it."""
    shares = [
        f"{each.request_policy.default} of {name}"
        for name, each in device.capacity.items()
        if each.request_policy and each.request_policy.default not in (None, "0")
    ]
    taken = f"; each takes {', '.join(shares)} if it does not say how much" if shares else ""
    return f"several claims may have it at the same time{taken}"


def _edits(edits: ContainerEdits) -> Iterator[str]:
    yield from (f"node   {_node(each)}" for each in edits.device_nodes)
    yield from (f"mount  {_mount(each)}" for each in edits.mounts)
    yield from (f"env    {each}" for each in edits.env)
    yield from (f"hook   {each.hook_name}: {each.path}" for each in edits.hooks)
    yield from (f"net    {each.host_interface_name} as {each.name}" for each in edits.net_devices)
    if edits.additional_gids:
        yield f"group  {', '.join(map(str, edits.additional_gids))}"
    if edits.intel_rdt is not None:
        yield f"rdt    {edits.intel_rdt.clos_id}".rstrip()


def _node(node: DeviceNode) -> str:
    facts = [node.permissions] if node.permissions else []
    if node.type and node.major is not None and node.minor is not None:
        facts.append(f"{node.type} {node.major}:{node.minor}")
    if node.host_path and node.host_path != node.path:
        facts.append(f"{node.host_path} here")
    return f"{node.path} ({', '.join(facts)})" if facts else node.path


def _mount(mount: Mount) -> str:
    source = "" if mount.host_path == mount.container_path else f" ({mount.host_path} here)"
    return f"{mount.container_path}{source}"


def _link(link: Link) -> str:
    count = f"{link.count} × " if link.count > 1 else ""
    speed = f", {link.mb_s / 1000:g} GB/s" if link.mb_s else ""
    return f"{link.to}  {count}{link.kind}{speed}"


def _function_lines(machine: Machine, function: PciFunction) -> Iterator[str]:
    names = machine.host.pci_names
    reasons = (
        f"{report.driver}: {each.why}"
        for report in machine.inventory.reports
        for each in report.skipped
        if each.what == function.address
    )
    yield function.address
    yield _field("state", "not offered")
    yield _field("class", class_name(machine, function))
    yield _field("vendor", f"{function.vendor:04x} {names.vendor(function.vendor)}".rstrip())
    device = names.device(function.vendor, function.device)
    yield _field("device", f"{function.device:04x} {device}".rstrip())
    yield _field("kernel", f"driver {function.driver}" if function.driver else "no driver")
    if function.physical:
        yield _field("part of", function.physical)
    if function.numa_node >= 0:
        yield _field("NUMA node", str(function.numa_node))
    yield from _list("why", reasons)

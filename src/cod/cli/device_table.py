"""The rows of `cod device list`: what the drivers found, and what of the PCI bus none of them offers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cod.cli.machine import Machine, class_of
from cod.drivers import FoundDevice
from cod.drivers.attributes import PARENT_ATTRIBUTE
from cod.drivers.inventory import Inventory
from cod.drivers.protocol import DeviceKey
from cod.host import PciFunction
from cod.resource import NUMA_NODE, Attribute, ResourceSlice

HEADERS = ("NAME", "CLASS", "WHERE", "NUMA", "STATE")
LEAST = (0, 16, 12, 4, 23)  # room for `nic.mellanox.com`, a PCI address, `unready: in-use-by-host`
WIDE_HEADERS = (*HEADERS, "MODEL", "PART OF", "DRIVER", "CDI NAME")

_BASE_CLASSES = {
    0x01: "storage",
    0x02: "network",
    0x03: "display",
    0x04: "multimedia",
    0x05: "memory",
    0x06: "bridge",
    0x07: "communication",
    0x08: "system",
    0x0B: "processor",
    0x0C: "serial bus",
    0x0D: "wireless",
    0x10: "encryption",
    0x12: "accelerator",
}

Found = Mapping[DeviceKey, FoundDevice]


def rows(machine: Machine, found: Found, *, is_wide: bool, is_whole: bool) -> Iterator[tuple[str, ...]]:
    """A row a device. Parts of a device that nobody has made share one row, unless `is_whole`."""
    groups = {} if is_whole else _possible(found)
    for key, each in found.items():
        parts = [] if each.is_made else groups.get(_parent(key, each), [])
        if len(parts) < 2:
            yield _row(machine, key, each, is_wide)
        elif parts[0] == key:
            name = f"… {len(parts)} possible"
            cells = (name, class_of(each) or "-", where(each), numa(each), "not made; see --all")
            yield (*cells, "-", text(each, PARENT_ATTRIBUTE), key[0], "-") if is_wide else cells


def rows_of_others(machine: Machine, *, is_wide: bool) -> Iterator[tuple[str, ...]]:
    """A row a PCI function that no driver offers: what it is, its kernel driver or why it is left out."""
    offered = {unit for each in machine.inventory.found.values() for unit in each.units}
    reasons = {each.what: each.why for report in machine.inventory.reports for each in report.skipped}
    names = machine.host.pci_names
    for function in machine.host.pci.values():
        if function.address in offered:
            continue
        what = class_name(machine, function)
        why = reasons.get(function.address) or function.driver
        state = f"not offered: {why}" if why else "not offered"
        node = str(function.numa_node) if function.numa_node >= 0 else "-"
        cells = ("-", what, function.address, node, state)
        numbers = f"{function.vendor:04x}:{function.device:04x}"
        model = names.device(function.vendor, function.device) or numbers
        yield (*cells, model, function.physical or "-", "-", "-") if is_wide else cells


def slices_of(inventory: Inventory, found: Found, *, is_whole: bool) -> Iterator[ResourceSlice]:
    """The slices of the drivers of these devices: whole, or with only these and the counters they consume."""
    from msgspec.structs import replace

    drivers = {driver for driver, _, _ in found}
    slices = [each for each in inventory.slices if each.spec.driver in drivers]
    if is_whole:
        yield from slices
        return
    parts = []
    for each in slices:
        spec = each.spec
        devices = [d for d in spec.devices if (spec.driver, spec.pool.name, d.name) in found]
        if devices:
            parts.append(replace(each, spec=replace(spec, devices=tuple(devices))))
        elif consumed := _consumed(found, spec.driver) & {counters.name for counters in spec.shared_counters}:
            sets = tuple(counters for counters in spec.shared_counters if counters.name in consumed)
            parts.append(replace(each, spec=replace(spec, shared_counters=sets)))
    counts = [(each.spec.driver, each.spec.pool.name) for each in parts]
    for each in parts:
        count = counts.count((each.spec.driver, each.spec.pool.name))
        yield replace(each, spec=replace(each.spec, pool=replace(each.spec.pool, resource_slice_count=count)))


def class_name(machine: Machine, function: PciFunction) -> str:
    """What a PCI function is, by pci.ids, or by the PCI Code and ID Assignment's base classes."""
    name = machine.host.pci_names.class_(function.class_)
    return name or f"{_BASE_CLASSES.get(function.class_ >> 16, 'PCI class')} {function.base_class:04x}"


def where(found: FoundDevice) -> str:
    """Where a device is: its PCI address, or its first device node."""
    return found.pci_address or next((each.host_path or each.path for each in found.edits.device_nodes), "-")


def numa(found: FoundDevice) -> str:
    """The NUMA node a device is at, where that is known."""
    return text(found, NUMA_NODE)


def text(found: FoundDevice, name: str) -> str:
    """An attribute as text; `-` where there is none."""
    attribute = found.device.attributes.get(name)
    return written(attribute)[1] if attribute else "-"


def written(attribute: Attribute) -> tuple[str, str]:
    """The type of an attribute as the API calls it, and its value as text."""
    for kind in ("string", "version", "int_", "bool_", "strings", "versions", "ints", "bools"):
        value = getattr(attribute, kind)
        if value is not None:
            values = value if isinstance(value, tuple) else (value,)
            shown = (str(each).lower() if isinstance(each, bool) else str(each) for each in values)
            return kind.rstrip("_"), ", ".join(shown)
    return "", ""


def _row(machine: Machine, key: DeviceKey, found: FoundDevice, is_wide: bool) -> tuple[str, ...]:
    cells = (found.device.name, class_of(found) or "-", where(found), numa(found), machine.state(key))
    if not is_wide:
        return cells
    return (*cells, text(found, "model"), text(found, PARENT_ATTRIBUTE), key[0], found.qualified_name)


def _possible(found: Found) -> dict[DeviceKey, list[DeviceKey]]:
    """The devices that are only possible, by what they would be parts of."""
    groups: dict[DeviceKey, list[DeviceKey]] = {}
    for key, each in found.items():
        if not each.is_made:
            groups.setdefault(_parent(key, each), []).append(key)
    return groups


def _parent(key: DeviceKey, found: FoundDevice) -> DeviceKey:
    return key[0], key[1], text(found, PARENT_ATTRIBUTE)


def _consumed(found: Found, driver: str) -> set[str]:
    return {
        each.counter_set
        for key, device in found.items()
        if key[0] == driver
        for each in device.device.consumes_counters
    }

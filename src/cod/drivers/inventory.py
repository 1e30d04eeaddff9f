"""What one machine has: every driver asked, its devices as resource slices, what went wrong as data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from msgspec import Struct

from cod.cdi.names import is_qualified_name
from cod.drivers.installed import installed
from cod.drivers.protocol import DeviceKey, Driver, FoundDevice, Skipped
from cod.host import Host
from cod.resource import CounterSet, DeviceClass, ResourceSlice, is_label, resource_slices

T = TypeVar("T")


class DriverReport(Struct, frozen=True):
    """What became of one driver: what it looked for, what it offers, what it left out, why it failed.

    A driver that failed offers nothing. `failure` is "" for one that did not.
    """

    driver: str
    looks_for: str = ""
    devices: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    failure: str = ""


class Inventory(Struct, frozen=True):
    """The devices of a machine; `found` is keyed by driver, pool and device name."""

    slices: tuple[ResourceSlice, ...] = ()
    classes: tuple[DeviceClass, ...] = ()
    found: dict[DeviceKey, FoundDevice] = {}
    reports: tuple[DriverReport, ...] = ()

    @property
    def failures(self) -> tuple[DriverReport, ...]:
        """The drivers that failed."""
        return tuple(each for each in self.reports if each.failure)

    def here(self, uses: Mapping[DeviceKey, Sequence[T]]) -> dict[DeviceKey, tuple[T, ...]]:
        """Of what is in use, by whom, the devices of this machine under their present pool.

        A pool has the machine's name, and a machine may be renamed while its devices are in use.
        """
        known: dict[tuple[str, str], tuple[T, ...]] = {}
        for (driver, _, device), users in uses.items():
            known[driver, device] = (*known.get((driver, device), ()), *users)
        return {key: known[key[0], key[2]] for key in self.found if (key[0], key[2]) in known}


class _Wrong(Exception):
    """A driver is something that cannot be used."""


class _Offer(Struct):
    """What one driver yields, as far as it is accepted."""

    devices: dict[str, FoundDevice] = {}
    counter_sets: dict[str, CounterSet] = {}
    skipped: list[Skipped] = []


class _Taken(Struct):
    """What is offered already: classes by name, CDI names and pieces of the machine by driver."""

    drivers: set[str] = set()
    classes: dict[str, DeviceClass] = {}
    names: dict[str, str] = {}
    units: dict[str, str] = {}

    def copy(self) -> _Taken:
        """The same, to be changed for itself."""
        return _Taken({*self.drivers}, {**self.classes}, {**self.names}, {**self.units})

    def adopt(self, class_: DeviceClass) -> str:
        """Note a class, or say why it cannot be one."""
        if self.classes.setdefault(class_.name, class_) != class_:
            return "it is there already and selects other devices"
        return ""

    def take(self, driver: str, found: FoundDevice, offer: _Offer) -> str:
        """Note that a driver offers a device, or say why it cannot."""
        if objection := self._objection(driver, found, offer):
            return objection
        self.names |= dict.fromkeys(found.qualified_names, driver)
        self.units |= dict.fromkeys(found.units, driver)
        return ""

    def _objection(self, driver: str, found: FoundDevice, offer: _Offer) -> str:
        name = found.device.name
        if not is_label(name):
            return f"its name {name!r} is no DNS label"
        if name in offer.devices:
            return "the driver has another device of this name"
        wrong = [each for each in found.qualified_names if not is_qualified_name(each)]
        if wrong:
            return f"{wrong[0]!r} is no CDI name"
        missing = [each.counter_set for each in found.device.consumes_counters]
        missing = [each for each in missing if each not in offer.counter_sets]
        if missing:
            return f"it consumes counters of a set {missing[0]!r} that was not given before"
        for each in found.qualified_names:
            if each in self.names:
                return f"{each} is offered already, by driver {self.names[each]}"
        for each in sorted(found.units):
            if self.units.get(each, driver) != driver:
                return f"{each} is offered already, by driver {self.units[each]}"
        return ""


def discover(host: Host, drivers: Iterable[Driver] | None = None) -> Inventory:
    """Ask the drivers, all that are installed if none are given, what a machine has. Never fails.

    The pool of a device is the machine's node name. What two drivers find belongs to the first of them.
    """
    named: Iterable[tuple[str, Driver | BaseException]]
    named = installed() if drivers is None else [(_name(driver), driver) for driver in drivers]
    pool = host.node_name
    taken = _Taken()
    slices: list[ResourceSlice] = []
    found: dict[DeviceKey, FoundDevice] = {}
    reports: list[DriverReport] = []
    for name, driver in named:
        try:
            if isinstance(driver, BaseException):
                raise driver
            name, looks_for = driver.name, driver.looks_for
            offer, taken_then = _ask(driver, host, taken)
            devices = [each.device for each in offer.devices.values()]
            slices += resource_slices(name, pool, devices, tuple(offer.counter_sets.values()))
            found |= {(name, pool, device): each for device, each in offer.devices.items()}
            taken = taken_then
        except (Exception, SystemExit) as error:  # someone else's code may raise anything
            reports.append(DriverReport(str(name), failure=_text(error)))
        else:
            reports.append(DriverReport(name, looks_for, tuple(offer.devices), tuple(offer.skipped)))
    return Inventory(tuple(slices), tuple(taken.classes.values()), found, tuple(reports))


def _ask(driver: Driver, host: Host, taken: _Taken) -> tuple[_Offer, _Taken]:
    """What a driver offers, and what is taken then."""
    name = driver.name
    if not all(map(is_label, name.split("."))):
        raise _Wrong("its name is no DNS subdomain")
    if name in taken.drivers:
        raise _Wrong("another driver has this name")
    taken, offer = taken.copy(), _Offer()
    taken.drivers.add(name)
    for class_ in driver.classes():
        if objection := taken.adopt(class_):
            raise _Wrong(f"class {class_.name}: {objection}")
    for each in driver.discover(host):
        _accept(name, each, offer, taken)
    return offer, taken


def _accept(driver: str, each: object, offer: _Offer, taken: _Taken) -> None:
    """Take what a driver yields into its offer, or note why it is left out."""
    match each:
        case FoundDevice():
            if objection := taken.take(driver, each, offer):
                offer.skipped.append(Skipped(str(each.device.name), objection))
            else:
                offer.devices[each.device.name] = each
        case CounterSet():
            offer.counter_sets[each.name] = each
        case DeviceClass():
            if objection := taken.adopt(each):
                offer.skipped.append(Skipped(f"class {each.name}", objection))
        case Skipped():
            offer.skipped.append(each)
        case _:
            raise _Wrong(f"it yields {type(each).__name__}, which is nothing that a driver may yield")


def _name(driver: object) -> str:
    """What to call a driver that may fail even to say its name."""
    try:
        return str(driver.name)  # type: ignore[attr-defined]
    except Exception:  # someone else's code may raise anything
        return type(driver).__name__


def _text(error: BaseException) -> str:
    return str(error) if isinstance(error, _Wrong) else f"{type(error).__name__}: {error}".rstrip(": ")

"""What one machine has: every driver asked, its devices as resource slices, its failures as data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from cod.cdi.names import is_qualified_name
from cod.drivers.installed import installed
from cod.drivers.protocol import Driver, FoundDevice
from cod.host import Host
from cod.resource import DeviceClass, ObjectMeta, Pool, ResourceSlice, SliceSpec, is_label

MOST_DEVICES_OF_SLICE = 128  # as in the Kubernetes API


class DriverFailure(Struct, frozen=True):
    """A driver that could not say what it has, and so gave nothing."""

    driver: str
    text: str


class Inventory(Struct, frozen=True):
    """The devices of a machine; `found` is keyed by driver, pool and device name."""

    slices: tuple[ResourceSlice, ...] = ()
    classes: tuple[DeviceClass, ...] = ()
    found: dict[tuple[str, str, str], FoundDevice] = {}
    failures: tuple[DriverFailure, ...] = ()

    def here(self, held: Mapping[tuple[str, str, str], str]) -> dict[tuple[str, str, str], str]:
        """Of what is held, and by which claim, the devices of this machine under their present pool.

        A pool has the machine's name, and a machine may be renamed while its devices are held.
        """
        holders = {(driver, device): claim for (driver, _, device), claim in held.items()}
        return {key: holders[key[0], key[2]] for key in self.found if (key[0], key[2]) in holders}


class _Wrong(Exception):
    """A driver gave something that cannot be used."""


def discover(host: Host, drivers: Iterable[Driver] | None = None) -> Inventory:
    """Ask the drivers, all that are installed if none are given, what a machine has. Never fails.

    The pool of a device is the machine's node name.
    """
    named: Iterable[tuple[str, Driver | BaseException]]
    named = installed() if drivers is None else [(_name(driver), driver) for driver in drivers]
    pool = host.node_name
    slices: list[ResourceSlice] = []
    classes: dict[str, DeviceClass] = {}
    found: dict[tuple[str, str, str], FoundDevice] = {}
    failures: list[DriverFailure] = []
    taken: set[str] = set()
    names: set[str] = set()
    for name, driver in named:
        try:
            if isinstance(driver, BaseException):
                raise driver
            name = driver.name
            if not all(map(is_label, name.split("."))):
                raise _Wrong("its name is no DNS subdomain")
            if name in taken:
                raise _Wrong("another driver has this name")
            offered, devices = _ask(driver, host, classes)
            _check_new(devices, names)
        except (Exception, SystemExit) as error:  # someone else's code may raise anything
            failures.append(DriverFailure(str(name), _text(error)))
            continue
        taken.add(name)
        names.update(each.qualified_name for each in devices.values())
        classes |= offered
        found |= {(name, pool, device): each for device, each in devices.items()}
        slices += _slices(name, pool, tuple(devices.values()))
    return Inventory(tuple(slices), tuple(classes.values()), found, tuple(failures))


def _ask(
    driver: Driver, host: Host, known: dict[str, DeviceClass]
) -> tuple[dict[str, DeviceClass], dict[str, FoundDevice]]:
    classes: dict[str, DeviceClass] = {}
    for class_ in driver.classes():
        if {**known, **classes}.get(class_.name, class_) != class_:
            raise _Wrong(f"class {class_.name} is there already and selects other devices")
        classes[class_.name] = class_
    devices: dict[str, FoundDevice] = {}
    for each in driver.discover(host):
        name = each.device.name
        if not is_label(name):
            raise _Wrong(f"device name {name!r} is no DNS label")
        if not is_qualified_name(each.qualified_name):
            raise _Wrong(f"device {name} has no CDI name: {each.qualified_name!r}")
        if name in devices:
            raise _Wrong(f"two devices are called {name}")
        devices[name] = each
    return classes, devices


def _check_new(devices: Mapping[str, FoundDevice], known: set[str]) -> None:
    """Refuse a CDI name that is offered already: two devices of one name could be held by two claims."""
    seen = set(known)
    for each in devices.values():
        if each.qualified_name in seen:
            raise _Wrong(f"device {each.qualified_name} is offered already")
        seen.add(each.qualified_name)


def _slices(driver: str, pool: str, devices: tuple[FoundDevice, ...]) -> list[ResourceSlice]:
    """One slice a driver, more where the API's limit asks for it, none without a device."""
    starts = range(0, len(devices), MOST_DEVICES_OF_SLICE)
    return [
        ResourceSlice(
            metadata=ObjectMeta(name=f"{pool}-{driver}-{number}"),
            spec=SliceSpec(
                driver=driver,
                pool=Pool(name=pool, resource_slice_count=len(starts)),
                node_name=pool,
                devices=tuple(each.device for each in devices[start : start + MOST_DEVICES_OF_SLICE]),
            ),
        )
        for number, start in enumerate(starts)
    ]


def _name(driver: object) -> str:
    """What to call a driver that may fail even to say its name."""
    try:
        return str(driver.name)  # type: ignore[attr-defined]
    except Exception:  # someone else's code may raise anything
        return type(driver).__name__


def _text(error: BaseException) -> str:
    return str(error) if isinstance(error, _Wrong) else f"{type(error).__name__}: {error}".rstrip(": ")

"""What a generated CDI spec was made from, as its annotations, so that an old file can be told.

Device numbers change at a boot, libraries and nodes with the driver: a spec of before may name what is gone.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from cod.drivers.attributes import VERSION_ATTRIBUTE
from cod.drivers.protocol import DeviceKey, FoundDevice
from cod.host import Host

DRIVER = "cod.dev/driver"
DRIVER_VERSION = "cod.dev/driver-version"
KERNEL = "cod.dev/kernel"
BOOT = "cod.dev/boot"
ANNOTATIONS = (DRIVER, DRIVER_VERSION, KERNEL, BOOT)


class Origin(Struct, frozen=True):
    """The machine that a spec is made on: its kernel's release and its boot, "" where it does not say."""

    kernel: str = ""
    boot: str = ""


class Change(Struct, frozen=True):
    """What is other than when a spec was made: `driver`, `driver-version`, `kernel` or `boot`, then and now.

    `now` is "" where the machine has no device of the spec's kind any more.
    """

    what: str
    then: str
    now: str


def origin(host: Host) -> Origin:
    """What a machine says of its kernel and its boot."""
    kernel = host.value("/proc/sys/kernel/osrelease")
    return Origin(kernel, host.value("/proc/sys/kernel/random/boot_id"))


def made_from(origin: Origin, found: Mapping[DeviceKey, FoundDevice]) -> dict[str, str]:
    """The annotations of a spec of these devices; what is not known is left out."""
    versions = {version for (driver, *_), each in found.items() if (version := _version(driver, each))}
    known = {
        DRIVER: ",".join(sorted({driver for driver, _, _ in found})),
        DRIVER_VERSION: ",".join(sorted(versions)),
        KERNEL: origin.kernel,
        BOOT: origin.boot,
    }
    return {name: value for name, value in known.items() if value}


def changes(then: Mapping[str, str], now: Mapping[str, str]) -> tuple[Change, ...]:
    """What has changed between a spec's annotations and what they would be now; others do not count.

    A boot is told only where nothing else has changed: a new kernel is a new boot.
    """
    if DRIVER in then and DRIVER not in now:
        return (Change("driver", then[DRIVER], ""),)
    found = [
        Change(name.partition("/")[2], then[name], now[name])
        for name in (DRIVER_VERSION, KERNEL, BOOT)
        if name in then and name in now and then[name] != now[name]
    ]
    return (*(each for each in found if each.what != "boot" or len(found) == 1),)


def _version(driver: str, found: FoundDevice) -> str:
    attributes = found.device.attributes
    attribute = attributes.get(VERSION_ATTRIBUTE) or attributes.get(f"{driver}/{VERSION_ATTRIBUTE}")
    return (attribute.version or attribute.string or "") if attribute else ""

"""Which drivers there are: the built-in ones, and those that other packages bring as entry points.

To import `importlib.metadata` takes 40 ms, a glance at the installed packages 2 ms: it is asked only where
the glance has shown the group.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from cod.drivers.generic import Generic
from cod.drivers.protocol import Driver
from cod.drivers.sim import Sim

GROUP = "cod.drivers"
BUILT_IN: tuple[Driver, ...] = (Sim(), Generic())


def installed() -> Iterator[tuple[str, Driver | Exception]]:
    """Every driver by name, or why it could not be loaded. An entry point is a driver or makes one."""
    for driver in BUILT_IN:
        yield driver.name, driver
    if not _has_entry_points(sys.path):
        return
    from importlib.metadata import entry_points

    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        try:
            loaded = point.load()
            yield point.name, loaded() if isinstance(loaded, type) else loaded
        except Exception as error:  # someone else's code may raise anything
            yield point.name, error


def _has_entry_points(paths: Iterable[str]) -> bool:
    heading = f"[{GROUP}]".encode()
    for path in map(Path, paths):
        if path.is_file():
            return True  # packages in an archive: importlib.metadata can tell
        try:
            listings = [each / "entry_points.txt" for each in path.iterdir() if each.name.endswith("-info")]
        except OSError:
            continue
        if any(heading in _bytes(listing) for listing in listings):
            return True
    return False


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""

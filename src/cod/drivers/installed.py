"""Which drivers there are: the built-in ones, and those that other packages bring as entry points.

To import `importlib.metadata` takes 40 ms, a glance at the installed packages 2 ms: it is asked only where
the glance has shown the group.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from cod.drivers.accel import Accel
from cod.drivers.alveo import Alveo
from cod.drivers.amd import Amd
from cod.drivers.cpu import Cpu
from cod.drivers.dfl import Dfl
from cod.drivers.drm import Drm
from cod.drivers.dsa import Dsa
from cod.drivers.gaudi import Gaudi
from cod.drivers.generic import Generic
from cod.drivers.intel_gpu import IntelGpu
from cod.drivers.nic import Nic
from cod.drivers.nvidia import Nvidia
from cod.drivers.nvme import Nvme
from cod.drivers.protocol import Driver
from cod.drivers.qat import Qat
from cod.drivers.sim import Sim
from cod.drivers.vfio import Vfio

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "cod.drivers"

# What two drivers find belongs to the first of them: whoever knows more of a device stands before the others.
BUILT_IN: tuple[Driver, ...] = (
    Sim(),
    Nvidia(),
    Amd(),
    IntelGpu(),
    Gaudi(),
    Qat(),
    Dsa(),
    Dfl(),
    Alveo(),
    Nic(),
    Nvme(),
    Accel(),
    Vfio(),
    Drm(),
    Cpu(),
    Generic(),
)


def installed() -> Iterator[tuple[str, Driver | BaseException]]:
    """Every driver by name, or why it could not be loaded. An entry point is a driver or makes one."""
    for driver in BUILT_IN:
        yield driver.name, driver
    try:
        points = _entry_points()
    except (Exception, SystemExit) as error:  # someone else's packages may be broken in any way
        yield GROUP, error
        return
    for point in points:
        try:
            loaded = point.load()
            yield point.name, loaded() if isinstance(loaded, type) else loaded
        except (Exception, SystemExit) as error:  # someone else's code may raise anything
            yield point.name, error


def _entry_points() -> list[EntryPoint]:
    if not _has_entry_points(sys.path):
        return []
    from importlib.metadata import entry_points

    return sorted(entry_points(group=GROUP), key=lambda point: point.name)


def _has_entry_points(paths: Iterable[str]) -> bool:
    heading = f"[{GROUP}]".encode()
    for path in paths:
        try:
            names = os.listdir(path or ".")  # noqa: PTH208 - a Path for each of hundreds of names takes 1 ms
        except NotADirectoryError:
            return True  # packages in an archive: importlib.metadata can tell
        except OSError:
            continue
        listings = (f"{path or '.'}/{name}/entry_points.txt" for name in names if name.endswith("-info"))
        if any(heading in _bytes(listing) for listing in listings):
            return True
    return False


def _bytes(path: str) -> bytes:
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read()
    except OSError:
        return b""

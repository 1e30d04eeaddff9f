"""Many devices as columns: one code a device for each attribute, capacity or driver that somebody asks for.

Equal values have equal codes, from 0 on in the order in which they are met; -1 is where a device has nothing.
Types are apart: the int 1, the string "1" and the version 1 are three values. Columns are NumPy arrays where
NumPy is installed, else lists; each is made when it is first asked for, at less than 1 µs a device.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, NamedTuple

from cod.cel.device import Path, has_domain
from cod.resource.slices import Attribute, Device

Codes = Any
"""One int a device: an array of int32, or a list without NumPy."""

_DRIVER = ("driver",)
_SHARING = ("allowMultipleAllocations",)


class Coded(NamedTuple):
    """A column: the codes, the code of each value, and how many values there are.

    The value of an attribute is its string, or the Attribute if it is none; of a capacity it is the text.
    `involved` are the codes of attributes that are no string, int or bool: versions, lists, and none at all.
    """

    codes: Codes
    code_of: Mapping[Hashable, int]
    involved: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        """How many values there are."""
        return len(self.code_of)


class DeviceTable:
    """Devices with their drivers' names, to evaluate selectors for all of them at once."""

    def __init__(self, devices: Sequence[tuple[str, Device]]) -> None:
        self.devices = devices
        self._columns: dict[Path, Coded] = {}
        self._drivers: list[str] = []
        self._entries: dict[str, list[Mapping[str, Any]]] = {}

    def __len__(self) -> int:
        return len(self.devices)

    def __repr__(self) -> str:
        return f"DeviceTable({len(self)} devices)"

    @property
    def driver_codes(self) -> Codes:
        """A code for each device's driver."""
        return self.coded(_DRIVER).codes

    def codes(self, domain: str, name: str) -> Codes:
        """A code for each device's attribute of a name; -1 where it has none."""
        return self.coded(("attributes", domain, name)).codes

    def capacity_codes(self, domain: str, name: str) -> Codes:
        """A code for each device's capacity of a name; -1 where it has none. `1Gi` and `1024Mi` differ."""
        return self.coded(("capacity", domain, name)).codes

    def coded(self, path: Path) -> Coded:
        """The column at a path, such as attributes, gpu.example.com, model."""
        column = self._columns.get(path)
        if column is None:
            column = self._columns[path] = self._made(path)
        return column

    def _made(self, path: Path) -> Coded:
        if path == _DRIVER:
            return _coded(self._all_drivers())
        if path == _SHARING:
            return _coded([device.allow_multiple_allocations for _, device in self.devices])
        if len(path) == 2:
            kind, domain = path
            return _coded([has_domain(kind, domain, driver, device) for driver, device in self.devices])
        kind, domain, name = path
        found = self._found(kind, domain, name)
        if kind == "capacity":
            return _coded([None if entry is None else entry.value for entry in found])
        return _coded([None if entry is None else entry.string or entry for entry in found])

    def _found(self, kind: str, domain: str, name: str) -> list[Any]:
        """What each device has under a name, with its domain or, where that is its driver's, without."""
        entries = self._entries.get(kind)
        if entries is None:
            is_attribute = kind == "attributes"
            entries = self._entries[kind] = [
                device.attributes if is_attribute else device.capacity for _, device in self.devices
            ]
        qualified = f"{domain}/{name}"
        return [
            entry.get(qualified) or (entry.get(name) if driver == domain else None)
            for driver, entry in zip(self._all_drivers(), entries, strict=True)
        ]

    def _all_drivers(self) -> list[str]:
        if len(self._drivers) < len(self.devices):
            self._drivers = [driver for driver, _ in self.devices]
        return self._drivers


def _coded(values: Sequence[Hashable | None]) -> Coded:
    """A column of values, of which None is no value."""
    code_of: dict[Hashable, int] = {}
    code_of_new = code_of.setdefault
    codes = [-1 if value is None else code_of_new(value, len(code_of)) for value in values]
    involved = tuple(code for value, code in code_of.items() if _is_involved(value))
    numpy = numpy_or_none()
    return Coded(codes if numpy is None else numpy.array(codes, numpy.int32), code_of, involved)


def _is_involved(value: Hashable) -> bool:
    if not isinstance(value, Attribute):
        return False
    plain = (Attribute(int_=value.int_), Attribute(bool_=value.bool_), Attribute(string=value.string))
    return value not in plain or value == Attribute()


def numpy_or_none() -> Any:
    """NumPy, if it is installed."""
    try:
        import numpy
    except ModuleNotFoundError:
        return None
    return numpy

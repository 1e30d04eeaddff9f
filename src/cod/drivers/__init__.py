"""Drivers: one module a family of devices, and what a machine has by all of them together."""

from cod.drivers.inventory import DriverFailure, Inventory, discover
from cod.drivers.protocol import CLASS_ATTRIBUTE, Driver, FoundDevice, attribute_class

__all__ = [
    "CLASS_ATTRIBUTE",
    "Driver",
    "DriverFailure",
    "FoundDevice",
    "Inventory",
    "attribute_class",
    "discover",
]

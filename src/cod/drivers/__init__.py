"""Drivers: one module a family of devices, and what a machine has by all of them together."""

from cod.drivers.attributes import CLASS_ATTRIBUTE, attribute_class, attributes, family, family_classes, place
from cod.drivers.inventory import DriverReport, Inventory, discover
from cod.drivers.nodes import device_node
from cod.drivers.protocol import Driver, FoundDevice, Link, Skipped

__all__ = [
    "CLASS_ATTRIBUTE",
    "Driver",
    "DriverReport",
    "FoundDevice",
    "Inventory",
    "Link",
    "Skipped",
    "attribute_class",
    "attributes",
    "device_node",
    "discover",
    "family",
    "family_classes",
    "place",
]

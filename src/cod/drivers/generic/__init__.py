"""Devices that need no driver of a vendor: by the built-in rules, and by those of the machine."""

from cod.drivers.generic.driver import Generic

__all__ = ["Generic"]

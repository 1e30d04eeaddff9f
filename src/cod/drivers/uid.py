"""Names made of where a PCI function is: the same as long as its card stays in its slot."""

from __future__ import annotations

from cod.host import PciFunction


def dashed(address: str) -> str:
    """An address as a DNS label: `0000-03-00-0`."""
    return address.replace(":", "-").replace(".", "-")


def uid(function: PciFunction) -> str:
    """The name that Intel's generators of specs give: address and device number, `0000-03-00-0-0x56c0`."""
    return f"{dashed(function.address)}-0x{function.device:04x}"

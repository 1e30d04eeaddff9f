"""Names made of where a PCI function is: the same as long as its card stays in its slot."""

from __future__ import annotations


def dashed(address: str) -> str:
    """An address as a DNS label: `0000-03-00-0`."""
    return address.replace(":", "-").replace(".", "-")


def uid(address: str, device: int) -> str:
    """A function's address and device id as one name, `0000-03-00-0-0x56c0`; also a DNS label.

    Source: `intel-cdi-specs-generator` and Intel's DRA drivers, which both name devices so.
    """
    return f"{dashed(address)}-0x{device:04x}"

"""The names that Intel's own tools give to PCI devices."""

from __future__ import annotations


def uid(address: str, device: int) -> str:
    """A function's address and device id as one name, `0000-03-00-0-0x56c0`; also a DNS label.

    Source: `intel-cdi-specs-generator` and Intel's DRA drivers, which both name devices so.
    """
    return f"{address.replace(':', '-').replace('.', '-')}-0x{device:04x}"

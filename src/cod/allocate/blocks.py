"""Devices that stand together: on one NUMA node, below one root complex or switch, linked to one another.

Whoever takes one of them from a block leaves a smaller one for claims that want several together.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import TYPE_CHECKING

from cod.allocate.pack import join

if TYPE_CHECKING:
    from cod.allocate.stock import Stock

# What drivers call the attributes that say where a device is; others say what it is.
_PLACES = tuple(
    "numa pcieroot pcibusid socket switch island hive clique nvlink domain rail parent".split()  # noqa: SIM905
)
_WHERE = {
    "resource.kubernetes.io/numaNode": "on NUMA node",
    "resource.kubernetes.io/pcieRoot": "below PCIe root",
    "resource.kubernetes.io/pciBusID": "of PCI device",
}


def blocks(stock: Stock) -> dict[int, str]:
    """The blocks of a node, as sets, and where each is: `on NUMA node 0`.

    Each comes once, however many attributes say so.
    """
    found: dict[int, str] = {}
    names = {name for each in stock.devices for name in each.device.attributes}
    for name in sorted(names):
        if any(place in name.rpartition("/")[2].lower() for place in _PLACES):
            for value, block in _by_value(stock, name).items():
                found.setdefault(block, f"{_WHERE.get(name, f'with {name}')} {value}")
    for block, name in _by_surroundings(stock):
        found.setdefault(block, name)
    return {block: name for block, name in found.items() if block.bit_count() > 1}


def _by_value(stock: Stock, name: str) -> dict[object, int]:
    together: dict[object, int] = {}
    for number, values in stock.values(name).items():
        for _, value in values:
            together[value] = together.get(value, 0) | 1 << number
    return together


def _by_surroundings(stock: Stock) -> Iterator[tuple[int, str]]:
    """The devices that are linked, and those below each switch."""
    exclusive = {
        each.key: number for number, each in enumerate(stock.devices) if not stock.shared >> number & 1
    }
    linked = (
        1 << exclusive[one] | 1 << exclusive[other]
        for one, other in stock.surroundings.links
        if one in exclusive and other in exclusive
    )
    yield from ((block, "linked to one another") for block in join(linked, 0))
    below: dict[Hashable, int] = {}
    for number in exclusive.values():
        each = stock.devices[number]
        switch = stock.surroundings.switch((each.key, each.device))
        below[switch] = below.get(switch, 0) | 1 << number
    yield from ((block, "below one switch") for switch, block in below.items() if switch is not None)

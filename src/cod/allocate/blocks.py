"""Devices that stand together: on one NUMA node, below one root complex or switch, linked to one another.

Whoever takes one of them from a block leaves a smaller one for claims that want several together.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cod.allocate.near import LEVEL
from cod.allocate.pack import join
from cod.topology import LINK, SAME_SWITCH

if TYPE_CHECKING:
    from cod.allocate.stock import Stock

# What drivers call the attributes that say where a device is; others say what it is.
_PLACES = tuple(
    "numa pcieroot socket switch island hive clique nvlink domain rail parent".split()  # noqa: SIM905
)
_MOST = 256  # devices whose distances are looked at; more are no machine


def blocks(stock: Stock) -> dict[int, str]:
    """The blocks of a node, as sets, and what each is; once, however many attributes say so."""
    found: dict[int, str] = {}
    names = {name for each in stock.devices for name in each.device.attributes}
    for name in sorted(names):
        if any(place in name.rpartition("/")[2].lower() for place in _PLACES):
            for value, block in _by_value(stock, name).items():
                found.setdefault(block, f"{name} {value}")
    for block, level in _by_distance(stock):
        found.setdefault(block, level)
    return {block: name for block, name in found.items() if block.bit_count() > 1}


def _by_value(stock: Stock, name: str) -> dict[object, int]:
    together: dict[object, int] = {}
    for number, values in stock.values(name).items():
        for _, value in values:
            together[value] = together.get(value, 0) | 1 << number
    return together


def _by_distance(stock: Stock) -> Iterator[tuple[int, str]]:
    exclusive = [number for number in range(len(stock.devices)) if not stock.shared >> number & 1]
    if len(exclusive) > _MOST:
        return
    between = stock.distances.between
    for level in (LINK, SAME_SWITCH):
        near = (
            1 << a | 1 << b
            for place, a in enumerate(exclusive)
            for b in exclusive[:place]
            if between(a, b) < (level.rank + 1) * LEVEL
        )
        yield from ((block, level.name) for block in join(near, 0))

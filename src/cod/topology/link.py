"""Links past PCI, as both their ends say them: NVLink, XGMI.

A link that either end states counts for both, and one to a device that nobody found is none. What one end
says of links side by side is added up; where the two ends say different things, the larger number counts,
since drivers leave out what they do not know.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from cod.drivers.protocol import DeviceKey, FoundDevice, Link

Pair = tuple[DeviceKey, DeviceKey]


class Connection(Struct, frozen=True):
    """All links between two devices: `mb_s` of all together in one direction, 0 where it is unknown."""

    kind: str
    count: int = 1
    mb_s: int = 0


def connections(found: Mapping[DeviceKey, FoundDevice]) -> dict[Pair, Connection]:
    """The links between any two devices, under both orders of the pair."""
    names = {(driver, device): key for key in found for driver, _, device in [key]}
    joined: dict[Pair, Connection] = {}
    for key, each in found.items():
        for other, connection in _stated(key, each.links, names).items():
            best = _best(connection, joined.get((other, key)))
            joined[key, other] = joined[other, key] = best
    return joined


def _stated(
    key: DeviceKey, links: Iterable[Link], names: Mapping[tuple[str, str], DeviceKey]
) -> dict[DeviceKey, Connection]:
    """What a device says of its links, by the other end."""
    stated: dict[DeviceKey, Connection] = {}
    for link in links:
        driver, slash, name = link.to.rpartition("/")
        other = names.get((driver if slash else key[0], name))
        if other is None or other == key:
            continue
        connection = Connection(link.kind, max(link.count, 1), max(link.mb_s, 0))
        stated[other] = _together(connection, stated.get(other))
    return stated


def _together(one: Connection, other: Connection | None) -> Connection:
    """Two statements of one end: links of one kind add up, of two kinds the better one counts."""
    if other is None:
        return one
    if one.kind == other.kind:
        return Connection(one.kind, one.count + other.count, one.mb_s + other.mb_s)
    return _best(one, other)


def _best(one: Connection, other: Connection | None) -> Connection:
    """Statements of the two ends: the larger numbers, or of two kinds the faster one."""
    if other is None or one == other:
        return one
    if one.kind == other.kind:
        return Connection(one.kind, max(one.count, other.count), max(one.mb_s, other.mb_s))
    return max(one, other, key=lambda each: (each.mb_s, each.count, each.kind))

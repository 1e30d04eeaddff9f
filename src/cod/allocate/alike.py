"""Which nodes are alike in all that some claims look at, so that one of them stands for all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from cod.allocate.allocator import Allocator
from cod.allocate.nodes import Node
from cod.allocate.pools import Offered, PoolKey
from cod.allocate.requests import Wishes
from cod.allocate.stock import counters_left
from cod.resource import ResourceClaim

_encode = msgspec.json.Encoder().encode


def alike(
    allocator: Allocator, claims: Sequence[ResourceClaim], nodes: Iterable[Node]
) -> list[tuple[Node, ...]]:
    """Nodes in groups: the claims fit on all of a group or on none, for the same causes.

    Only who holds a device may differ. Unlike `Allocator.fitting`, which only says where they fit, it tells
    nodes apart on which the causes would read otherwise. Raises InvalidClaim.
    """
    wishes = allocator.read(claims)
    if wishes.ties:  # what is linked to what is another thing on each node
        return [(each,) for each in nodes]
    names = _names(wishes)
    groups: dict[object, list[Node]] = {}
    for node in nodes:
        groups.setdefault((*_seen(allocator, node, names),), []).append(node)
    return [tuple(each) for each in groups.values()]


def _names(wishes: Wishes) -> frozenset[str] | None:
    """The names of the attributes that can matter, without their domains; None: all."""
    names = {bond.attribute.rpartition("/")[2] for bond in wishes.bonds}
    for wish in wishes.requests:
        for alternative in wish.alternatives:
            for condition in alternative.conditions:
                if condition.selector.reads is None:
                    return None
                names |= {name for _, name in condition.selector.reads}
    return frozenset(names)


def _seen(allocator: Allocator, node: Node, names: frozenset[str] | None) -> Iterator[Any]:
    """All that can matter of what a node is offered, without the names of pools and of who holds what."""
    offer, shared = allocator.pools.own_offer(node)
    yield tuple(map(id, shared))  # what they offer is one thing, whoever sees it
    yield from ((driver, why) for (driver, _), why in offer.broken.items())
    pools: dict[PoolKey, int] = {}
    for each in offer.devices:
        uses = allocator.in_use.get(each.key, ())
        yield (*_device(each, names), *((not use.share_id, _encode(use.consumed)) for use in uses))
        if each.device.consumes_counters:
            if each.pool.key not in pools:  # other devices than those of the node may have a part in it
                yield tuple(counters_left(each.pool, allocator.pools, allocator.in_use).items())
            yield pools.setdefault(each.pool.key, len(pools))


def _device(offered: Offered, names: frozenset[str] | None) -> Iterator[Any]:
    device = offered.device
    yield offered.key[0], device.name, device.allow_multiple_allocations
    for name, value in device.attributes.items():
        if names is None or name.rpartition("/")[2] in names:
            yield name, _encode(value)
    for part in (device.capacity, device.taints, device.consumes_counters):
        if part:
            yield _encode(part)

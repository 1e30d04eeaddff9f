"""Which devices are in use: what the claims that have been allocated hold of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from msgspec import Struct

from cod.drivers.protocol import DeviceKey
from cod.resource import ResourceClaim


class Use(Struct, frozen=True):
    """One claim's hold on a device: on all of it, or, with a share's id, on so much of its capacities.

    `consumed` has quantities as texts, by the names of the capacities.
    """

    holder: str
    share_id: str = ""
    consumed: Mapping[str, str] = {}


InUse: TypeAlias = Mapping[DeviceKey, tuple[Use, ...]]


def in_use(claims: Iterable[ResourceClaim]) -> dict[DeviceKey, tuple[Use, ...]]:
    """What these claims hold. A device that is only looked after (adminAccess) is not in use by that."""
    found: dict[DeviceKey, tuple[Use, ...]] = {}
    for claim in claims:
        for each in claim.results:
            if not each.admin_access:
                key = (each.driver, each.pool, each.device)
                use = Use(claim.name, each.share_id, each.consumed_capacity)
                found[key] = (*found.get(key, ()), use)
    return found

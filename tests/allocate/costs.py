"""What a whole choice of devices costs, by the words of the preferences alone, and the least that any costs.

picks of a solution ──> how far apart, what is unmet, what is spoiled; nothing depends on an order
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations
from typing import Any

from cod.resource import ResourceClaim
from tests.allocate.amounts import amount
from tests.allocate.conditions import EvaluationError, selects
from tests.allocate.exhaustive import Search, Vector
from tests.allocate.instances import Instance
from tests.allocate.joint import Pick, values_of
from tests.allocate.offers import Offer, offers_of
from tests.allocate.places import Places

Apart = tuple[int, int]
"""The sum of the distances, and the weights of what is unmet."""


def cost(instance: Instance, places: Places, picks: Sequence[Pick]) -> Apart:
    """What the picks cost by all preferences of all claims."""
    apart = unmet = 0
    for number, wanted, requests in _preferences(instance.claims):
        concerned = [
            each.offer
            for each in picks
            if each.wish.claim == number and (not requests or {each.wish.name, each.wish.label} & {*requests})
        ]
        if wanted.get("closest"):
            apart += sum(_distance(places, a, b) for a, b in combinations(concerned, 2))
        for soft in wanted.get("prefer", ()):
            unmet += soft.get("weight", 1) * _unmet(instance, places, soft, concerned)
    return apart, unmet


def _preferences(claims: Sequence[ResourceClaim]) -> Iterator[tuple[int, dict[str, Any], tuple[str, ...]]]:
    for number, claim in enumerate(claims):
        for config in claim.spec.devices.config:
            if config.opaque is not None and config.opaque.driver == "cod.dev":
                yield number, config.opaque.parameters, config.requests


def _distance(places: Places, one: Offer, other: Offer) -> int:
    return places.distance((one.key, one.device), (other.key, other.device))


def _unmet(instance: Instance, places: Places, soft: dict[str, Any], offers: Sequence[Offer]) -> int:
    pairs = [*combinations(offers, 2)]
    if name := soft.get("same"):
        return sum(not values_of(a, name) & values_of(b, name) for a, b in pairs)
    if name := soft.get("spread"):
        return sum(bool(values_of(a, name) & values_of(b, name)) for a, b in pairs)
    if soft.get("fewest"):
        return max(0, len({places.switch((each.key, each.device)) for each in offers} - {None}) - 1)
    if name := soft.get("least"):
        amounts = sorted(
            {_amount(each, name) for each in offers_of(instance.slices, instance.node).offers.values()}
        )
        return sum(amounts.index(_amount(each, name)) for each in offers)
    return sum(not _is_true(soft["selector"], each) for each in offers)


def _is_true(expression: str, offer: Offer) -> bool:
    try:
        return selects(expression, offer.key[0], offer.device)
    except EvaluationError:
        return False


def _amount(offer: Offer, name: str) -> Fraction:
    """A capacity, or an attribute that is a number; 0 where the device has neither."""
    if name in offer.device.capacity:
        return amount(offer.device.capacity[name].value)
    return next(
        (Fraction(str(value)) for type_, value in values_of(offer, name) if type_ == "int"), Fraction(0)
    )


def is_connected(instance: Instance, places: Places, picks: Sequence[Pick]) -> bool:
    """Whether every two devices that are to be linked are, as they are to be."""
    for number, wanted, _ in _preferences(instance.claims):
        for tie in wanted.get("connected", ()):
            ends = [
                [
                    each.offer
                    for each in picks
                    if each.wish.claim == number and name in (each.wish.name, each.wish.label)
                ]
                for name in (tie["from"], tie["to"])
            ]
            least = int(tie.get("minBandwidth", "0").removesuffix("M"))
            for one in ends[0]:
                for other in ends[1]:
                    link = places.links.get((one.key, other.key))
                    if link is None or link.mb_s < least or tie.get("kind", link.kind) != link.kind:
                        return False
    return True


def connected_solutions(instance: Instance, places: Places) -> tuple[Vector, list[list[Pick]]] | None:
    """All solutions with the first alternatives that have any, and which these are. Raises TooLarge."""
    search = Search(*instance)
    for vector in search.vectors():
        found = [each for each in search.with_vector(vector) if is_connected(instance, places, each)]
        if found:
            return vector, found
    return None

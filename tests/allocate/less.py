"""Less than claims ask for, and what there is to be had of it, by trying all ways.

claims ──> fewer devices, fewer constraints, other requests ──> exhaustive search
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

from msgspec.structs import replace

from cod.resource import (
    Constraint,
    DeviceRequest,
    ExactRequest,
    ResourceClaim,
    Toleration,
)
from tests.allocate.exhaustive import fits
from tests.allocate.instances import Instance
from tests.allocate.wishes import Wish, wishes_of

Label = tuple[int, str]
"""A claim, and a request or alternative of it."""


def labelled(claims: Sequence[ResourceClaim]) -> dict[Label, Wish]:
    """Every alternative of every request."""
    return {(wish.claim, wish.label): wish for wishes in wishes_of(claims) for wish in wishes}


def asking(instance: Instance, counts: Mapping[Label, int]) -> Instance:
    """The instance that asks only for so many devices of these alternatives."""
    claims = []
    for number, claim in enumerate(instance.claims):
        requests = []
        for (owner, label), count in counts.items():
            if owner == number and count:
                requests.append(_exactly(claim, label, count))
        devices = claim.spec.devices
        labels = [label for owner, label in counts if owner == number]
        constraints = tuple(_of(each, labels) for each in devices.constraints)
        kept = replace(devices, requests=tuple(requests), constraints=constraints)
        claims.append(replace(claim, spec=replace(claim.spec, devices=kept)))
    return instance._replace(claims=claims)


def _exactly(claim: ResourceClaim, label: str, count: int) -> DeviceRequest:
    """One alternative as a request of its own, which keeps the name that constraints know it by."""
    name, _, sub = label.partition("/")
    request = next(each for each in claim.requests if each.name == name)
    asked = request.exactly or next(each for each in request.first_available if each.name == sub)
    exact = ExactRequest(
        asked.device_class_name,
        "ExactCount",
        count=count,
        selectors=asked.selectors,
        tolerations=asked.tolerations,
        capacity=asked.capacity,
        admin_access=isinstance(asked, ExactRequest) and asked.admin_access,
    )
    return DeviceRequest(label, exact)


def _of(constraint: Constraint, labels: Sequence[str]) -> Constraint:
    """The constraint by the names that requests have now."""
    names = {*constraint.requests}
    more = (label for label in labels if label.partition("/")[0] in names)
    return replace(constraint, requests=(*constraint.requests, *more))


def can_have(instance: Instance, counts: Mapping[Label, int]) -> bool:
    """Whether so many devices of these alternatives can be had together."""
    return fits(*asking(instance, counts))


def in_order(instance: Instance, wanted: Mapping[Label, int]) -> dict[Label, int]:
    """How many of each there are at most, those that come first before the others."""
    counts = dict.fromkeys(wanted, 0)
    for label, count in wanted.items():
        ways = (less for less in range(count, 0, -1) if can_have(instance, {**counts, label: less}))
        counts[label] = next(ways, 0)
    return counts


def most(instance: Instance, wanted: Mapping[Label, int]) -> int:
    """How many there are at most together."""
    vectors = sorted(product(*(range(count + 1) for count in wanted.values())), key=sum, reverse=True)
    return next(
        sum(vector) for vector in vectors if can_have(instance, dict(zip(wanted, vector, strict=True)))
    )


def constrained(instance: Instance, claim: int = -1, number: int = -1) -> Instance:
    """The instance with only one of its constraints, or with none."""
    claims = []
    for index, each in enumerate(instance.claims):
        devices = each.spec.devices
        kept = devices.constraints[number : number + 1] if index == claim else ()
        claims.append(replace(each, spec=replace(each.spec, devices=replace(devices, constraints=kept))))
    return instance._replace(claims=claims)


def tolerating(instance: Instance, key: str) -> Instance:
    """The instance whose requests all tolerate a taint."""
    toleration = Toleration(key=key, operator="Exists")

    def more(request: DeviceRequest) -> DeviceRequest:
        exactly = request.exactly
        if exactly is not None:
            exactly = replace(exactly, tolerations=(*exactly.tolerations, toleration))
        subs = (
            replace(each, tolerations=(*each.tolerations, toleration)) for each in request.first_available
        )
        return replace(request, exactly=exactly, first_available=tuple(subs))

    return instance._replace(
        claims=[_with(each, [more(one) for one in each.requests]) for each in instance.claims]
    )


def unselective(instance: Instance, claim: int, name: str) -> Instance:
    """The instance without the selectors of one request; those of its class stay."""

    def less(request: DeviceRequest) -> DeviceRequest:
        exactly = request.exactly and replace(request.exactly, selectors=())
        subs = (replace(each, selectors=()) for each in request.first_available)
        return replace(request, exactly=exactly, first_available=tuple(subs))

    requests = [less(each) if each.name == name else each for each in instance.claims[claim].requests]
    claims = [*instance.claims]
    claims[claim] = _with(claims[claim], requests)
    return instance._replace(claims=claims)


def unconstrained(instance: Instance, claim: int, number: int) -> Instance:
    """The instance without one constraint."""
    claims = [*instance.claims]
    devices = claims[claim].spec.devices
    rest = tuple(each for place, each in enumerate(devices.constraints) if place != number)
    kept = replace(devices, constraints=rest)
    claims[claim] = replace(claims[claim], spec=replace(claims[claim].spec, devices=kept))
    return instance._replace(claims=claims)


def released(instance: Instance, holder: str) -> Instance:
    """The instance in which one holder has nothing."""
    left = {key: tuple(use for use in uses if use.holder != holder) for key, uses in instance.in_use.items()}
    return instance._replace(in_use={key: uses for key, uses in left.items() if uses})


def _with(claim: ResourceClaim, requests: Sequence[DeviceRequest]) -> ResourceClaim:
    devices = replace(claim.spec.devices, requests=tuple(requests))
    return replace(claim, spec=replace(claim.spec, devices=devices))

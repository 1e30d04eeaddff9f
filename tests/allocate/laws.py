"""What must be true of every answer of `cod.allocate`, whatever the question.

instance ──> allocate ──┐
         └─> all ways ──┴──> disagreements, in words
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from cod.allocate import Node, NoFit, Options, allocate
from cod.resource import AllocationResult, ResourceClaim
from tests.allocate.checker import faults
from tests.allocate.exhaustive import Search, Vector
from tests.allocate.instances import Instance, Place

Order = Literal["best", "first"]
Given = list[tuple[int, str, str, str, str]]
"""Claim, request, driver, pool, device of each result."""


def answer(instance: Instance, options: Options | None = None) -> tuple[AllocationResult, ...] | None:
    """What the allocator gives; None where it says that nothing fits."""
    claims, classes, slices, in_use, node = instance
    try:
        return allocate(claims, classes, slices, in_use, node=as_node(node), options=options or Options())
    except NoFit:
        return None


def as_node(place: Place | None) -> Node | None:
    """A node as the allocator wants it."""
    return place and Node(name=place.name, labels=place.labels)


def disagreements(instance: Instance, order: Order = "best") -> Iterator[str]:
    """Where the allocator and the judges differ; TooLarge where the judges would take too long."""
    search = Search(*instance)
    best = search.best()
    results = answer(instance, Options(order=order))
    if results is None:
        if best is not None:
            yield f"refused, and fits with the alternatives {best}"
        return
    if best is None:
        yield "given, and nothing fits"
    yield from faults(*instance, results)
    if best is None or order == "first":
        return
    if (vector := vector_of(instance.claims, results)) != best:
        yield f"alternatives {vector} are taken, and {best} are possible"


def vector_of(claims: Sequence[ResourceClaim], results: Sequence[AllocationResult]) -> Vector:
    """Which alternative each request was met by; -1 by none."""
    found = []
    for claim, result in zip(claims, results, strict=True):
        labels = {each.request for each in result.devices.results}
        for request in claim.requests:
            names = [request.name] if request.exactly else []
            names += [f"{request.name}/{each.name}" for each in request.first_available]
            found.append(next((index for index, each in enumerate(names) if each in labels), -1))
    return tuple(found)


def given(results: Sequence[AllocationResult] | None) -> Given | None:
    """Who was given what, in one order."""
    if results is None:
        return None
    return sorted(
        (index, each.request, each.driver, each.pool, each.device)
        for index, result in enumerate(results)
        for each in result.devices.results
    )


def first_given(instance: Instance) -> Given | None:
    """Who is given what by the first solution in Kubernetes' order."""
    picks = Search(*instance).first()
    return (
        None
        if picks is None
        else sorted((each.wish.claim, each.wish.label, *each.offer.key) for each in picks)
    )

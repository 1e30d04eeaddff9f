"""Nodes that are decided together fare as each would for itself: nothing that counts is overlooked."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cod.allocate import Allocator, Node, NoFit, Use, allocate
from cod.allocate.alike import alike
from cod.resource import (
    Attribute,
    ClaimDevices,
    ClaimSpec,
    Constraint,
    Counter,
    CounterConsumption,
    CounterSet,
    Device,
    DeviceRequest,
    ExactRequest,
    ObjectMeta,
    Pool,
    ResourceClaim,
    ResourceSlice,
    SliceSpec,
)
from tests.allocate.cases import ANY, DRIVER, claim
from tests.allocate.clusters import random_cluster, wrong
from tests.allocate.test_allocator_state import quick

A, B = Node("a"), Node("b")
HALF = (CounterSet("s", {"c": Counter("10")}),)


def part(name: str) -> Device:
    """A device that takes all of its pool's counter."""
    return Device(name, consumes_counters=(CounterConsumption("s", {"c": Counter("10")}),))


def of(node: str, pool: str, *devices: Device, generation: int = 1, **spec: Any) -> list[ResourceSlice]:
    """A pool with counters in two slices: the devices', and the counters'."""
    head = Pool(pool, generation, 2)
    where = {"node_name": node} | spec
    specs = (
        SliceSpec(DRIVER, head, devices=devices, **where),
        SliceSpec(DRIVER, head, shared_counters=HALF, node_name=node),
    )
    return [
        ResourceSlice(metadata=ObjectMeta(name=f"{node}-{pool}-{generation}-{place}"), spec=each)
        for place, each in enumerate(specs)
    ]


def fits_each(allocator: Allocator, slices: list[ResourceSlice], wanted: ResourceClaim) -> list[bool]:
    found = []
    for node in (A, B):
        try:
            allocate([wanted], [ANY], slices, allocator.in_use, node=node)
            found.append(True)
        except NoFit:
            found.append(False)
    return found


@quick
@given(st.randoms(use_true_random=False))
def test_many_nodes_fare_as_each_does_while_claims_come_and_go(random: Any) -> None:
    assert not [*wrong(random_cluster(random), random)]


def test_two_pools_of_one_device_are_not_one_pool_of_two() -> None:
    slices = [*of("a", "a", part("d0"), part("d1")), *of("b", "b0", part("d0")), *of("b", "b1", part("d1"))]
    allocator = Allocator(slices, [ANY])
    wanted = claim("c", r=("any", 2))
    assert [*allocator.fitting([wanted], [A, B])] == fits_each(allocator, slices, wanted) == [False, True]
    assert len(alike(allocator, [wanted], [A, B])) == 2


def test_a_device_of_an_older_generation_that_is_in_use_counts_on_its_node_only() -> None:
    slices = [each for node in "ab" for each in of(node, node, part("d0"), generation=2)]
    slices += of("a", "a", part("gone"))
    uses = {(DRIVER, "a", "gone"): (Use("other"),)}
    allocator = Allocator(slices, [ANY], uses)
    wanted = claim("c", r=("any", 1))
    assert [*allocator.fitting([wanted], [A, B])] == fits_each(allocator, slices, wanted) == [False, True]
    assert len(alike(allocator, [wanted], [A, B])) == 2


def test_what_a_node_takes_of_a_pool_that_others_see_counts_for_them() -> None:
    head = Pool("p", 1, 3)
    specs = (
        SliceSpec(DRIVER, head, devices=(part("everywhere"),), all_nodes=True),
        SliceSpec(DRIVER, head, devices=(part("mine"),), node_name="a"),
        SliceSpec(DRIVER, head, shared_counters=HALF, all_nodes=True),
    )
    slices = [
        ResourceSlice(metadata=ObjectMeta(name=str(place)), spec=each) for place, each in enumerate(specs)
    ]
    allocator = Allocator(slices, [ANY])
    wanted = claim("c", r=("any", 1))
    assert [*allocator.fitting([wanted], [A, B])] == [True, True]
    busy = Allocator(slices, [ANY], {(DRIVER, "p", "mine"): (Use("other"),)})
    assert [*busy.fitting([wanted], [A, B])] == fits_each(busy, slices, wanted) == [False, False]


@pytest.mark.parametrize("attribute", ["x", f"{DRIVER}/x"])
def test_an_attribute_is_told_apart_by_either_name(attribute: str) -> None:
    def one(node: str, *values: int) -> ResourceSlice:
        devices = tuple(Device(f"d{n}", {"x": Attribute(int_=each)}) for n, each in enumerate(values))
        spec = SliceSpec(DRIVER, Pool(node), node, devices)
        return ResourceSlice(metadata=ObjectMeta(name=node), spec=spec)

    slices = [one("a", 1, 1), one("b", 1, 2)]
    request = DeviceRequest("r", ExactRequest("any", count=2))
    spec = ClaimSpec(ClaimDevices((request,), (Constraint(match_attribute=attribute),)))
    wanted = ResourceClaim(metadata=ObjectMeta(name="c"), spec=spec)
    allocator = Allocator(slices, [ANY])
    assert [*allocator.fitting([wanted], [A, B])] == fits_each(allocator, slices, wanted) == [True, False]


def test_nodes_that_are_added_to_a_list_are_seen() -> None:
    slices = [each for node in "ab" for each in of(node, node, part("d0"))]
    allocator, nodes = Allocator(slices, [ANY]), [A]
    assert [*allocator.fitting([claim("c", r=("any", 1))], nodes)] == [True]
    nodes.append(B)
    assert [*allocator.fitting([claim("c", r=("any", 1))], nodes)] == [True, True]

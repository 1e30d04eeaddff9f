"""An Allocator that is kept says what a fresh one would, for every node and after every change."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cod.allocate import Allocator, NoFit, Options
from cod.allocate.in_use import InUse, Use, in_use
from cod.resource import AllocationResult, ClaimStatus, ResourceClaim
from tests.allocate.instances import Instance, Place, mixed_instance, mixed_instances
from tests.allocate.laws import answer, as_node
from tests.allocate.laws import given as who_has_what

quick = settings(max_examples=60, deadline=None, suppress_health_check=[*HealthCheck])
NODES = [
    Place("n0", {"zone": "z0", "cards": "2"}),
    Place("n1", {"zone": "z1"}),
    Place("n2", {"zone": "z0", "cards": "1"}),
    Place("n2", {"zone": "z0", "cards": "1"}),
    Place("n3", {}),
]


def kept(instance: Instance) -> Allocator:
    return Allocator(instance.slices, instance.classes, instance.in_use)


def ask(allocator: Allocator, instance: Instance) -> tuple[AllocationResult, ...] | None:
    try:
        return allocator.allocate(instance.claims, as_node(instance.node))
    except NoFit:
        return None


def with_results(claims: list[ResourceClaim], results: tuple[AllocationResult, ...]) -> list[ResourceClaim]:
    return [
        msgspec.structs.replace(claim, status=ClaimStatus(allocation=result))
        for claim, result in zip(claims, results, strict=True)
    ]


def together(one: InUse, other: InUse) -> Mapping[tuple[str, str, str], tuple[Use, ...]]:
    return {key: (*one.get(key, ()), *other.get(key, ())) for key in {**one, **other}}


@quick
@given(instance=mixed_instances())
def test_a_kept_allocator_says_what_the_function_says_and_says_it_again(instance: Instance) -> None:
    allocator = kept(instance)
    assert ask(allocator, instance) == ask(allocator, instance) == answer(instance)


@quick
@given(instance=mixed_instances())
def test_the_nodes_that_fit_are_those_on_which_it_fits(instance: Instance) -> None:
    each = [answer(instance._replace(node=node)) is not None for node in NODES]
    nodes = [found for place in NODES if (found := as_node(place))]
    assert [*kept(instance).fitting(instance.claims, nodes)] == each


@quick
@given(instance=mixed_instances(), random=st.randoms(use_true_random=False))
def test_what_is_taken_is_in_use_and_what_is_given_back_is_not(instance: Instance, random: Random) -> None:
    allocator = kept(instance)
    results = ask(allocator, instance)
    if results is None:
        return
    done = with_results(instance.claims, results)
    allocator.take(done)
    after = instance._replace(in_use=together(instance.in_use, in_use(done)))
    others = [
        claim_
        for claim_ in mixed_instance(random).claims
        if _classes_of(claim_) <= {each.name for each in instance.classes}
    ]
    renamed = [
        msgspec.structs.replace(
            each,
            metadata=msgspec.structs.replace(
                each.metadata, name=f"later-{each.name}", uid=f"later-{each.name}"
            ),
        )
        for each in (others or instance.claims)
    ]
    assert who_has_what(ask(allocator, instance._replace(claims=renamed))) == who_has_what(
        answer(after._replace(claims=renamed))
    )
    allocator.give_back(done)
    assert ask(allocator, instance) == results


def _classes_of(claim_: ResourceClaim) -> set[str]:
    return {
        each.device_class_name
        for request in claim_.requests
        for each in (*((request.exactly,) if request.exactly else ()), *request.first_available)
    }


@quick
@given(instance=mixed_instances())
def test_a_first_allocator_is_kept_as_well(instance: Instance) -> None:
    options = Options(order="first")
    allocator = Allocator(instance.slices, instance.classes, instance.in_use, options=options)
    assert ask(allocator, instance) == answer(instance, options)

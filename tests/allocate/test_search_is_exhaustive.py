"""The allocator finds a solution exactly where there is one, and the one that is most wanted.

Judged by a search that tries everything: `tests.allocate.exhaustive`. For longer: `python -m
tests.allocate.fuzz --seconds 600`.
"""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cod.allocate import AllocationFailed, NoFit, Options, allocate
from cod.resource import InvalidClaim
from tests.allocate.exhaustive import TooLarge
from tests.allocate.instances import (
    ALONE,
    NODE,
    Instance,
    instances,
    mixed_instance,
    mixed_instances,
    random_instance,
)
from tests.allocate.laws import Order, answer, as_node, disagreements, first_given, vector_of
from tests.allocate.laws import given as who_has_what
from tests.allocate.right_results import RIGHT
from tests.allocate.short import CLASSES, LOOK, ask, ask_all, claim, slice_
from tests.allocate.wrong_results import WRONG

ORDERS: tuple[Order, ...] = ("best", "first")
quick = settings(max_examples=40, deadline=None, suppress_health_check=[*HealthCheck])
thorough = settings(quick, max_examples=200)


QUESTIONS = {
    name: Instance([*claims], CLASSES, [*slices], used, NODE)
    for name, (claims, slices, used, _) in (
        *RIGHT.items(),
        *((name, case) for name, (_, case) in WRONG.items() if name != "33 devices"),
    )
}


def agree(instance: Instance, order: Order) -> None:
    try:
        found = [*disagreements(instance, order)]
    except TooLarge:
        assume(False)
    assert found == []


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", ALONE)
@quick
@given(data=st.data())
def test_it_fits_exactly_where_anything_does_and_nothing_is_wrong_with_what_is_given(
    name: str, order: Order, data: st.DataObject
) -> None:
    agree(data.draw(instances(ALONE[name])), order)


@pytest.mark.parametrize("order", ORDERS)
@thorough
@given(instance=mixed_instances())
def test_it_fits_exactly_where_anything_does_with_all_features_mixed(
    order: Order, instance: Instance
) -> None:
    agree(instance, order)


@pytest.mark.parametrize("name", [*ALONE, "mixed"])
def test_the_same_holds_for_a_row_of_numbered_instances(name: str) -> None:
    """Beside hypothesis, which tends to small numbers: these have all sizes, and are the same everywhere."""
    wrong = {}
    for seed in range(60):
        random = Random(f"{name} {seed}")
        instance = mixed_instance(random) if name == "mixed" else random_instance(random, ALONE[name])
        for order in ORDERS:
            if found := [*disagreements(instance, order)]:
                wrong[seed, order] = found
    assert wrong == {}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", QUESTIONS)
def test_the_questions_of_the_tables_are_answered_right(name: str, order: Order) -> None:
    assert [*disagreements(QUESTIONS[name], order)] == []


@thorough
@given(instance=mixed_instances())
def test_first_is_the_first_solution_in_the_order_of_kubernetes(instance: Instance) -> None:
    try:
        wanted = first_given(instance)
    except TooLarge:
        assume(False)
    assert who_has_what(answer(instance, Options(order="first"))) == wanted


@quick
@given(instance=mixed_instances())
def test_both_orders_agree_on_what_fits(instance: Instance) -> None:
    answers = [answer(instance, Options(order=order)) is None for order in ORDERS]
    assert answers[0] == answers[1]


@pytest.mark.parametrize("order", ORDERS)
@quick
@given(instance=mixed_instances())
def test_the_same_question_has_the_same_answer(order: Order, instance: Instance) -> None:
    options = Options(order=order)
    assert answer(instance, options) == answer(instance, options)


@quick
@given(instance=mixed_instances(), random=st.randoms(use_true_random=False))
def test_the_order_of_the_slices_in_their_list_does_not_matter(instance: Instance, random: Random) -> None:
    shuffled = random.sample(instance.slices, len(instance.slices))
    before, after = answer(instance), answer(instance._replace(slices=shuffled))
    assert (before is None) == (after is None)
    if before is not None and after is not None:
        assert vector_of(instance.claims, before) == vector_of(instance.claims, after)


@quick
@given(instance=mixed_instances())
def test_a_strict_allocator_fails_or_says_the_same(instance: Instance) -> None:
    try:
        strict = answer(instance, Options(strict=True))
    except AllocationFailed:
        return
    assert who_has_what(strict) == who_has_what(answer(instance))


MANY = [slice_(*({"name": f"x{number:02}"} for number in range(40)))]


def test_an_alternative_that_would_be_more_than_32_devices_is_passed_over() -> None:
    subs = [{"name": f"s{count}", "deviceClassName": "any", "count": count} for count in (33, 30, 20)]
    claims = [claim({"name": "r", "firstAvailable": subs}, ask("q", 12))]
    results = allocate(claims, CLASSES, MANY, {}, node=as_node(NODE))
    assert {each.request for each in results[0].devices.results} == {"r/s20", "q"}
    assert len(results[0].devices.results) == 32


def test_32_devices_are_for_each_claim() -> None:
    claims = [claim(ask(count=32)), claim(ask(count=32, **LOOK), name="c2")]
    results = allocate(claims, CLASSES, MANY, {}, node=as_node(NODE))
    assert [len(each.devices.results) for each in results] == [32, 32]


@pytest.mark.parametrize("asked", [[ask(count=33)], [ask("r", 20), ask("q", 13)], [ask_all()]])
def test_more_than_32_devices_are_refused(asked: list[dict[str, object]]) -> None:
    with pytest.raises((InvalidClaim, NoFit)):
        allocate([claim(*asked)], CLASSES, MANY, {}, node=as_node(NODE))

"""Why these devices: what is said of the choice is so, and it reads well."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings

from cod.allocate import Allocator, Answer, InUse, Node, NoFit, Surroundings
from cod.drivers.protocol import DeviceKey
from cod.resource import Device, ResourceClaim, ResourceSlice
from tests.allocate.conditions import selects
from tests.allocate.costs import cost
from tests.allocate.exhaustive import Search, TooLarge
from tests.allocate.joint import Pick, broken, values_of
from tests.allocate.laws import as_node, vector_of
from tests.allocate.less import constrained, labelled
from tests.allocate.offers import offers_of
from tests.allocate.places import Places, Preferred, preferences, preferred
from tests.allocate.short import CLASSES, ask, claim, drawers, drawing, mem, shared, slice_
from tests.allocate.test_hard_questions import mig, partitions
from tests.allocate.test_refusal import EIGHT, IS_T4, NUMA, held, shares_of, where
from tests.allocate.wishes import Judge, Wish

thorough = settings(
    max_examples=100, deadline=None, suppress_health_check=[*HealthCheck], phases=[Phase.generate]
)


def chosen(question: Preferred) -> Answer:
    instance, places = question
    allocator = Allocator(instance.slices, instance.classes, instance.in_use, surroundings=places)
    try:
        return allocator.choose(instance.claims, as_node(instance.node))
    except NoFit:
        assume(False)
        raise


@thorough
@given(preferred())
def test_what_was_given_is_what_the_results_say_out_of_all_that_would_do(question: Preferred) -> None:
    instance, _ = question
    answer = chosen(question)
    judge = Judge(instance.classes, offers_of(instance.slices, instance.node), instance.in_use, selects)
    wishes = labelled(instance.claims)
    numbers = {each.name: number for number, each in enumerate(instance.claims)}
    for part in answer.given:
        number = numbers[part.claim]
        results = answer.results[number].devices.results
        keys = [(each.driver, each.pool, each.device) for each in results if each.request == part.request]
        wish = wishes[number, part.request]
        assert sorted(keys) == sorted(part.devices)
        assert part.class_name == wish.class_name
        assert part.candidates == len(fitting(question, judge, wish))


def fitting(question: Preferred, judge: Judge, wish: Wish) -> list[DeviceKey]:
    """The devices that would do for a request if it had no other and nobody else wanted them."""
    free = constrained(question[0]).claims
    constraints = [
        each.match_attribute or each.distinct_attribute or ""
        for each in question[0].claims[wish.claim].spec.devices.constraints
        if not each.requests or {wish.name, wish.label} & {*each.requests}
    ]
    return [
        each.key
        for each in judge.usable(wish)
        if next(broken(free, [Pick(wish, each)], judge), None) is None
        and all(values_of(each, name) for name in constraints)
    ]


@settings(thorough, max_examples=40)
@given(preferred())
def test_an_alternative_was_passed_over_for_the_reason_that_is_said(question: Preferred) -> None:
    instance, _ = question
    answer = chosen(question)
    judge = Judge(instance.classes, offers_of(instance.slices, instance.node), instance.in_use, selects)
    taken = vector_of(instance.claims, answer.results)
    wishes = [[*alternatives] for alternatives in _alternatives(instance.claims)]
    for place, (part, alternatives) in enumerate(zip(answer.given, wishes, strict=True)):
        assert [*part.instead_of] == [each.label for each in alternatives[: taken[place]]]
        for number, (wish, why) in enumerate(zip(alternatives, part.instead_of.values(), strict=False)):
            assert_so(question, judge, wish, why)
            assert not _goes(question, [*taken[:place], number])


def _alternatives(claims: Sequence[ResourceClaim]) -> list[list[Wish]]:
    found: dict[tuple[int, int], list[Wish]] = {}
    for wish in labelled(claims).values():
        found.setdefault((wish.claim, wish.request), []).append(wish)
    return [*found.values()]


def _goes(question: Preferred, first: Sequence[int]) -> bool:
    """Whether there is a solution that begins with these alternatives."""
    search = Search(*question[0])
    try:
        return any(search.meets(vector) for vector in search.vectors() if [*vector[: len(first)]] == [*first])
    except TooLarge:
        assume(False)
        raise


def assert_so(question: Preferred, judge: Judge, wish: Wish, why: str) -> None:
    """Check the numbers of a reason."""
    if "is not whole now" in why or why == "not together with the rest":
        return
    found = re.fullmatch(r"(\w+) of (\S+) wanted, (\d+) free(?:, (\d+) (of these|under).*)?", why)
    assert found, why
    wanted, class_name, free, together, how = found.groups()
    assert (wanted, class_name) == ("all" if wish.all_ else str(wish.count), wish.class_name)
    unbound = constrained(question[0]).claims
    able = [
        each for each in judge.usable(wish) if next(broken(unbound, [Pick(wish, each)], judge), None) is None
    ]
    assert int(free) == len(able)
    if together:
        claims = unbound if how == "of these" else question[0].claims
        sizes = range(len(able), -1, -1)
        assert int(together) == next(
            size
            for size in sizes
            if any(
                next(broken(claims, [Pick(wish, each) for each in some], judge), None) is None
                for some in combinations(able, size)
            )
        )


@thorough
@given(preferred())
def test_every_wish_is_answered_with_what_it_came_to(question: Preferred) -> None:
    instance, places = question
    answer = chosen(question)
    offers = offers_of(instance.slices, instance.node).offers
    wishes = labelled(instance.claims)
    picks = [
        Pick(wishes[number, each.request], offers[each.driver, each.pool, each.device])
        for number, result in enumerate(answer.results)
        for each in result.devices.results
    ]
    apart, unmet = cost(instance, places, picks)
    aimed = [
        each for each in answer.aimed if each.aim not in ("left for others", "other partitions", "room taken")
    ]
    assert sum(each.cost for each in aimed if each.aim == "closest together") == apart
    soft = [each for each in aimed if each.aim != "closest together"]
    assert sum(each.cost for each in soft) == unmet
    assert all((each.text == "met") == (each.cost == 0) for each in soft)


def asked(
    claims: ResourceClaim | Sequence[ResourceClaim],
    slices: ResourceSlice | Sequence[ResourceSlice],
    in_use: InUse | None = None,
    surroundings: Surroundings | None = None,
) -> Answer:
    wanted = [claims] if isinstance(claims, ResourceClaim) else claims
    offered = [slices] if isinstance(slices, ResourceSlice) else slices
    return Allocator(offered, CLASSES, in_use or {}, surroundings=surroundings).choose(wanted, Node("n0"))


def either(**wanted: dict[str, Any]) -> dict[str, Any]:
    subs = [{"name": name, "deviceClassName": "any", **each} for name, each in wanted.items()]
    return {"name": "r", "firstAvailable": subs}


@pytest.mark.parametrize(
    ("wanted", "slices", "instead_of"),
    [
        (
            claim(either(many={"count": 9}, t4={"count": 3, **where(IS_T4)}, few={"count": 2})),
            EIGHT,
            {"r/many": "9 of any wanted, 8 free", "r/t4": "3 of any wanted, 2 free"},
        ),
        (
            claim(either(three={"count": 3}, two={"count": 2})),
            drawers(drawing("a"), drawing("b"), drawing("c")),
            {"r/three": "3 of any wanted, 3 free, 2 of these together"},
        ),
        (
            claim(either(five={"count": 5}, four={"count": 4}), constraints=NUMA),
            EIGHT,
            {"r/five": "5 of any wanted, 8 free, 4 under the constraints"},
        ),
        (
            claim(ask("x", 7), either(two={"count": 2}, one={"count": 1})),
            EIGHT,
            {"r/two": "not together with the rest"},
        ),
        (
            claim(either(all={"allocationMode": "All"}, one={"count": 1})),
            [EIGHT, slice_(pool="q", name="s2", count=2)],
            {"r/all": "all of any wanted, and pool d/q is not whole now"},
        ),
        (claim(either(one={"count": 1}, two={"count": 2})), EIGHT, {}),
    ],
)
def test_it_is_said_why_what_was_preferred_was_not_taken(
    wanted: ResourceClaim, slices: Any, instead_of: dict[str, str]
) -> None:
    assert asked(wanted, slices).given[-1].instead_of == instead_of


def test_all_that_is_held_is_not_free_for_all() -> None:
    answer = asked(claim(either(all={"allocationMode": "All"}, one={})), EIGHT, held("gpu0"))
    assert answer.given[0].instead_of == {"r/all": "all of any wanted, 7 free"}


@pytest.mark.parametrize(
    ("wanted", "slices", "in_use", "aimed"),
    [
        (claim(ask("gpu", 2)), EIGHT, {}, []),
        (
            claim(ask("r")),
            slice_(*({"name": each, "attributes": {"numa": {"int": 0}}} for each in "abc")),
            {},
            ["left for others: 2 of the 3 free devices with numa 0"],
        ),
        (
            preferences(
                claim(ask("gpu", 3)),
                prefer=[
                    {"same": "d/numa", "weight": 10},
                    {"spread": "d/numa"},
                    {"least": "mem"},
                    {"selector": IS_T4},
                ],
            ),
            EIGHT,
            {},
            [
                "same d/numa: met",
                "spread over d/numa: not met, by 3",
                "least mem: not met, by 1",
                f"preferred where {IS_T4}: not met, by 1",
                "left for others: 1 of the 4 free devices with numa 1",
            ],
        ),
        (
            preferences(claim(ask("gpu")), closest=True),
            drawers(drawing("a")),
            {},
            ["closest together: one device only", "other partitions: all can still be had"],
        ),
        (
            claim(partitions("1g", 1)),
            mig(2),
            {},
            ["other partitions: 2 can no longer be had"],
        ),
        (
            claim(ask("r", 1, **mem("1"))),
            slice_(shared("a", "4"), shared("b", "4")),
            shares_of("b", "2"),
            ["room taken: b has left: mem 1 of 4"],
        ),
        (claim(ask("r", 1, adminAccess=True)), EIGHT, {}, []),
    ],
)
def test_it_is_said_what_came_of_every_aim(
    wanted: ResourceClaim, slices: Any, in_use: InUse, aimed: list[str]
) -> None:
    answer = asked(wanted, slices, in_use)
    if aimed:
        assert [f"{each.aim}: {each.text}" for each in answer.aimed] == aimed
    assert answer.is_proven


NOTHING = "nothing in common that is known"


@pytest.mark.parametrize(
    ("distance", "text"),
    [(0, "same device"), (200_003, "same switch"), (500_000, NOTHING), (10**9, NOTHING)],
)
def test_the_farthest_two_are_named_by_what_they_have_in_common_however_far(distance: int, text: str) -> None:
    class Even(Places):
        """Any two devices equally far from one another."""

        def distance(self, one: tuple[DeviceKey, Device], other: tuple[DeviceKey, Device]) -> int:
            return distance if one[0] != other[0] else 0

    answer = asked(preferences(claim(ask("gpu", 3)), closest=True), EIGHT, surroundings=Even({}, 0))
    assert answer.aimed[0].text == f"the farthest two: {text}"
    assert answer.aimed[0].cost == 3 * distance

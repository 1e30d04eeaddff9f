"""The judges of `tests.allocate` and what Kubernetes' allocator answered: so far can they be trusted."""

from __future__ import annotations

from copy import deepcopy

import pytest

from cod.resource import Capacity, RequestPolicy, Taint, Toleration, from_data
from tests.allocate.amounts import amount, taken
from tests.allocate.checker import faults
from tests.allocate.exhaustive import Search, TooLarge
from tests.allocate.joint import Pick
from tests.allocate.wishes import tolerates

from .allocations import EDGES, RANDOM, TABLE, Recorded, recorded, with_share_ids
from .recorded import listed

FORGIVEN = ("6 ", "7 ")  # errors upstream; a pool that is being updated, a device without the attribute


def with_all_features(file: str) -> list[Recorded]:
    """The cases that the judges can judge: they know neither gates nor claims that are invalid."""
    return [
        each
        for each in recorded(file)
        if "disabled" not in each.name
        and "without-feature-gate" not in each.name
        and (not each.error or each.only_for_node)
    ]


def picked(picks: list[Pick] | None) -> list[tuple[int, str, str, str, str]]:
    return sorted((each.wish.claim, each.wish.label, *each.offer.key) for each in picks or ())


@pytest.mark.parametrize("file", [TABLE, EDGES, RANDOM])
def test_what_was_given_has_no_faults(file: str) -> None:
    wrong = {}
    for case in with_all_features(file):
        if case.results is not None:
            results = with_share_ids(deepcopy(case.results))
            # Results are compared as sets, and were sorted; requests are named so that this is their order.
            if found := [each for each in faults(*case.question, results) if "order of" not in each]:
                wrong[case.name] = found
    assert wrong == {}


@pytest.mark.parametrize(("file", "least"), [(TABLE, 190), (EDGES, 20), (RANDOM, 500)])
def test_the_exhaustive_search_finds_what_was_found(file: str, least: int) -> None:
    wrong = {}
    cases = with_all_features(file)
    count = 0
    for case in cases:
        try:
            search = Search(*case.question)
            first, best = search.first(), search.best()
        except TooLarge:
            continue
        count += 1
        if (best is not None) != (case.results is not None) or (first is None) != (best is None):
            wrong[case.name] = f"{best} and {first}"
            continue
        wanted = sorted(
            (index, each["request"], each["driver"], each["pool"], each["device"])
            for index, result in enumerate(case.results or ())
            for each in result["devices"].get("results", ())
        )
        if picked(first) != wanted:
            wrong[case.name] = f"first is {picked(first)}, and not {wanted}"
    assert wrong == {}
    assert count >= least


def test_what_is_an_error_upstream_for_no_good_reason_is_answered() -> None:
    answers = {
        case.name[:2]: Search(*case.question).first()
        for case in recorded(EDGES)
        if case.error and case.name.startswith(FORGIVEN)
    }
    assert {name: [each.offer.key[2] for each in picks or ()] for name, picks in answers.items()} == {
        "6 ": ["a"],
        "7 ": ["b"],
    }


def test_amounts_are_rounded_as_recorded() -> None:
    count = 0
    for case in listed("dra/consumable-capacity.json"):
        asked = case["input"]
        if case["function"] == "calculateConsumedCapacity":
            got = taken(from_data(asked["capacity"], Capacity), asked["requested"])
            assert got in (None, amount(case["expect"])), case["name"]
        else:
            policy = asked["requestPolicy"] and from_data(asked["requestPolicy"], RequestPolicy)
            got = taken(Capacity(value="10", request_policy=policy), asked["requested"])
            assert (got is None) == case["expect"], case["name"]
        count += 1
    assert count


def test_taints_are_tolerated_as_recorded() -> None:
    for case in listed("dra/tolerations.json"):
        pair = (from_data(case["toleration"], Toleration), from_data(case["taint"], Taint))
        assert tolerates(*pair) == case["expect"], case["name"]

"""The judges are judged: each rule of the checker catches a result that breaks it, and no right one."""

from __future__ import annotations

from random import Random

import pytest

from cod.cel import EvaluationError as CelError
from cod.cel import compile_selector
from cod.resource import Device, from_data, problems
from tests.allocate.amounts import amount, shares
from tests.allocate.checker import faults
from tests.allocate.conditions import EvaluationError, selects
from tests.allocate.exhaustive import Search, fits, solutions
from tests.allocate.instances import ALONE, EVERYTHING, NODE, mixed_instance, random_instance
from tests.allocate.offers import offers_of
from tests.allocate.random_claims import BY_CAPACITY, EXPRESSIONS
from tests.allocate.random_slices import random_slices
from tests.allocate.right_results import RIGHT
from tests.allocate.short import (
    CLASSES,
    IS_0,
    READY,
    Y,
    ask,
    claim,
    shared,
    slice_,
)
from tests.allocate.wrong_results import WRONG


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_result_has_no_faults(name: str) -> None:
    claims, slices, used, results = RIGHT[name]
    assert faults(claims, CLASSES, slices, used, NODE, results) == []
    assert fits(claims, CLASSES, slices, used, NODE)


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_result_is_one_of_the_solutions(name: str) -> None:
    claims, slices, used, results = RIGHT[name]
    wanted = {
        (index, each.request, each.driver, each.pool, each.device)
        for index, result in enumerate(results)
        for each in result.devices.results
    }
    found = [
        {(pick.wish.claim, pick.wish.label, *pick.offer.key) for pick in picks}
        for picks in solutions(claims, CLASSES, slices, used, NODE)
    ]
    assert wanted in found


@pytest.mark.parametrize("name", WRONG)
def test_the_checker_catches(name: str) -> None:
    fault, (claims, slices, used, results) = WRONG[name]
    found = faults(claims, CLASSES, slices, used, NODE, results)
    assert any(fault in each for each in found), found


@pytest.mark.parametrize(
    ("text", "wanted"), [("2", 2), ("500m", 0.5), ("1Ki", 1024), ("1k", 1000), ("2e3", 2000), ("0.25", 0.25)]
)
def test_a_quantity_is_a_number(text: str, wanted: float) -> None:
    assert amount(text) == wanted


def test_what_a_share_takes_is_its_default_or_is_rounded_up() -> None:
    device = from_data(shared(value="9", policy={"default": "2", "validValues": ["1", "2", "5"]}), Device)
    taken = {text: shares(device, {"mem": text} if text else {}) for text in ("", "1", "3", "5", "6")}
    assert taken == {"": {"mem": 2}, "1": {"mem": 1}, "3": {"mem": 5}, "5": {"mem": 5}, "6": None}


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ('device.driver == "d"', True),
        ('device.driver == "e" || device.attributes["d"].n == 1', True),
        ('device.attributes["d"].none == 1', None),
        ('device.attributes["d"].none == 1 && false', False),
        ('device.attributes["d"].none == 1 || true', True),
        ('device.attributes["d"].n == "1"', False),
        ('device.attributes["d"].n >= 1 && device.attributes["d"].b', True),
        ('device.attributes["d"].n', None),
        ('"n" in device.attributes["d"] && !has(device.attributes["other"].n)', True),
        ('device.capacity["d"].mem.compareTo(quantity("1Ki")) >= 0', True),
        ('device.capacity["d"]["mem"].compareTo(quantity("2Ki")) >= 0', False),
        ("noSuchVar", None),
    ],
)
def test_an_expression_is_true_or_false_or_has_no_answer(expression: str, wanted: bool | None) -> None:
    device = from_data(
        {
            "name": "a",
            "attributes": {"n": {"int": 1}, "d/b": {"bool": True}},
            "capacity": {"mem": {"value": "1Ki"}},
        },
        Device,
    )
    if wanted is None:
        with pytest.raises(EvaluationError):
            selects(expression, "d", device)
    else:
        assert selects(expression, "d", device) == wanted


@pytest.mark.parametrize("expression", [*EXPRESSIONS, *BY_CAPACITY, 'device.driver == "b.example.com"'])
def test_the_tiny_evaluator_says_what_the_real_one_says(expression: str) -> None:
    selector = compile_selector(expression)
    answers: set[bool | None] = set()
    for seed in range(60):
        for each in random_slices(Random(seed), EVERYTHING):
            for device in each.spec.devices:
                said: list[bool | None] = []
                for matches in (selector.matches, lambda *pair: selects(expression, *pair)):
                    try:
                        said.append(matches(each.spec.driver, device))
                    except (EvaluationError, CelError):
                        said.append(None)
                assert said[0] == said[1], (device, said)
                answers.add(said[0])
    assert {True, False} <= answers


def test_pools_with_devices_that_are_bound_later_come_last() -> None:
    slices = [
        slice_({"name": "z"}, pool="b", name="1", count=2),
        slice_({"name": "a"}, pool="b", name="0", count=2),
        slice_({"name": "c", **READY}, pool="a", name="2"),
    ]
    assert [key[1:] for key in offers_of(slices, NODE).offers] == [("b", "a"), ("b", "z"), ("a", "c")]


def test_the_first_solution_of_kubernetes_need_not_have_the_best_alternatives() -> None:
    best = {"name": "x", "deviceClassName": "any", "selectors": IS_0}
    claims = [claim(ask(), {"name": "q", "firstAvailable": [best, {"name": "y", "deviceClassName": "any"}]})]
    search = Search(claims, CLASSES, [slice_(*Y[:2])], {}, NODE)
    first = search.first()
    assert first is not None
    assert [pick.wish.label for pick in first] == ["r", "q/y"]
    assert search.best() == (0, 0)


@pytest.mark.parametrize("name", ALONE)
def test_random_instances_are_valid_and_some_fit_and_some_do_not(name: str) -> None:
    found = set()
    for seed in range(80):
        instance = random_instance(Random(seed), ALONE[name])
        for each in (*instance.claims, *instance.classes, *instance.slices):
            assert problems(each) == []
        found.add(fits(*instance))
    assert found == {True, False}


def test_mixed_instances_are_valid_and_have_every_feature() -> None:
    seen: set[str] = set()
    for seed in range(300):
        instance = mixed_instance(Random(seed))
        text = repr(instance)
        seen |= {each for each, sign in SIGNS.items() if sign in text}
        for each in (*instance.claims, *instance.classes, *instance.slices):
            assert problems(each) == []
    assert seen == SIGNS.keys()
    assert SIGNS.keys() == EVERYTHING - {"claims"}


SIGNS = {
    "pools": "elsewhere",
    "nodes": "NotIn",
    "selectors": "picky",
    "all": "'All'",
    "alternatives": "SubRequest(",
    "admin": "admin_access=True",
    "match": "match_attribute='std",
    "distinct": "distinct_attribute='std",
    "types": "version='1.0.0-p'",
    "lists": "strings=('",
    "taints": "Taint(",
    "counters": "CounterConsumption(",
    "capacity": "valid_values=('1'",
    "in use": "Use(",
    "binding": "binds_to_node=True",
    "config": "ClaimConfig(",
}

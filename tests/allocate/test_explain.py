"""Why claims do not fit: every number is true, and every change that is named is enough."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from random import Random

from hypothesis import HealthCheck, Phase, assume, given, settings
from msgspec.structs import replace

from cod.allocate import ConstraintReport, NoFit, Refusal, RequestReport, allocate
from cod.cel import EvaluationError, compile_selector
from cod.resource import Device
from tests.allocate.amounts import shares
from tests.allocate.exhaustive import TooLarge
from tests.allocate.instances import Instance, mixed_instances
from tests.allocate.joint import Pick, broken, values_of
from tests.allocate.laws import as_node
from tests.allocate.less import (
    Label,
    asking,
    constrained,
    in_order,
    labelled,
    most,
    released,
    tolerating,
    unconstrained,
    unselective,
)
from tests.allocate.offers import Offer, offers_of
from tests.allocate.wishes import Judge, Wish, tolerates

thorough = settings(
    max_examples=120, deadline=None, suppress_health_check=[*HealthCheck], phases=[Phase.generate]
)


def refusal_of(instance: Instance) -> Refusal | None:
    claims, classes, slices, in_use, node = instance
    try:
        allocate(claims, classes, slices, in_use, node=as_node(node))
    except NoFit as no:
        return no.refusal
    return None


def refused(instance: Instance) -> tuple[Instance, Refusal]:
    """The instance with two holders of what is in use, and why it is refused."""
    in_use = {
        key: tuple(replace(use, holder=Random(str(key)).choice(("one", "two"))) for use in uses)
        for key, uses in instance.in_use.items()
    }
    instance = instance._replace(in_use=in_use)
    refusal = refusal_of(instance)
    assume(refusal is not None)
    assert refusal is not None
    return instance, refusal


def by_rule(expression: str, driver: str, device: Device) -> bool:
    """What the real evaluator says: the judges' own does not know that a version is no text."""
    try:
        return compile_selector(expression).matches(driver, device)
    except EvaluationError:
        return False


def judge_of(instance: Instance) -> Judge:
    return Judge(instance.classes, offers_of(instance.slices, instance.node), instance.in_use, by_rule)


def claim_number(instance: Instance, name: str) -> int:
    return next(number for number, each in enumerate(instance.claims) if each.name == name)


def rule_of(instance: Instance, judge: Judge, wish: Wish, offer: Offer) -> str:
    """The first rule that a device falls to, by the rules one after the other; nothing if it is left."""
    of_class = [each.cel.expression for each in judge.classes[wish.class_name].spec.selectors]
    for rule, expressions in (("class", of_class), ("selector", wish.selectors)):
        for each in expressions:
            try:
                if not compile_selector(each).matches(offer.key[0], offer.device):
                    return rule
            except EvaluationError:
                return "error"
    uses = judge.in_use.get(offer.key, ())
    shared = offer.device.allow_multiple_allocations
    if not wish.admin and any(not use.share_id or not shared for use in uses):
        return "held"
    barring = [each for each in offer.device.taints if each.effect in ("NoSchedule", "NoExecute")]
    if any(not any(tolerates(each, taint) for each in wish.tolerations) for taint in barring):
        return "taint"
    if (shared or wish.capacity) and shares(offer.device, wish.capacity) is None:
        return "capacity"
    rules = [*broken(constrained(instance).claims, [Pick(wish, offer)], judge)]
    if rules:
        return "counter" if "counter" in rules[0] else "capacity"
    for each in instance.claims[wish.claim].spec.devices.constraints:
        name = each.match_attribute or each.distinct_attribute or ""
        is_bound = not each.requests or {wish.name, wish.label} & {*each.requests}
        if is_bound and not values_of(offer, name):
            return "attribute"
    return ""


@thorough
@given(mixed_instances())
def test_each_device_falls_to_the_first_rule_that_rules_it_out(instance: Instance) -> None:
    instance, refusal = refused(instance)
    judge = judge_of(instance)
    wishes = labelled(instance.claims)
    assert len(refusal.requests) == len(wishes)
    for report, wish in zip(refusal.requests, wishes.values(), strict=True):
        rules = {each.key: rule_of(instance, judge, wish, each) for each in judge.offers.offers.values()}
        there = {key: rule for key, rule in rules.items() if rule != "class"}
        assert (report.claim, report.request) == (instance.claims[wish.claim].name, wish.label)
        assert report.there == len(there)
        assert {each.device: each.rule for each in report.falls} == {
            k: rule for k, rule in there.items() if rule
        }
        assert report.hidden or not (wish.all_ and judge.doubtful(wish))
        assert not report.hidden or (wish.all_ and report.hidden in refusal.broken)
        if not report.hidden:
            assert {*report.left} == {key for key, rule in there.items() if not rule}
            assert report.fits == together(instance, judge, wish, report)


def together(instance: Instance, judge: Judge, wish: Wish, report: RequestReport) -> int:
    """How many of the devices left one request could have, if nothing bound them."""
    claims = constrained(instance).claims
    offers = [judge.offers.offers[key] for key in report.left]
    return next(
        count
        for count in range(min(report.wanted, len(offers)), -1, -1)
        if any(
            next(broken(claims, [Pick(wish, each) for each in some], judge), None) is None
            for some in combinations(offers, count)
        )
    )


@thorough
@given(mixed_instances())
def test_what_is_attainable_is_the_most_there_is_and_no_constraint_is_blamed_in_vain(
    instance: Instance,
) -> None:
    instance, refusal = refused(instance)
    assume(not any(each.hidden for each in refusal.requests))
    assert refusal.is_proven
    wanted = {label: refusal.requests[place].wanted for place, label in enumerate(labelled(instance.claims))}
    labels = [label_of(instance, text) for text in refusal.attainable]
    chosen = {each: wanted[each] for each in labels}
    try:
        assert [*refusal.attainable.values()] == [*in_order(instance, chosen).values()]
        for report in refusal.constraints:
            alone, scope = the_constraint(instance, report, chosen)
            assert report.most == most(alone, scope) < report.wanted == sum(scope.values())
            assert report.most < most(constrained(instance), scope)
    except TooLarge:
        assume(False)


def label_of(instance: Instance, text: str) -> Label:
    """A claim and a request, of how a refusal names them."""
    if len(instance.claims) == 1:
        return 0, text
    claim, _, request = text.partition("/")
    return claim_number(instance, claim), request


def the_constraint(
    instance: Instance, report: ConstraintReport, chosen: dict[Label, int]
) -> tuple[Instance, dict[Label, int]]:
    """The instance with only the constraint that is reported, and the requests that are under it."""
    number = claim_number(instance, report.claim)
    constraints = instance.claims[number].spec.devices.constraints
    place = next(
        place
        for place, each in enumerate(constraints)
        if report.constraint.endswith(f" {each.match_attribute or each.distinct_attribute}")
        and report.requests == each.requests
        and report.constraint.startswith("match" if each.match_attribute else "distinct")
    )
    scope = {
        (claim, label): count
        for (claim, label), count in chosen.items()
        if claim == number and (not report.requests or {label, label.partition("/")[0]} & {*report.requests})
    }
    return constrained(instance, number, place), scope


@thorough
@given(mixed_instances())
def test_after_any_change_that_is_named_the_claims_fit(instance: Instance) -> None:
    instance, refusal = refused(instance)
    for change in refusal.nearest:
        fitting = [*changed(instance, change.kind, change.what)]
        assert fitting
        assert any(refusal_of(each) is None for each in fitting), change


def changed(instance: Instance, kind: str, what: str) -> Iterator[Instance]:
    """The instance after a change; several where constraints are called the same."""
    match kind:
        case "count":
            parts = (part.rpartition(":") for part in what.split(" "))
            yield asking(instance, {label_of(instance, name): int(count) for name, _, count in parts})
        case "selector":
            yield unselective(instance, *label_of(instance, what))
        case "toleration":
            yield tolerating(instance, what)
        case "release":
            yield released(instance, what)
        case "constraint":
            for number, claim in enumerate(instance.claims):
                for place, each in enumerate(claim.spec.devices.constraints):
                    if (each.match_attribute or each.distinct_attribute or "") in what:
                        yield unconstrained(instance, number, place)


@thorough
@given(mixed_instances())
def test_no_refusal_is_without_a_cause_that_names_what_is_in_the_way(instance: Instance) -> None:
    instance, refusal = refused(instance)
    names = [each.request for each in refusal.requests] + [each.constraint for each in refusal.constraints]
    names += refusal.broken
    assert refusal.causes
    for cause in refusal.causes:
        assert any(name in cause for name in names), cause
        assert "\n" not in cause

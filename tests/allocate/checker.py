"""What is wrong with an allocation, found independently of how it was made.

results ──> the wish and the device of each ──> rules of one device, of all together, of what is written
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from cod.allocate.in_use import InUse
from cod.resource import (
    AllocatedConfig,
    AllocationResult,
    DeviceClass,
    NodeSelectorRequirement,
    ResourceClaim,
    ResourceSlice,
    Result,
)
from tests.allocate.amounts import amount, shares
from tests.allocate.conditions import selects as evaluate
from tests.allocate.joint import Pick, broken
from tests.allocate.offers import Place, offers_of
from tests.allocate.wishes import Judge, Selects, Wish, wishes_of

Given = list[tuple[Pick, Result]]


def faults(
    claims: Sequence[ResourceClaim],
    classes: Sequence[DeviceClass],
    slices: Sequence[ResourceSlice],
    in_use: InUse,
    node: Place | None,
    results: Sequence[AllocationResult],
    selects: Selects = evaluate,
) -> list[str]:
    """Everything that is wrong with these results for these claims; nothing if they are right."""
    if len(claims) != len(results):
        return [f"{len(results)} results for {len(claims)} claims"]
    judge = Judge(classes, offers_of(slices, node), in_use, selects)
    found: list[str] = []
    given: Given = []
    for index, (claim, result) in enumerate(zip(claims, results, strict=True)):
        wishes = [each for each in wishes_of(claims) if each[0].claim == index]
        mine, wrong = _picks(wishes, result, judge)
        found += wrong
        given += mine
        found += _requests(wishes, mine, judge)
        found += _config(claim, judge, mine, result)
        found += _node_selector(mine, node, result)
    for pick, written in given:
        found += _alone(pick, judge)
        found += _written(pick, written)
    found += broken(claims, [pick for pick, _ in given], judge)
    found += _share_ids(given, in_use)
    return found


def _picks(wishes: list[list[Wish]], result: AllocationResult, judge: Judge) -> tuple[Given, list[str]]:
    """The wish and the device of each result; what is not known is a fault."""
    by_label = {wish.label: wish for alternatives in wishes for wish in alternatives}
    given: Given = []
    wrong = []
    for each in result.devices.results:
        key = (each.driver, each.pool, each.device)
        if each.request not in by_label:
            wrong.append(f"there is no request {each.request}")
        elif key not in judge.offers.offers:
            why = judge.offers.unusable.get(key[:2], "not on this node")
            wrong.append(f"{'/'.join(key)} is not offered: {why}")
        else:
            given.append((Pick(by_label[each.request], judge.offers.offers[key]), each))
    order = [pick.wish.request for pick, _ in given]
    if order != sorted(order):
        wrong.append("the results are not in the order of the requests")
    return given, wrong


def _requests(wishes: list[list[Wish]], given: Given, judge: Judge) -> Iterator[str]:
    """One alternative of each request, with as many devices as it wants."""
    for alternatives in wishes:
        chosen = {pick.wish.alternative for pick, _ in given if pick.wish.request == alternatives[0].request}
        if len(chosen) != 1:
            yield f"request {alternatives[0].name} is met by {len(chosen)} alternatives"
            continue
        wish = alternatives[chosen.pop()]
        devices = [pick.offer.key for pick, _ in given if pick.wish is wish]
        if wish.all_ and {*devices} != {each.key for each in judge.matching(wish)}:
            yield f"request {wish.label} has not all that match"
        if wish.all_ and (doubt := judge.doubtful(wish)):
            yield f"request {wish.label} has all but what else there may be with {doubt}"
        if not wish.all_ and len(devices) != wish.count:
            yield f"request {wish.label} has {len(devices)} devices, not {wish.count}"


def _alone(pick: Pick, judge: Judge) -> Iterator[str]:
    for why in (judge.mismatch(pick.wish, pick.offer), judge.bar(pick.wish, pick.offer)):
        if why:
            yield f"{'/'.join(pick.offer.key)} for {pick.wish.label} {why}"


def _written(pick: Pick, result: Result) -> Iterator[str]:
    """What a result says besides which device it is."""
    wish, device = pick
    name = f"{result.device} for {result.request}"
    for what, got, wanted in (
        ("adminAccess", result.admin_access, wish.admin),
        ("tolerations", result.tolerations, wish.tolerations),
        ("bindingConditions", result.binding_conditions, device.device.binding_conditions),
        (
            "bindingFailureConditions",
            result.binding_failure_conditions,
            device.device.binding_failure_conditions,
        ),
    ):
        if got != wanted:
            yield f"{name}: {what} is {got}, not {wanted}"
    if not device.device.allow_multiple_allocations:
        if result.consumed_capacity:
            yield f"{name} is not shared and consumes capacity"
        return
    if wish.admin:  # takes nothing; that it says so is not settled
        return
    takes = shares(device.device, wish.capacity) or {}
    if {key: amount(text) for key, text in result.consumed_capacity.items()} != takes:
        yield f"{name}: consumedCapacity is {result.consumed_capacity}, not {takes}"


def _share_ids(given: Given, in_use: InUse) -> Iterator[str]:
    others = {use.share_id for uses in in_use.values() for use in uses}
    times = Counter(result.share_id for _, result in given)
    for pick, result in given:
        shared = pick.offer.device.allow_multiple_allocations
        if not shared and result.share_id:
            yield f"{result.device} is not shared and has a shareID"
        if shared and not result.share_id and not pick.wish.admin:
            yield f"{result.device} is shared and has no shareID"
        if result.share_id and (times[result.share_id] > 1 or result.share_id in others):
            yield f"shareID {result.share_id} is there twice"


def _config(claim: ResourceClaim, judge: Judge, given: Given, result: AllocationResult) -> Iterator[str]:
    """Each class's settings once with its requests, then the claim's that concern a chosen alternative."""
    chosen = [*dict.fromkeys((pick.wish.name, pick.wish.label, pick.wish.class_name) for pick, _ in given)]
    wanted = []
    for class_name in dict.fromkeys(class_name for _, _, class_name in chosen):
        names = [label for _, label, of in chosen if of == class_name]
        shown = () if len(names) == len(chosen) else tuple(names)
        wanted += [
            AllocatedConfig(source="FromClass", requests=shown, opaque=each.opaque)
            for each in judge.classes[class_name].spec.config
        ]
    for each in claim.spec.devices.config:
        concerned = [{name, label} & {*each.requests} for name, label, _ in chosen]
        if each.requests and not any(concerned):
            continue
        shown = () if all(concerned) else each.requests
        wanted.append(AllocatedConfig(source="FromClaim", requests=shown, opaque=each.opaque))
    got = [_by_request(each) for each in result.devices.config]
    if got != [_by_request(each) for each in wanted]:
        yield f"config is {result.devices.config}, not {wanted}"


def _by_request(config: AllocatedConfig) -> AllocatedConfig:
    """A class's settings name a request, or its alternative: that is the same."""
    if config.source != "FromClass":
        return config
    names = tuple(each.partition("/")[0] for each in config.requests)
    return AllocatedConfig(source=config.source, requests=names, opaque=config.opaque)


def _node_selector(given: Given, node: Place | None, result: AllocationResult) -> Iterator[str]:
    """On this node alone where a device is of one node or binds to it; else where all selectors hold."""
    terms = result.node_selector.node_selector_terms if result.node_selector else ()
    names = {pick.offer.node_name for pick, _ in given} - {""}
    binds = any(pick.offer.device.binds_to_node for pick, _ in given)
    if names or binds:
        fields = terms[0].match_fields if len(terms) == 1 and not terms[0].match_expressions else ()
        found = fields[0] if len(fields) == 1 else None
        right = {node.name} if node else names
        if binds and not right:
            return
        if found is None or found.key != "metadata.name" or found.operator != "In" or not found.values:
            yield f"nodeSelector is {result.node_selector}, not that of node {right}"
        elif not {*found.values} <= right:
            yield f"nodeSelector names {found.values}, not {right}"
        return
    selectors = [pick.offer.node_selector for pick, _ in given if pick.offer.node_selector]
    wanted = {
        _condition(kind, each)
        for selector in selectors
        for term in selector.node_selector_terms
        for kind in ("match_fields", "match_expressions")
        for each in getattr(term, kind)
    }
    got = [
        _condition(kind, each)
        for term in terms
        for kind in ("match_fields", "match_expressions")
        for each in getattr(term, kind)
    ]
    if {*got} != wanted or len(terms) > 1 or (not wanted and result.node_selector):
        yield f"nodeSelector is {result.node_selector}, not {wanted}"


def _condition(kind: str, each: NodeSelectorRequirement) -> tuple[str, str, str, tuple[str, ...]]:
    return kind, each.key, each.operator, each.values

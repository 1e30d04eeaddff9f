"""Nodes that are alike for a claim can stand for each other: what is true of one is true of all."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cod.allocate import Allocator, Node, NoFit, Use
from cod.allocate.alike import alike
from cod.resource import (
    NUMA_NODE,
    Attribute,
    CELSelector,
    ClaimDevices,
    ClaimSpec,
    Constraint,
    Device,
    DeviceRequest,
    ExactRequest,
    NodeSelector,
    NodeSelectorRequirement,
    NodeSelectorTerm,
    ObjectMeta,
    Pool,
    ResourceClaim,
    ResourceSlice,
    Selector,
    SliceSpec,
    Taint,
)
from tests.allocate.cases import ANY, DRIVER

MODEL = f'device.attributes["{DRIVER}"].model == "m1"'

devices = st.tuples(st.sampled_from(("m1", "m2")), st.integers(0, 1), st.booleans(), st.sampled_from(" ab"))
clusters = st.lists(st.lists(devices, max_size=3), min_size=1, max_size=6)


def device(node: int, number: int, model: str, numa: int, ill: bool) -> Device:
    attributes = {
        "model": Attribute(string=model),
        "serial": Attribute(string=f"{node}/{number}"),  # unlike on every node, and nobody asks for it
        NUMA_NODE: Attribute(int_=numa),
    }
    return Device(f"d{number}", attributes, taints=(Taint("ill"),) if ill else ())


def claim(count: int, cel: str, numa: bool) -> ResourceClaim:
    selectors = (Selector(CELSelector(cel)),) if cel else ()
    request = DeviceRequest("r", ExactRequest("any", count=count, selectors=selectors))
    constraints = (Constraint(match_attribute=NUMA_NODE),) if numa else ()
    spec = ClaimSpec(ClaimDevices((request,), constraints))
    return ResourceClaim(metadata=ObjectMeta(name="c"), spec=spec)


def one_slice(name: str, content: list[Device], **where: Any) -> ResourceSlice:
    spec = SliceSpec(DRIVER, Pool(name), devices=tuple(content), **where)
    return ResourceSlice(metadata=ObjectMeta(name=name), spec=spec)


def verdict(allocator: Allocator, wanted: ResourceClaim, node: Node) -> object:
    """What becomes of a claim, without the names of the node and of holders."""
    try:
        (result,) = allocator.allocate([wanted], node)
    except NoFit as error:
        refusal = error.refusal
        falls = [
            (each.device[2], each.rule, each.rule == "held" or each.text)
            for report in refusal.requests
            for each in report.falls
        ]
        constraints = [(each.constraint, each.most, each.counts) for each in refusal.constraints]
        nearest = [each.text for each in refusal.nearest if each.kind != "release"]
        return falls, constraints, refusal.attainable, nearest
    return len(result.devices.results)


@given(clusters, st.integers(1, 3), st.sampled_from(("", MODEL)), st.booleans(), st.booleans())
def test_on_nodes_of_a_group_a_claim_fares_the_same_for_the_same_causes(
    cluster: list[list[tuple[str, int, bool, str]]], count: int, cel: str, numa: bool, fabric: bool
) -> None:
    nodes = [Node(f"n{number}", {"parity": str(number % 2)}) for number in range(len(cluster))]
    slices, in_use = [], {}
    for number, content in enumerate(cluster):
        found = [device(number, place, *each[:3]) for place, each in enumerate(content)]
        slices.append(one_slice(f"n{number}", found, node_name=f"n{number}"))
        for place, (_, _, _, holder) in enumerate(content):
            if holder != " ":
                in_use[DRIVER, f"n{number}", f"d{place}"] = (Use(holder),)
    if fabric:
        even = NodeSelectorRequirement("parity", "In", ("0",))
        selector = NodeSelector((NodeSelectorTerm((even,)),))
        slices.append(one_slice("fabric", [device(99, 0, "m1", 0, False)], node_selector=selector))
    allocator = Allocator(slices, [ANY], in_use)
    wanted = claim(count, cel, numa)
    groups = alike(allocator, [wanted], nodes)
    assert sorted(node.name for group in groups for node in group) == sorted(node.name for node in nodes)
    for group in groups:
        first, *others = [verdict(allocator, wanted, node) for node in group]
        assert all(each == first for each in others)


def test_nodes_that_differ_only_in_what_nobody_asks_for_are_alike() -> None:
    nodes = [Node(f"n{number}") for number in range(50)]
    slices = [
        one_slice(node.name, [device(number, 0, "m1", number, False)], node_name=node.name)
        for number, node in enumerate(nodes)
    ]
    allocator = Allocator(slices, [ANY], {})
    assert len(alike(allocator, [claim(1, MODEL, numa=False)], nodes)) == 1
    assert len(alike(allocator, [claim(1, MODEL, numa=True)], nodes)) == 50

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cod.resource import (
    Attribute,
    CounterSet,
    Device,
    NodeSelector,
    NodeSelectorRequirement,
    NodeSelectorTerm,
    OwnerReference,
    problems,
    resource_slices,
)
from cod.resource.names import subdomain_flaws
from cod.resource.slices import Counter

from .objects import DRIVER, TAINT, consumption, device, devices


def sets(count: int) -> tuple[CounterSet, ...]:
    return tuple(CounterSet(f"set-{index}", {"memory": Counter("80Gi")}) for index in range(count))


def sizes(given: tuple[Device, ...]) -> list[int]:
    return [len(each.spec.devices) for each in resource_slices(DRIVER, "node", given)]


def test_a_slice_has_128_devices_at_most() -> None:
    assert sizes(devices(128)) == [128]
    assert sizes(devices(129)) == [128, 1]


@pytest.mark.parametrize(
    "special",
    [
        {"taints": (TAINT,)},
        {"consumes_counters": (consumption(),)},
        {"attributes": {"links": Attribute(strings=("a", "b"))}},
    ],
)
def test_a_slice_has_64_devices_at_most_if_one_has_taints_counters_or_lists(
    special: dict[str, object],
) -> None:
    assert sizes(devices(65, **special)) == [64, 1]
    assert sizes((*devices(63), device("special", **special))) == [64]
    assert sizes((*devices(64), device("special", **special))) == [64, 1]
    assert sizes((device("special", **special), *devices(128))) == [64, 65]


def test_counter_sets_come_first_in_slices_of_their_own() -> None:
    slices = resource_slices(DRIVER, "node", devices(3), sets(9), generation=7)
    assert [(len(each.spec.shared_counters), len(each.spec.devices)) for each in slices] == [
        (8, 0),
        (1, 0),
        (0, 3),
    ]
    assert {(each.spec.pool.generation, each.spec.pool.resource_slice_count) for each in slices} == {(7, 3)}


def test_without_devices_there_is_no_slice_or_an_empty_one() -> None:
    assert resource_slices(DRIVER, "node", ()) == ()
    (empty,) = resource_slices(DRIVER, "node", (), when_empty=True)
    assert empty.spec.devices == ()
    assert problems(empty) == []


def test_names_are_in_order_the_same_each_time_and_those_of_the_pool_alone() -> None:
    names = [each.metadata.name for each in resource_slices(DRIVER, "node", devices(300))]
    assert names == ["00000-gpu.example.com-node", "00001-gpu.example.com-node", "00002-gpu.example.com-node"]
    assert names == sorted(names)


@pytest.mark.parametrize(("one", "other"), [("rack/a", "rack.a"), ("a" * 250 + "b", "a" * 250 + "c")])
def test_pools_of_like_names_have_slices_of_different_names(one: str, other: str) -> None:
    names = {
        each.metadata.name for pool in (one, other) for each in resource_slices(DRIVER, pool, devices(1))
    }
    assert len(names) == 2
    assert not any(map(subdomain_flaws, names))


def test_devices_may_be_on_one_node_on_some_on_all_or_each_for_itself() -> None:
    selector = NodeSelector((NodeSelectorTerm((NodeSelectorRequirement("rack", "In", ("1",)),)),))
    for slices, field in (
        (resource_slices(DRIVER, "pool", devices(1)), "node_name"),
        (resource_slices(DRIVER, "pool", devices(1), node_selector=selector), "node_selector"),
        (resource_slices(DRIVER, "pool", devices(1), all_nodes=True), "all_nodes"),
        (resource_slices(DRIVER, "pool", devices(1, node_name="n"), sets(1)), "per_device_node_selection"),
    ):
        assert all(getattr(each.spec, field) for each in slices)
        assert not any(map(problems, slices))


def test_slices_may_have_an_owner_whose_end_ends_them() -> None:
    node = OwnerReference("v1", "Node", "node", "1-2-3")
    (each,) = resource_slices(DRIVER, "node", devices(1), owner=node)
    assert each.metadata.owner_references == (node,)
    assert problems(each) == []


kinds = st.sampled_from([{}, {}, {"taints": (TAINT,)}, {"consumes_counters": (consumption(),)}])


@settings(max_examples=40)
@given(st.lists(kinds, max_size=300), st.integers(0, 20))
def test_slices_are_always_valid_and_complete(specials: list[dict[str, object]], counter_sets: int) -> None:
    given = tuple(device(f"gpu-{index}", **special) for index, special in enumerate(specials))
    slices = resource_slices(DRIVER, "node", given, sets(counter_sets))
    assert tuple(each for part in slices for each in part.spec.devices) == given
    assert tuple(each for part in slices for each in part.spec.shared_counters) == sets(counter_sets)
    assert not any(map(problems, slices))
    assert all(part.spec.pool.resource_slice_count == len(slices) for part in slices)
    assert len({part.metadata.name for part in slices}) == len(slices)


def test_the_type_of_partition_is_said_only_where_devices_share_counters() -> None:
    uses = {"consumes_counters": (consumption(),)}
    slices = resource_slices(
        DRIVER,
        "node",
        (*devices(128), device("part", **uses)),
        sets(1),
        partition_type_attribute=f"{DRIVER}/model",
        skip_node_operations=("*",),
    )
    assert [each.spec.partition_type_attribute for each in slices] == ["", "", f"{DRIVER}/model"]
    assert not any(map(problems, slices))

"""What is absurd, but can be read, is answered, too: in time, by the rules, the same in every order."""

from __future__ import annotations

import time
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cod.allocate import Node, NoFit, Options, Use, allocate
from cod.allocate.nodes import selects
from cod.resource import (
    Attribute,
    Capacity,
    CapacityRequests,
    ClaimConfig,
    ClaimDevices,
    ClaimSpec,
    Constraint,
    Counter,
    CounterConsumption,
    CounterSet,
    Device,
    DeviceRequest,
    ExactRequest,
    NodeSelector,
    NodeSelectorRequirement,
    NodeSelectorTerm,
    ObjectMeta,
    OpaqueConfig,
    Pool,
    RequestPolicy,
    ResourceClaim,
    ResourceSlice,
    SliceSpec,
    SubRequest,
    ValidRange,
)
from cod.topology import Connection
from tests.allocate.cases import ANY, DRIVER, POOL, claim, device, gpus, key, names, selecting, slice_of
from tests.allocate.mutations import mutant, outcome, questions
from tests.allocate.test_allocator_state import quick

NODE = Node(POOL)
ENDLESS = "1e2000000000"


def of(requests: list[DeviceRequest], **more: Any) -> ResourceClaim:
    spec = ClaimSpec(ClaimDevices(requests=tuple(requests), **more))
    return ResourceClaim(metadata=ObjectMeta(name="c"), spec=spec)


def amounting(wanted: str, capacity: Capacity, uses: str = "") -> dict[str, str] | None:
    """What is consumed of a shared device's capacity."""
    slices = [slice_of(Device("d", capacity={"m": capacity}, allow_multiple_allocations=True))]
    request = ExactRequest("any", capacity=CapacityRequests({"m": wanted}))
    in_use = {key("d"): (Use("h", "s", {"m": uses}),)} if uses else {}
    try:
        [found] = allocate([of([DeviceRequest("r", request)])], [ANY], slices, in_use, node=NODE)
    except NoFit:
        return None
    return dict(found.devices.results[0].consumed_capacity)


@quick
@given(st.integers(0, 10**9))
def test_only_answers_and_refusals_come_of_objects_in_which_something_is_wrong(seed: int) -> None:
    for name, ask in questions(mutant(Random(seed))):
        assert not outcome(ask), name


@pytest.mark.parametrize(
    ("wanted", "capacity", "uses", "consumed"),
    [
        ("1", Capacity(ENDLESS), "", "1"),
        (ENDLESS, Capacity("10"), "", None),
        ("1", Capacity("10"), ENDLESS, None),
        ("1e-2000000000", Capacity("10"), "", "1e-9"),
        ("-1", Capacity("0"), "", None),
        ("-7", Capacity("-5"), "", None),
        ("0", Capacity("0"), "", "0"),
        ("3", Capacity("10", RequestPolicy("1", valid_range=ValidRange("1", step=ENDLESS))), "", None),
        ("3", Capacity("10", RequestPolicy("1", valid_range=ValidRange("1", step="0"))), "", "3"),
        ("3", Capacity("10", RequestPolicy("6", valid_range=ValidRange("5", max="2"))), "", None),
    ],
)
def test_odd_quantities_are_answered_at_once(
    wanted: str, capacity: Capacity, uses: str, consumed: str | None
) -> None:
    start = time.process_time()
    found = amounting(wanted, capacity, uses)
    assert time.process_time() - start < 1
    assert found == (None if consumed is None else {"m": consumed})


def test_a_pool_of_which_a_device_gives_counters_offers_nothing() -> None:
    def taking(name: str, amount: str) -> Device:
        return Device(name, consumes_counters=(CounterConsumption("s", {"c": Counter(amount)}),))

    head = Pool(POOL, 1, 2)
    devices = (taking("a", "6"), taking("b", "6"), taking("c", "-5"))
    slices = [
        ResourceSlice(metadata=ObjectMeta(name="0"), spec=SliceSpec(DRIVER, head, POOL, devices)),
        ResourceSlice(
            metadata=ObjectMeta(name="1"),
            spec=SliceSpec(DRIVER, head, POOL, shared_counters=(CounterSet("s", {"c": Counter("10")}),)),
        ),
    ]
    with pytest.raises(NoFit, match="cannot be met") as refusal:
        allocate([claim("c", r=("any", 2))], [ANY], slices, node=NODE)
    assert "device c takes less than nothing of counter c" in refusal.value.causes[-1]


@pytest.mark.parametrize("backwards", [False, True])
def test_slices_that_disagree_on_their_number_are_as_many_as_one_says(backwards: bool) -> None:
    slices = [
        ResourceSlice(
            metadata=ObjectMeta(name=str(count)),
            spec=SliceSpec(DRIVER, Pool(POOL, 1, count), POOL, (device(f"d{count}"),)),
        )
        for count in (1, 3)
    ]
    with pytest.raises(NoFit) as refusal:
        allocate([claim("c", r=("any", 1))], [ANY], slices[::-1] if backwards else slices, node=NODE)
    assert "2 of its 3 slices are there" in refusal.value.causes[-1]


@pytest.mark.parametrize(
    ("operator", "values", "label", "selected"),
    [
        ("Gt", ("1",), "2", True),
        ("Gt", ("+1",), "0002", True),
        ("Lt", ("1",), "-2", True),
        ("Gt", ("1",), "1_000", False),
        ("Gt", (" 1",), "2", False),
        ("Gt", ("١",), "2", False),
        ("Gt", ("1", "2"), "3", False),
        ("Gt", (), "3", False),
        ("Gt", ("1",), "9223372036854775808", False),
        ("Lt", ("9" * 5000,), "1", False),
    ],
)
def test_numbers_of_node_selectors_are_read_as_kubernetes_reads_them(
    operator: str, values: tuple[str, ...], label: str, selected: bool
) -> None:
    requirement = NodeSelectorRequirement("k", operator, values)
    selector = NodeSelector((NodeSelectorTerm((requirement,)),))
    assert selects(selector, Node("n", {"k": label})) is selected


@pytest.mark.parametrize("parameters", [2**70, {"x": [-(2**80)]}, "\ud800"])
def test_parameters_of_drivers_may_be_anything(parameters: Any) -> None:
    config = (ClaimConfig(opaque=OpaqueConfig("x.example.com", parameters)),)
    wanted = of([DeviceRequest("r", ExactRequest("any"))], config=config)
    [found] = allocate([wanted], [ANY], [gpus(1)], node=NODE)
    [kept] = found.devices.config
    assert kept.opaque is not None
    assert kept.opaque.parameters == parameters


class Linked:
    """One link, between two devices."""

    def __init__(self, one: str, other: str) -> None:
        link = Connection("nvlink")
        self.links = {(key(one), key(other)): link, (key(other), key(one)): link}

    def distance(self, one: object, other: object) -> int:
        return int(one != other)

    def switch(self, one: object) -> None:  # noqa: ARG002
        return None


@pytest.mark.parametrize("tied", ["r0", "r1"])
def test_requests_of_which_one_is_to_be_connected_are_no_twins(tied: str) -> None:
    def model(name: str) -> Device:
        return Device(name, {"t": Attribute(string=name)})

    classes = [
        replace(selecting(f'device.attributes["{DRIVER}"].t == "{name}"'), metadata=ObjectMeta(name=name))
        for name in ("a", "b", "nic")
    ]
    either = (SubRequest("s0", "a"), SubRequest("s1", "b"))
    config = OpaqueConfig(
        "cod.dev",
        {"apiVersion": "cod.dev/v1", "kind": "Preferences", "connected": [{"from": tied, "to": "nic"}]},
    )
    requests = [
        DeviceRequest("r0", first_available=either),
        DeviceRequest("r1", first_available=either),
        DeviceRequest("nic", ExactRequest("nic")),
    ]
    wanted = of(requests, config=(ClaimConfig(opaque=config),))
    slices = [slice_of(model("a"), model("b"), model("nic"))]
    [found] = allocate([wanted], classes, slices, node=NODE, surroundings=Linked("b", "nic"))
    given = {each.request.partition("/")[0]: each.device for each in found.devices.results}
    assert given[tied] == "b"


def test_an_explanation_of_many_constraints_comes_in_time_and_says_nothing_that_is_not_proven() -> None:
    random = Random(1)
    devices = tuple(
        Device(f"d{number}", {f"a{each}": Attribute(int_=random.randrange(3)) for each in range(16)})
        for number in range(64)
    )
    requests = [DeviceRequest(f"r{number}", ExactRequest("any", count=2)) for number in range(8)]
    constraints = tuple(
        Constraint(
            tuple(each.name for each in random.sample(requests, 4)),
            *random.choice(((f"{DRIVER}/a{number}", None), (None, f"{DRIVER}/a{number}"))),
        )
        for number in range(16)
    )
    with pytest.raises(NoFit) as refusal:
        allocate([of(requests, constraints=constraints)], [ANY], [slice_of(*devices)], node=NODE)
    start = time.process_time()
    found = refusal.value.refusal
    assert time.process_time() - start < 3
    assert not found.is_proven
    assert all(each.most < each.wanted for each in found.constraints)
    assert "at best" not in " ".join(found.causes) or found.constraints


def test_very_many_devices_are_chosen_among_in_time() -> None:
    slices = [
        ResourceSlice(
            metadata=ObjectMeta(name=f"n{node}"),
            spec=SliceSpec(
                DRIVER, Pool(f"n{node}"), f"n{node}", tuple(device(f"d{each}") for each in range(64))
            ),
        )
        for node in range(20)
    ]
    config = {"apiVersion": "cod.dev/v1", "kind": "Preferences", "closest": True}
    wanted = of(
        [DeviceRequest("r", ExactRequest("any", count=8))],
        config=(ClaimConfig(opaque=OpaqueConfig("cod.dev", config)),),
    )
    start = time.process_time()
    [found] = allocate([wanted], [ANY], slices)
    assert time.process_time() - start < 3
    assert len(names(found)) == 8


def test_very_many_shared_devices_are_given_in_order_in_time() -> None:
    capacity = {"m": Capacity("5")}
    slices = [
        slice_of(
            *(Device(f"d{each}", capacity=capacity, allow_multiple_allocations=True) for each in range(640))
        )
    ]
    asked = ExactRequest("any", capacity=CapacityRequests({"m": "3"}))
    wanted = of([DeviceRequest(f"r{number}", asked) for number in range(24)])
    start = time.process_time()
    [found] = allocate([wanted], [ANY], slices, node=NODE, options=Options(order="first"))
    assert time.process_time() - start < 3
    assert names(found) == [f"d{each}" for each in range(24)]

"""Small instances that are meant to be hard: made at random, then changed little by little.

A `Plan` is what an instance is made of, in numbers, so that a change to it gives a valid instance again. All
that the allocator knows takes part: attributes single and in lists, counters, shared devices with capacity,
taints, alternatives, constraints over some requests, several claims, two drivers with pools of one name.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from bench.allocation.words import NODE, Input, claim, device_class, selectors
from cod.resource import (
    Attribute,
    Capacity,
    CapacityRequests,
    Constraint,
    Counter,
    CounterConsumption,
    CounterSet,
    Device,
    DeviceRequest,
    ExactRequest,
    RequestPolicy,
    ResourceClaim,
    ResourceSlice,
    SubRequest,
    Taint,
    Toleration,
    resource_slices,
)

STANDARD = "std.example.com"
DRIVERS = ("a.example.com", "b.example.com")
ATTRIBUTES = ("x", "y", "l")  # two numbers and a list
VALUES = 5
CLASSES = (*(device_class(name[0], name) for name in DRIVERS), device_class("none", "none.example.com"))
MOST_DEVICES, MOST_REQUESTS, MOST_OF_CLAIM = 40, 12, 32


class DevicePlan(Struct):
    """A device. `takes` is how much of which counter set, `shares` its capacity where it is shared."""

    driver: int
    x: int
    y: int | None
    several: list[int]
    takes: dict[int, int]
    shares: int
    tainted: bool
    in_use: bool


class WishPlan(Struct):
    """One alternative: so many devices of a driver that meet a condition; 0: all of them."""

    driver: int
    count: int
    where: str
    tolerant: bool
    amount: int


class ConstraintPlan(Struct):
    """A constraint over some of the claim's requests, by their places; none: all."""

    distinct: bool
    attribute: int
    requests: list[int]


class ClaimPlan(Struct):
    """Requests, each a list of alternatives, and constraints."""

    requests: list[list[WishPlan]]
    constraints: list[ConstraintPlan]


class Plan(Struct):
    """An instance; `sets` are the totals of the counter sets, which each driver has."""

    devices: list[DevicePlan]
    sets: list[int]
    claims: list[ClaimPlan]


def random_plan(chance: random.Random) -> Plan:
    sets = [chance.randint(2, 12) for _ in range(chance.choice((0, 0, 1, 2, 4)))]
    return Plan(
        devices=[_device(chance, len(sets)) for _ in range(chance.randint(3, 24))],
        sets=sets,
        claims=[_claim(chance) for _ in range(chance.choice((1, 1, 1, 2, 4)))],
    )


def _device(chance: random.Random, sets: int) -> DevicePlan:
    taken = chance.sample(range(sets), min(sets, chance.choice((0, 1, 1, 2))))
    return DevicePlan(
        driver=chance.choice((0, 0, 1)),
        x=chance.randrange(VALUES),
        y=chance.choice((None, 0, 1, 2)),
        several=sorted(chance.sample(range(VALUES), chance.randint(1, 3))),
        takes={number: chance.randint(1, 4) for number in taken},
        shares=chance.choice((0, 0, 0, 0, 4, 10)),
        tainted=chance.random() < 0.1,
        in_use=chance.random() < 0.1,
    )


def _wish(chance: random.Random) -> WishPlan:
    return WishPlan(
        driver=chance.choice((0, 0, 1)),
        count=chance.choice((1, 1, 1, 2, 2, 3, 4, 8)),
        where=_where(chance),
        tolerant=chance.random() < 0.2,
        amount=chance.choice((0, 0, 0, 1, 3)),
    )


def _where(chance: random.Random) -> str:
    x = f'device.attributes["{STANDARD}"].x'
    value = chance.randrange(VALUES)
    some = (f"== {value}", f"<= {value}", f"!= {value}", f"% 2 == {value % 2}")
    return chance.choice(("", "", *(f"{x} {each}" for each in some)))


def _constraint(chance: random.Random, requests: int) -> ConstraintPlan:
    some = sorted(chance.sample(range(requests), chance.randint(0, requests)))
    return ConstraintPlan(chance.random() < 0.3, chance.randrange(len(ATTRIBUTES)), some)


def _claim(chance: random.Random) -> ClaimPlan:
    count = chance.choice((1, 2, 2, 3, 4, 6, 8))
    requests = [[_wish(chance) for _ in range(chance.choice((1, 1, 1, 2, 3)))] for _ in range(count)]
    constraints = [_constraint(chance, count) for _ in range(chance.choice((0, 0, 1, 1, 2, 4)))]
    return ClaimPlan(requests, constraints)


def changed(plan: Plan, chance: random.Random) -> Plan:
    """A plan with one to four small changes."""
    new = deepcopy(plan)
    for _ in range(chance.choice((1, 1, 2, 4))):
        chance.choice(_CHANGES)(new, chance)
    return new


FEATURES = ("counters", "shared", "lists", "match", "distinct", "alternatives", "claims", "capacity")


def limited(plan: Plan, without: Sequence[str]) -> Plan:
    """A plan in which some of `FEATURES` take no part, to see which of them it is that costs."""
    new = deepcopy(plan)
    if "claims" in without:
        del new.claims[1:]
    for device in new.devices:
        device.takes = {} if "counters" in without else device.takes
        device.shares = 0 if "shared" in without else device.shares
        device.several = device.several[:1] if "lists" in without else device.several
    for each in new.claims:
        kinds = {False: "match", True: "distinct"}
        each.constraints = [one for one in each.constraints if kinds[one.distinct] not in without]
        for wishes in each.requests:
            if "alternatives" in without:
                del wishes[1:]
            for wish in wishes:
                wish.amount = 0 if "capacity" in without else wish.amount
    return new


def _add_device(plan: Plan, chance: random.Random) -> None:
    if len(plan.devices) < MOST_DEVICES:
        copied = plan.devices and chance.random() < 0.7
        new = deepcopy(chance.choice(plan.devices)) if copied else _device(chance, len(plan.sets))
        plan.devices.insert(chance.randint(0, len(plan.devices)), new)


def _drop_device(plan: Plan, chance: random.Random) -> None:
    if len(plan.devices) > 1:
        plan.devices.pop(chance.randrange(len(plan.devices)))


def _alter_device(plan: Plan, chance: random.Random) -> None:
    which = chance.choice(plan.devices)
    name = chance.choice(DevicePlan.__struct_fields__)
    setattr(which, name, getattr(_device(chance, len(plan.sets)), name))


def _shuffle_devices(plan: Plan, chance: random.Random) -> None:
    chance.shuffle(plan.devices)


def _alter_sets(plan: Plan, chance: random.Random) -> None:
    if plan.sets and chance.random() < 0.7:
        plan.sets[chance.randrange(len(plan.sets))] = chance.randint(1, 30)
    elif len(plan.sets) < 8:
        plan.sets.append(chance.randint(2, 12))


def _add_request(plan: Plan, chance: random.Random) -> None:
    requests = chance.choice(plan.claims).requests
    if len(requests) < MOST_REQUESTS:
        requests.append(deepcopy(chance.choice(requests)) if chance.random() < 0.6 else [_wish(chance)])


def _drop_request(plan: Plan, chance: random.Random) -> None:
    which = chance.choice(plan.claims)
    if len(which.requests) > 1:
        gone = chance.randrange(len(which.requests))
        which.requests.pop(gone)
        for each in which.constraints:
            each.requests = sorted({number - (number > gone) for number in each.requests if number != gone})


def _alter_request(plan: Plan, chance: random.Random) -> None:
    request = chance.choice(chance.choice(plan.claims).requests)
    if len(request) > 1 and chance.random() < 0.2:
        request.pop()
    elif len(request) < 4 and chance.random() < 0.2:
        request.append(_wish(chance))
    wish = chance.choice(request)
    name = chance.choice(WishPlan.__struct_fields__)
    if name == "count" and chance.random() < 0.5:
        wish.count = max(0, wish.count + chance.choice((-1, 1)))
    else:
        setattr(wish, name, getattr(_wish(chance), name))


def _alter_constraints(plan: Plan, chance: random.Random) -> None:
    which = chance.choice(plan.claims)
    if which.constraints and chance.random() < 0.5:
        which.constraints.pop(chance.randrange(len(which.constraints)))
    if len(which.constraints) < 8 and chance.random() < 0.8:
        which.constraints.append(_constraint(chance, len(which.requests)))


def _alter_claims(plan: Plan, chance: random.Random) -> None:
    if len(plan.claims) > 1 and chance.random() < 0.5:
        plan.claims.pop(chance.randrange(len(plan.claims)))
    elif len(plan.claims) < 8:
        plan.claims.append(deepcopy(chance.choice(plan.claims)) if chance.random() < 0.6 else _claim(chance))


_CHANGES: Sequence[Callable[[Plan, random.Random], None]] = (
    _add_device,
    _add_device,
    _drop_device,
    _alter_device,
    _alter_device,
    _shuffle_devices,
    _alter_sets,
    _add_request,
    _drop_request,
    _alter_request,
    _alter_request,
    _alter_constraints,
    _alter_constraints,
    _alter_claims,
)


def instance(plan: Plan, title: str) -> Input:
    """The objects that a plan stands for: one node with a pool of every driver."""
    slices: list[ResourceSlice] = []
    for number, driver in enumerate(DRIVERS):
        mine = [(f"d{place}", each) for place, each in enumerate(plan.devices) if each.driver == number]
        sets = [
            CounterSet(name=f"s{place}", counters={"c": Counter(value=str(total))})
            for place, total in enumerate(plan.sets)
        ]
        if mine:
            slices += resource_slices(driver, NODE, [_made_device(*each) for each in mine], sets)
    return Input(
        title=title,
        slices=tuple(slices),
        classes=CLASSES,
        claims=tuple(_made_claim(f"c{number}", each) for number, each in enumerate(plan.claims)),
        allocated=tuple(
            (DRIVERS[each.driver], NODE, f"d{place}")
            for place, each in enumerate(plan.devices)
            if each.in_use and not each.shares
        ),
    )


def _made_device(name: str, plan: DevicePlan) -> Device:
    attributes = {
        f"{STANDARD}/x": Attribute(int_=plan.x),
        f"{STANDARD}/l": Attribute(ints=tuple(plan.several)),
    }
    if plan.y is not None:
        attributes[f"{STANDARD}/y"] = Attribute(int_=plan.y)
    policy = RequestPolicy(default="1") if plan.shares else None
    return Device(
        name=name,
        attributes=attributes,
        capacity={"bw": Capacity(value=str(plan.shares or 10), request_policy=policy)},
        allow_multiple_allocations=bool(plan.shares),
        taints=(Taint(key="t"),) if plan.tainted else (),
        consumes_counters=tuple(
            CounterConsumption(counter_set=f"s{place}", counters={"c": Counter(value=str(amount))})
            for place, amount in sorted(plan.takes.items())[:2]
        ),
    )


def _made_claim(name: str, plan: ClaimPlan) -> ResourceClaim:
    constraints = [_made_constraint(each, len(plan.requests)) for each in plan.constraints]
    return claim(name, _made_requests(plan.requests), constraints)


def _made_requests(plans: Sequence[Sequence[WishPlan]]) -> list[DeviceRequest]:
    """The requests; counts are cut where the claim would want more devices than a claim can have."""
    left = MOST_OF_CLAIM - len(plans)
    made = []
    for number, wishes in enumerate(plans):
        most = max(wish.count for wish in wishes) - 1
        room = max(0, min(most, left)) + 1
        left -= room - 1
        made.append(_made_request(f"r{number}", wishes, room))
    return made


def _made_request(name: str, wishes: Sequence[WishPlan], room: int) -> DeviceRequest:
    if len(wishes) == 1:
        return DeviceRequest(name=name, exactly=_filled(ExactRequest(device_class_name=""), wishes[0], room))
    alternatives = tuple(
        _filled(SubRequest(name=f"s{number}", device_class_name=""), wish, room)
        for number, wish in enumerate(wishes)
    )
    return DeviceRequest(name=name, first_available=alternatives)


Wanted = TypeVar("Wanted", ExactRequest, SubRequest)


def _filled(empty: Wanted, plan: WishPlan, room: int) -> Wanted:
    return replace(
        empty,
        device_class_name=CLASSES[plan.driver].name,
        allocation_mode="ExactCount" if plan.count else "All",
        count=min(plan.count, room) or 1,
        selectors=selectors(plan.where) if plan.where else (),
        tolerations=(Toleration(key="t", operator="Exists"),) if plan.tolerant else (),
        capacity=CapacityRequests(requests={"bw": str(plan.amount)}) if plan.amount else None,
    )


def _made_constraint(plan: ConstraintPlan, requests: int) -> Constraint:
    attribute = f"{STANDARD}/{ATTRIBUTES[plan.attribute]}"
    names = tuple(f"r{number}" for number in plan.requests if number < requests)
    return Constraint(
        requests=names,
        match_attribute=None if plan.distinct else attribute,
        distinct_attribute=attribute if plan.distinct else None,
    )

"""Objects that no API server would take: whatever they say, at most an error of ours comes of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, TypeVar

import pytest

from cod.allocate import Allocator, Node, NoFit, Options, Undecided
from cod.errors import CodError
from cod.resource import (
    Capacity,
    Device,
    DeviceClass,
    Pool,
    ResourceClaim,
    ResourceSlice,
    SliceSpec,
    from_data,
    to_data,
)
from tests.allocate.cases import ANY, DRIVER, claim
from tests.allocate.instances import mixed_instance

ODD = [
    None, "", "x" * 300, -1, 0, 2**63, 10**20, 1e30, "1e30", "-5", "0", "1m", "abc", True, [], {}, "a/b/c",
    "É", "1Ki", "In", "Gt", "All", "ExactCount", ["p", "q"] * 30,
]  # fmt: skip

T = TypeVar("T", ResourceClaim, ResourceSlice, DeviceClass)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container within a value, with each of its keys."""
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from places(value[key])


def damaged(objects: list[T], kind: type[T], random: Random) -> list[T]:
    """The objects, some with something else somewhere; those that cannot be read any more are left out."""
    found = []
    for each in objects:
        data = to_data(each)
        for _ in range(random.choice([0, 0, 1, 1, 2])):
            container, key = random.choice([*places(data["spec"])] or [(data, "spec")])
            container[key] = json.loads(json.dumps(random.choice(ODD)))
        try:
            found.append(from_data(data, kind))
        except CodError:
            continue
    return found


@pytest.mark.parametrize("seed", range(20))
def test_damaged_objects_give_an_answer_or_an_error_that_says_why(seed: int) -> None:
    for number in range(seed * 25, seed * 25 + 25):
        random = Random(number)
        instance = mixed_instance(random)
        claims = damaged([*instance.claims], ResourceClaim, random)
        options = Options(order=random.choice(["best", "first"]), strict=random.random() < 0.2)
        allocator = Allocator(
            damaged([*instance.slices], ResourceSlice, random),
            damaged([*instance.classes], DeviceClass, random),
            instance.in_use,
            options=options,
        )
        node = Node("n0", {"zone": "z0"})
        outcomes = [
            outcome(lambda: allocator.choose(claims, node)),  # noqa: B023, it is asked at once
            outcome(lambda: allocator.fitting(claims, [node, Node("n1")])),  # noqa: B023
        ]
        assert "" not in outcomes


def outcome(ask: Callable[[], object]) -> str:
    """What an error says, with why where nothing fits; `done` where there is none."""
    try:
        ask()
    except NoFit as error:
        return "; ".join(error.causes)
    except CodError as error:
        return error.what
    return "done"


def test_an_amount_that_is_none_closes_its_pool_and_no_other() -> None:
    slices = [
        ResourceSlice(spec=SliceSpec(DRIVER, Pool(name), "n0", (with_memory(amount),)))
        for name, amount in (("broken", "many"), ("whole", "80Gi"))
    ]
    allocator = Allocator(slices, [ANY])
    assert [each.pool for each in allocator.allocate([claim(a=("any", 1))])[0].devices.results] == ["whole"]
    with pytest.raises(NoFit) as caught:
        allocator.allocate([claim(a=("any", 2))])
    assert any("capacity memory of its device d is no amount" in cause for cause in caught.value.causes)


def with_memory(amount: str) -> Device:
    return Device("d", capacity={"memory": Capacity(amount)})


def test_a_search_without_steps_is_undecided_and_not_a_no() -> None:
    instance = mixed_instance(Random(1))
    allocator = Allocator(instance.slices, instance.classes, options=Options(steps=0))
    with pytest.raises(Undecided):
        allocator.allocate(instance.claims, Node("n0"))

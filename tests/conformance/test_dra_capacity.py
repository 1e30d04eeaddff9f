"""How much a share takes, and which taints are tolerated, as Kubernetes has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cod.allocate.capacity import consumed, violates_policy
from cod.allocate.taints import tolerates
from cod.resource import Capacity, RequestPolicy, Taint, Toleration, from_data, parse_quantity

from .recorded import listed

Note = Callable[[str, object], None]


def _answer(case: dict[str, Any]) -> Any:
    asked = case["input"]
    requested = parse_quantity(asked["requested"]) if asked["requested"] is not None else None
    if case["function"] == "violatesPolicy":
        policy = asked["requestPolicy"] and from_data(asked["requestPolicy"], RequestPolicy)
        assert requested is not None
        return violates_policy(requested, policy)
    return str(consumed(requested, from_data(asked["capacity"], Capacity)))


def test_every_recorded_amount_is_consumed_as_recorded(record_property: Note) -> None:
    cases = listed("dra/consumable-capacity.json")
    wrong = {case["name"]: _answer(case) for case in cases if _answer(case) != case["expect"]}
    record_property("tally", ["dra/consumable-capacity", len(cases), len(cases) - len(wrong), 0, len(wrong)])
    assert wrong == {}
    assert {case["function"] for case in cases} == {"violatesPolicy", "calculateConsumedCapacity"}


def test_every_recorded_taint_is_tolerated_as_recorded(record_property: Note) -> None:
    cases = listed("dra/tolerations.json")
    wrong = [
        case["name"]
        for case in cases
        if tolerates(from_data(case["toleration"], Toleration), from_data(case["taint"], Taint))
        != case["expect"]
    ]
    record_property("tally", ["dra/tolerations", len(cases), len(cases) - len(wrong), 0, len(wrong)])
    assert wrong == []

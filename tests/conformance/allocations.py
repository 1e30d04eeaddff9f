"""Recorded questions to the Kubernetes allocator, and its answers.

…/data/dra/allocator-all.json, edge-cases.json, random-500.jsonl   see the README there
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from cod.allocate.in_use import InUse, Use
from cod.resource import AllocationResult, DeviceClass, ResourceClaim, ResourceSlice, from_data, to_data
from tests.allocate.instances import Instance, Place

from .recorded import listed

SHARE = "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"  # stands for every shareID, which is random
TABLE, EDGES, RANDOM = "dra/allocator-all.json", "dra/edge-cases.json", "dra/random-500.jsonl"


class Recorded(NamedTuple):
    """One question and what was answered: results, an error, or neither where nothing fits."""

    name: str
    question: Instance
    features: frozenset[str]
    results: list[Any] | None
    error: str
    only_for_node: bool


def recorded(file: str) -> list[Recorded]:
    """All cases of a file; skips the test if it is absent."""
    return [_case(each) for each in listed(file)]


def _case(data: dict[str, Any]) -> Recorded:
    asked, expected = data.get("input", data), data["expect"]
    results = [comparable(each) for each in expected["results"]] if expected.get("fits") else None
    return Recorded(
        name=data["name"],
        question=question(asked),
        features=frozenset(asked.get("features") or ()),
        results=results,
        error=expected.get("error", ""),
        only_for_node=expected.get("errorOnlyForNode", False),
    )


def question(data: dict[str, Any]) -> Instance:
    """The question of a case, as the allocator is asked it."""
    node = (data.get("node") or data["nodes"][0])["metadata"]
    return Instance(
        claims=[from_data(each, ResourceClaim) for each in data["claims"] or ()],
        classes=[from_data(each, DeviceClass) for each in data["classes"] or ()],
        slices=[from_data(each, ResourceSlice) for each in data["slices"] or ()],
        in_use=_in_use(data.get("allocated") or {}),
        node=Place(node["name"], node.get("labels") or {}),
    )


def _in_use(allocated: dict[str, Any]) -> InUse:
    """Who uses what. The consumption of all shares of a device is recorded as one sum."""
    found: dict[tuple[str, str, str], tuple[Use, ...]] = {}

    def add(each: dict[str, Any], use: Use) -> None:
        key = (each["driver"], each["pool"], each["device"])
        found[key] = (*found.get(key, ()), use)

    for each in allocated.get("devices") or ():
        add(each, Use("another"))
    for each in allocated.get("sharedDevices") or ():
        add(each, Use("another", each["shareID"]))
    for each in allocated.get("capacity") or ():
        add(each, Use("another", "all-shares", each["consumedCapacity"]))
    return found


def comparable(result: Any) -> Any:
    """A result as data in which all that has no order is in one."""
    data = (
        to_data(result)
        if isinstance(result, AllocationResult)
        else to_data(from_data(result, AllocationResult))
    )
    devices = data.get("devices", {})
    for each in devices.get("results", ()):
        if "shareID" in each:
            each["shareID"] = SHARE
    for name in ("results", "config"):
        if name in devices:
            devices[name] = sorted(devices[name], key=_text)
    for term in data.get("nodeSelector", {}).get("nodeSelectorTerms", ()):
        for name, conditions in term.items():
            term[name] = sorted(conditions, key=_text)
    return data


def with_share_ids(results: list[Any]) -> list[AllocationResult]:
    """Recorded results with a shareID of its own for each share."""
    numbers = iter(range(10_000))
    found = []
    for result in results:
        for each in result["devices"].get("results", ()):
            if "shareID" in each:
                each["shareID"] = f"share-{next(numbers)}"
        found.append(from_data(result, AllocationResult))
    return found


def _text(data: Any) -> str:
    return json.dumps(data, sort_keys=True)

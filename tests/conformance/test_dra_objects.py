"""Every object of the recorded DRA cases is read, and written again but for what the API sets itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec import Struct

from cod.resource import (
    AllocationResult,
    Attribute,
    Capacity,
    DeviceClass,
    ResourceClaim,
    ResourceSlice,
    Taint,
    Toleration,
    decode,
    encode,
    from_data,
    problems,
    to_data,
    to_yaml,
)

from .recorded import DATA

FILES = ("allocator-all.json", "edge-cases.json", "random-500.jsonl")
KINDS: dict[str, type[Struct]] = {"slices": ResourceSlice, "classes": DeviceClass, "claims": ResourceClaim}
USUAL = {
    "count": 1,
    "operator": "Equal",
    "allocationMode": "ExactCount",
}  # what the API sets where it is not given


def cases(file: str) -> list[dict[str, Any]]:
    path = DATA / "dra" / file
    if not path.exists():
        pytest.skip(f"…/shared/data/dra/{file} is absent")
    text = path.read_text()
    lines = text.splitlines() if file.endswith("l") else [text]
    found = [json.loads(line) for line in lines]
    return found if file.endswith("l") else list(found[0])


def objects(file: str) -> Iterator[tuple[dict[str, Any], type[Struct]]]:
    for case in cases(file):
        given = case.get("input", case)
        for field, type_ in KINDS.items():
            yield from ((each, type_) for each in given.get(field) or ())
        for result in (case.get("expect") or {}).get("results") or ():
            if result is not None:
                yield result, AllocationResult


def lost(data: Any, written: Any) -> bool:
    """Whether something that says anything is not there any more."""
    if isinstance(data, dict):
        return any(
            lost(item, written[key]) if key in written else bool(item) and USUAL.get(key) != item
            for key, item in data.items()
        )
    if isinstance(data, list):
        return len(data) != len(written) or any(map(lost, data, written))
    return bool(data != written)


@pytest.mark.parametrize("file", FILES)
def test_every_recorded_object_is_written_as_it_was_read(file: str) -> None:
    count = 0
    for data, type_ in objects(file):
        value = from_data(data, type_)
        assert not lost(data, to_data(value)), data
        assert from_data(to_data(value), type_) == value
        if isinstance(value, (ResourceSlice, DeviceClass, ResourceClaim)):
            assert decode(encode(value)) == decode(to_yaml(value)) == [value]
            problems(value)
        count += 1
    assert count > 100


def test_the_parts_of_the_other_recorded_cases_are_read_too() -> None:
    for case in cases("cel.json"):
        for part, type_ in (("attributes", Attribute), ("capacity", Capacity)):
            for data in (case[part] or {}).values():
                assert to_data(from_data(data, type_)) == data
    for case in cases("tolerations.json"):
        assert not lost(case["taint"], to_data(from_data(case["taint"], Taint)))
        assert not lost(case["toleration"], to_data(from_data(case["toleration"], Toleration)))

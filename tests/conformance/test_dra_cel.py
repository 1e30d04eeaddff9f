"""Device selectors as Kubernetes' own compiler of them judges them: its table, with what it answered."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import msgspec
import pytest

from cod.cel import EvaluationError, InvalidExpression, Selector, compile_selector
from cod.resource import Device

from .recorded import DATA

LIMITED = "the limit of costs stops it there"


@lru_cache(maxsize=1)
def recorded() -> list[dict[str, Any]]:
    path = DATA / "dra" / "cel.json"
    if not path.exists():
        pytest.skip("…/shared/data/dra/cel.json is absent")
    cases: list[dict[str, Any]] = json.loads(path.read_text())
    return cases


def compiled(case: dict[str, Any]) -> Selector:
    is_stored = case["envType"] == "StoredExpressions"
    return compile_selector(
        case["expression"],
        consumable_capacity=is_stored or case["features"]["ConsumableCapacity"],
        list_attributes=is_stored or case["features"]["ListTypeAttributes"],
    )


def device(case: dict[str, Any]) -> Device:
    data = {
        "name": "device",
        "attributes": case["attributes"] or {},
        "capacity": case["capacity"] or {},
        "allowMultipleAllocations": case.get("allowMultipleAllocations") or False,
    }
    return msgspec.convert(data, Device)


def test_what_does_not_compile_is_refused_in_the_same_words() -> None:
    refused = 0
    for case in recorded():
        theirs = case["actual"].get("compileError")
        if theirs is None:
            compiled(case)
            continue
        refused += 1
        with pytest.raises(InvalidExpression) as ours:
            compiled(case)
        if "Syntax error" in theirs:  # what an ANTLR grammar expects is no help to anybody
            assert str(ours.value).startswith("compilation failed: ERROR: <input>:1:1: Syntax error: ")
        else:
            assert str(ours.value) == theirs
    assert refused


def test_each_selector_has_the_same_type_and_answer() -> None:
    wrong, ran = [], 0
    for case in recorded():
        actual = case["actual"]
        if "compileError" in actual or "cost limit" in actual.get("matchError", ""):
            continue
        ran += 1
        selector = compiled(case)
        try:
            answer: Any = selector.matches(case["driver"], device(case))
        except EvaluationError as error:
            answer = str(error)
        wanted = actual.get("matchError", actual.get("match"))
        if answer != wanted or str(selector.checked.type) != actual["outputType"]:
            wrong.append(f"{case['name']}: {answer!r} of {selector.checked.type}, wanted {actual}")
    assert not wrong, "\n".join(wrong)
    assert ran > 100


def test_each_selector_can_cost_and_did_cost_the_same() -> None:
    wrong, ran = [], 0
    for case in recorded():
        actual = case["actual"]
        if "compileError" in actual:
            continue
        ran += 1
        selector = compiled(case)
        ours = selector.estimate[1], selector.cost(case["driver"], device(case))
        theirs = actual["maxCost"], actual["actualCost"]
        if ours != theirs:
            wrong.append(f"{case['name']}: {ours}, wanted {theirs}")
    assert not wrong, "\n".join(wrong)
    assert ran > 100

"""Recorded cases: inputs, and the answers that a reference implementation gave to them.

    DATA/cdi/names.json   {"cases": [{"id": …, "request": {…}, "expect": …}, …]}

The data lies beside the checkout, not in it; `COD_DATA` says where else. Where it is absent, tests skip.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from cod.cdi.spec import Spec

from .differences import differences_of, listed_cases

REPOSITORY = Path(__file__).parents[2]
DATA = Path(os.environ.get("COD_DATA", REPOSITORY.parent / "shared" / "data"))


def cases(file: str) -> list[dict[str, Any]]:
    """All cases of a file, such as `cdi/names`; skips the test if the file is absent.

    What follows a `:` names the part of each answer that is compared, such as `cdi/write:mode`.
    """
    path = DATA / f"{file.partition(':')[0]}.json"
    if not path.exists():
        pytest.skip(f"…/shared/data/{path.relative_to(DATA)} is absent")
    found: list[dict[str, Any]] = json.loads(path.read_text())["cases"]
    return found


def listed(file: str) -> list[dict[str, Any]]:
    """All cases of a file that is nothing but them, a list or one a line; skips the test if it is absent."""
    path = DATA / file
    if not path.exists():
        pytest.skip(f"…/shared/data/{file} is absent")
    text = path.read_text()
    return (
        [json.loads(line) for line in text.splitlines()]
        if path.suffix == ".jsonl"
        else list(json.loads(text))
    )


def spec_of(data: dict[str, Any]) -> Spec:
    """A spec of a request; `null` is what Go has where nothing is given."""
    return msgspec.convert(_without_nulls(data), Spec)


def _without_nulls(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _without_nulls(value) for key, value in data.items() if value is not None}
    return [_without_nulls(value) for value in data] if isinstance(data, list) else data


class Tally(NamedTuple):
    """How a file's cases came out. `wrong` has a line for each case that nothing explains."""

    file: str
    cases: int
    same: int
    on_purpose: int
    wrong: list[str]


SAME, ON_PURPOSE = "same", "on purpose"


def replay(
    file: str,
    answer: Callable[[dict[str, Any]], Any],
    expected: Callable[[dict[str, Any]], Any] = lambda case: case["expect"],
) -> Tally:
    """Answer every case of a file and compare: `answer` gets a case's request, `expected` the whole case."""
    recorded = cases(file)
    verdicts = [compare(file, case["id"], answer(case["request"]), expected(case)) for case in recorded]
    wrong = [verdict for verdict in verdicts if verdict not in (SAME, ON_PURPOSE)]
    wrong += [f"{gone}: is listed and not there" for gone in listed_cases(file) - {c["id"] for c in recorded}]
    return Tally(file, len(recorded), verdicts.count(SAME), verdicts.count(ON_PURPOSE), wrong)


def compare(file: str, case_id: str, ours: Any, theirs: Any) -> str:
    """Say SAME, ON_PURPOSE, or in a line what is wrong with our answer to a case.

    A difference on purpose says what our answer is instead, so it excuses that answer and no other. One that
    is listed for a case and changes nothing there is wrong too.
    """
    wanted = theirs
    for slug, instead in (listed := differences_of(file, case_id)):
        before, wanted = wanted, instead(wanted)
        if wanted == before:
            return f"{case_id}: {slug} is listed and does not differ"
    if ours != wanted:
        return f"{case_id}: {_first_difference(ours, wanted)}"
    return ON_PURPOSE if listed else SAME


def _first_difference(ours: Any, wanted: Any, where: str = "") -> str:
    """Describe the first place where two answers differ: `.error: ours …, wanted …`."""
    if isinstance(ours, dict) and isinstance(wanted, dict):
        pairs = [(f".{key}", ours.get(key), wanted.get(key)) for key in {**wanted, **ours}]
    elif isinstance(ours, list) and isinstance(wanted, list) and len(ours) == len(wanted):
        pairs = [(f"[{index}]", *pair) for index, pair in enumerate(zip(ours, wanted, strict=True))]
    else:
        return f"{where} ours {ours!r}, wanted {wanted!r}"
    return next((_first_difference(a, b, where + step) for step, a, b in pairs if a != b), "not equal")


def as_go_omits(data: Any) -> Any:
    """OCI data without what is empty: Go's structs write some of that always, and other of it never."""
    if isinstance(data, dict):
        pruned = {key: as_go_omits(value) for key, value in data.items()}
        return {key: value for key, value in pruned.items() if key == "allow" or not _is_zero(value)}
    return [as_go_omits(value) for value in data] if isinstance(data, list) else data


def _is_zero(value: Any) -> bool:
    return value is None or value in ({}, [], "", 0)

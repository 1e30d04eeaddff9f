"""Where we answer otherwise than a reference implementation, on purpose: all of it, in one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

Instead = Callable[[Any], Any]


class Difference(NamedTuple):
    """One way in which our answers differ.

    `cases` lists by file the ids, each with a function that makes our answer of theirs. A function alone
    stands for every case of a file.
    """

    reason: str
    cases: Mapping[str, Mapping[str, Instead] | Instead]


def differences_of(file: str, case_id: str) -> list[tuple[str, Instead]]:
    """List the slugs of the differences that concern a case, and what we answer instead, in order."""
    found = []
    for slug, difference in DIFFERENCES.items():
        listed = difference.cases.get(file, {})
        instead = listed if callable(listed) else listed.get(case_id)
        if instead:
            found.append((slug, instead))
    return found


def listed_cases(file: str) -> set[str]:
    """List the ids that the table names for a file: each should be there."""
    found = [difference.cases.get(file, {}) for difference in DIFFERENCES.values()]
    return {case_id for listed in found if not callable(listed) for case_id in listed}


def _refused(text: str) -> Instead:
    return lambda _: {"error": text, "tree": {}}


def _replaced(old: str, new: str) -> Instead:
    return lambda answer: {
        **answer,
        "tree": {name: text.replace(old, new) for name, text in answer["tree"].items()},
    }


def _minimum(version: str) -> Instead:
    return lambda answer: {**answer, "min_version": version}


DIFFERENCES: dict[str, Difference] = {
    "file-mode": Difference(
        "the reference leaves a spec at mode 0600, where only root can read it; ours have 0644",
        {"cdi/write:mode": lambda modes: ["0644" for _ in modes]},
    ),
    "escaping-names": Difference(
        "the reference makes a path of any name, also one that leads elsewhere; we take names only",
        {
            "cdi/write": {
                "name-8": _refused("invalid file name \"./x\", invalid character '/'"),
                "name-9": _refused("invalid file name \"x/\", invalid character '/'"),
            },
            "cdi/write:mode": dict.fromkeys(("name-8", "name-9"), lambda _: []),
        },
    ),
    "merge-key": Difference(
        "the reference writes `<<` plain, which readers take for a merge; we quote it, as newer yaml.v3 does",
        {"cdi/write": {"ann-31": _replaced("k: <<", 'k: "<<"')}},
    ),
    "last-device": Difference(
        "of all devices the reference sees `hostPath` and a mount's `type` in the last one only (a loop "
        "variable of Go before 1.22); our minimum is right, and what the reference accepts we accept",
        {
            "cdi/version": dict.fromkeys(
                ("gen-3", "gen-24", "gen-38", "gen-59", "gen-69", "gen-96", "gen-147"), _minimum("0.5.0")
            )
            | dict.fromkeys(("gen-5", "gen-64", "gen-120", "gen-124", "gen-131"), _minimum("0.4.0"))
        },
    ),
}

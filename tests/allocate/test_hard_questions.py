"""Questions at which a search without a plan counts to millions: each has an answer, soon."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import pytest

from cod.allocate import Node, NoFit, allocate
from cod.resource import ResourceClaim, ResourceSlice
from tests.allocate.checker import faults
from tests.allocate.short import CLASSES, ask, claim, slice_

LONGEST = 5.0  # seconds; such a question is to take milliseconds, and the machine may be busy
PROFILES = {  # as on an A100 with 40 GB: compute slices, memory slices, where it may begin
    "1g": (1, 1, range(7)),
    "2g": (2, 2, (0, 2, 4)),
    "3g": (3, 4, (0, 4)),
    "4g": (4, 4, (0,)),
    "7g": (7, 8, (0,)),
}

Question = tuple[bool, Sequence[ResourceClaim], Sequence[ResourceSlice]]


def plain(count: int) -> list[ResourceSlice]:
    return [slice_(*({"name": f"x{number}"} for number in range(count)))]


def groups(*sizes: int) -> list[ResourceSlice]:
    """Devices in groups of one attribute, in turn."""
    rows = [(row, group) for group, size in enumerate(sizes) for row in range(size)]
    devices = (
        {"name": f"x{group}-{row}", "attributes": {"g": {"int": group}}} for row, group in sorted(rows)
    )
    return [slice_(*devices)]


def pairs(count: int, roots: Sequence[int]) -> list[ResourceSlice]:
    """Cards of two kinds; the second has its roots in this order."""
    devices: list[dict[str, Any]] = []
    for kind, places in (("gpu", range(count)), ("nic", roots)):
        for number, root in enumerate(places):
            attributes = {"kind": {"string": kind}, "root": {"int": root}}
            devices.append({"name": f"{kind}-{number}", "attributes": attributes})
    return [slice_(*devices)]


def aligned(count: int, *, in_turn: bool) -> ResourceClaim:
    """A card of each kind below one root, so many times; the kinds in turn, or one after the other."""
    order = [(kind, n) for n in range(count) for kind in ("gpu", "nic")]
    if not in_turn:
        order.sort()
    requests = [
        ask(f"{kind}{n}", selectors=[{"cel": {"expression": f'device.attributes["d"].kind == "{kind}"'}}])
        for kind, n in order
    ]
    constraints = [{"matchAttribute": "d/root", "requests": [f"gpu{n}", f"nic{n}"]} for n in range(count)]
    return claim(*requests, constraints=constraints)


def mig(gpus: int) -> list[ResourceSlice]:
    """GPUs that can be partitioned, each with all of its partitions."""
    per = [f"slice{number}" for number in range(8)]
    sets = [
        {"name": f"gpu{gpu}", "counters": {"sm": {"value": "7"}, **{each: {"value": "1"} for each in per}}}
        for gpu in range(gpus)
    ]
    found = [slice_(name="counters", count=gpus + 1, sharedCounters=sets)]
    for gpu in range(gpus):
        devices = []
        for profile, (compute, memory, starts) in PROFILES.items():
            for start in starts:
                counters = {"sm": {"value": str(compute)}}
                counters |= {each: {"value": "1"} for each in per[start : start + memory]}
                devices.append(
                    {
                        "name": f"gpu{gpu}-{profile}-{start}",
                        "attributes": {"profile": {"string": profile}},
                        "consumesCounters": [{"counterSet": f"gpu{gpu}", "counters": counters}],
                    }
                )
        found.append(slice_(*devices, name=f"gpu{gpu}", count=gpus + 1))
    return found


def partitions(profile: str, count: int) -> dict[str, Any]:
    expression = f'device.attributes["d"].profile == "{profile}"'
    return ask(f"of-{profile}", count, selectors=[{"cel": {"expression": expression}}])


def several(count: int, *requests: dict[str, Any]) -> list[ResourceClaim]:
    return [claim(*requests, name=f"c{number}") for number in range(count)]


SAME = [{"matchAttribute": "d/g"}]
OTHER = [{"distinctAttribute": "d/g"}]
ONES = [ask(f"r{number}") for number in range(8)]
QUESTIONS: dict[str, Question] = {
    "25 of 24": (False, [claim(ask(count=25))], plain(24)),
    "25 requests for 24": (False, [claim(*(ask(f"r{n}") for n in range(25)))], plain(24)),
    "25 claims for 24": (False, several(25, ask()), plain(24)),
    "24 claims for 24": (True, several(24, ask()), plain(24)),
    "8 alike of 8 and 8": (True, [claim(ask(count=8), constraints=SAME)], groups(8, 8)),
    "8 alike of 7 and 9": (True, [claim(ask(count=8), constraints=SAME)], groups(7, 9)),
    "8 alike of 7, 7 and 2": (False, [claim(ask(count=8), constraints=SAME)], groups(7, 7, 2)),
    "8 alike one by one of 7 and 9": (True, [claim(*ONES, constraints=SAME)], groups(7, 9)),
    "8 alike one by one of 6, 6 and 4": (False, [claim(*ONES, constraints=SAME)], groups(6, 6, 4)),
    "7 unlike of 6 groups": (False, [claim(*ONES[:7], constraints=OTHER)], groups(*[4] * 6)),
    "8 unlike of 8 groups": (True, [claim(ask(count=8), constraints=OTHER)], groups(*[3] * 8)),
    "8 pairs, in turn": (True, [aligned(8, in_turn=True)], pairs(8, [*range(7, -1, -1)])),
    "8 pairs, apart": (True, [aligned(8, in_turn=False)], pairs(8, [*range(7, -1, -1)])),
    "8 pairs, one elsewhere, in turn": (False, [aligned(8, in_turn=True)], pairs(8, [*range(7, 0, -1), 99])),
    "8 pairs, one elsewhere, apart": (False, [aligned(8, in_turn=False)], pairs(8, [*range(7, 0, -1), 99])),
    "all of 8 GPUs": (True, [claim(partitions("7g", 8))], mig(8)),
    "4g first, then 3g": (True, [claim(partitions("4g", 8), partitions("3g", 8))], mig(8)),
    "3g first, then 4g": (True, [claim(partitions("3g", 8), partitions("4g", 8))], mig(8)),
    "17 of 3g on 8 GPUs": (False, [claim(partitions("3g", 17))], mig(8)),
    "15 of 1g on 2 GPUs": (False, [claim(partitions("1g", 15))], mig(2)),
    "any 15 on 2 GPUs": (False, [claim(ask(count=15))], mig(2)),
    "any 14 on 2 GPUs": (True, [claim(ask(count=14))], mig(2)),
    "3 of 4g on 2 GPUs": (False, [claim(partitions("4g", 3))], mig(2)),
    "5 claims of 3g on 2 GPUs": (False, several(5, partitions("3g", 1)), mig(2)),
    "claims of 1g, 2g and 3g fill 4 GPUs": (
        True,
        several(4, partitions("1g", 2), partitions("2g", 1), partitions("3g", 1)),
        mig(4),
    ),
    "one claim more": (
        False,
        several(5, partitions("1g", 2), partitions("2g", 1), partitions("3g", 1)),
        mig(4),
    ),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_hard_question_is_answered_soon_and_right(name: str) -> None:
    fits, claims, slices = QUESTIONS[name]
    node = Node(name="n0")
    start = time.perf_counter()
    if not fits:
        with pytest.raises(NoFit):
            allocate(claims, CLASSES, slices, {}, node=node)
    else:
        results = allocate(claims, CLASSES, slices, {}, node=node)
        assert faults(claims, CLASSES, slices, {}, node, results) == []
    assert time.perf_counter() - start < LONGEST

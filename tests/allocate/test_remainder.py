"""What is left is left whole: claims that come one after the other find room where first fit has none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations_with_replacement
from random import Random
from typing import Any, Literal

import pytest
from msgspec.structs import replace

from cod.allocate import Allocator, InUse, Node, NoFit, Options, Use
from cod.resource import NUMA_NODE, ClaimStatus, ResourceClaim, ResourceSlice
from tests.allocate.short import CLASSES, ask, claim, mem, shared, slice_
from tests.allocate.test_hard_questions import mig, partitions

NODE = Node("n0")
EIGHT = mig(8)
TILES = ("7g", "4g 3g", "4g 2g 1g", "4g 1g 1g 1g", "3g 3g", "3g 2g 2g", "2g 2g 2g 1g", "1g " * 7, "4g 2g")

Order = Literal["best", "first"]


def refused(
    slices: Iterable[ResourceSlice],
    claims: Iterable[ResourceClaim],
    order: Order = "best",
    in_use: InUse | None = None,
) -> list[str]:
    """The claims that are refused when they come one after the other."""
    allocator = Allocator(slices, CLASSES, in_use or {}, options=Options(order=order))
    found = []
    for each in claims:
        try:
            (result,) = allocator.allocate([each], NODE)
        except NoFit:
            found.append(each.name)
        else:
            allocator.take([replace(each, status=ClaimStatus(allocation=result))])
    return found


def pods(profiles: str | Sequence[str]) -> list[ResourceClaim]:
    """A claim for each partition."""
    wanted = profiles.split() if isinstance(profiles, str) else profiles
    return [claim(partitions(each, 1), name=f"{number}-{each}") for number, each in enumerate(wanted)]


def fit_together(slices: Iterable[ResourceSlice], profiles: Sequence[str]) -> bool:
    return Allocator(slices, CLASSES).fitting(pods(profiles), [NODE])[0]


@pytest.mark.parametrize("first", ["3g", "2g", "1g", "1g 2g", "2g 1g", "1g 1g 1g"])
def test_a_gpu_has_room_for_its_largest_half_after_a_small_partition(first: str) -> None:
    assert refused(mig(1), pods(f"{first} 4g")) == []
    assert refused(mig(1), pods(f"4g {first}")) == []


@pytest.mark.parametrize("wanted", ["3g 3g", "1g 3g 2g", "1g 1g 3g 1g", "2g 2g 2g 1g", "1g " * 7])
def test_a_gpu_is_filled_by_what_comes(wanted: str) -> None:
    assert refused(mig(1), pods(wanted)) == []


@pytest.mark.parametrize("small", ["1g", "2g"])
def test_small_partitions_leave_other_gpus_whole(small: str) -> None:
    assert refused(mig(8), pods([small, small, *["7g"] * 7])) == []


def test_eight_of_the_smallest_need_two_gpus_so_one_of_seven_large_ones_is_left_out() -> None:
    wanted = ["1g"] * 8 + ["7g"] * 7
    assert not fit_together(EIGHT, wanted)  # a GPU has seven of the smallest
    assert len(refused(EIGHT, pods(wanted))) == 1


def gpus(*numa: int, **more: Any) -> list[ResourceSlice]:
    """Whole GPUs, each on a NUMA node."""
    return [
        slice_(
            *(
                {"name": f"gpu{number}", "attributes": {NUMA_NODE: {"int": node}}, **more}
                for number, node in enumerate(numa)
            )
        )
    ]


def held(*numbers: int) -> InUse:
    return {("d", "p", f"gpu{number}"): (Use("other"),) for number in numbers}


def aligned(count: int) -> ResourceClaim:
    return claim(ask(count=count), constraints=[{"matchAttribute": NUMA_NODE}], name=f"{count}-aligned")


@pytest.mark.parametrize("order", ["best", "first"])
def test_one_gpu_does_not_break_the_only_numa_node_with_four_free(order: Order) -> None:
    slices = gpus(0, 0, 0, 0, 1, 1, 1, 1)
    found = refused(slices, [claim(ask()), aligned(4)], order, held(5, 6, 7))
    assert found == ([] if order == "best" else ["4-aligned"])


@pytest.mark.parametrize(
    ("busy", "wanted"),
    [
        ((), [1, 4]),
        ((), [1, 1, 4]),
        ((), [2, 4, 2]),
        ((), [3, 1, 4]),
        ((), [1, 3, 3, 1]),
        ((0,), [3, 4]),
        ((4, 5), [2, 4]),
        ((0, 4, 5), [2, 3]),
    ],
)
def test_aligned_claims_fill_the_hole_that_is_just_large_enough(
    busy: Sequence[int], wanted: list[int]
) -> None:
    slices = gpus(0, 0, 0, 0, 1, 1, 1, 1)
    assert refused(slices, [aligned(count) for count in wanted], "best", held(*busy)) == []


def test_a_share_comes_from_the_shared_device_that_is_fullest_already() -> None:
    slices = [slice_(shared("a", "80"), shared("b", "80"))]
    used: InUse = {("d", "p", "b"): (Use("other", "share-1", {"mem": "60"}),)}
    claims = [claim(ask(**mem("10")), name="small"), claim(ask(**mem("80")), name="large")]
    assert refused(slices, claims, "best", used) == []
    assert refused(slices, claims, "first", used) == ["large"]


def test_more_claims_fit_than_by_first_fit_where_all_would() -> None:
    left_out: Counter[str] = Counter()
    for seed in range(30):
        random = Random(seed)
        wanted = [each for _ in range(8) for each in random.choice(TILES).split()]  # so that all fit
        random.shuffle(wanted)
        assert fit_together(EIGHT, wanted)
        left_out["best"] += len(refused(EIGHT, pods(wanted)))
        left_out["first"] += len(refused(EIGHT, pods(wanted), "first"))
    assert left_out["best"] * 2 < left_out["first"]
    assert left_out["best"] < 30 / 4


def test_one_after_the_other_nearly_as_many_fit_as_can_at_all() -> None:
    two = mig(2)
    left_out: Counter[str] = Counter()
    for seed in range(30):
        wanted = Random(seed).choices(["1g", "1g", "2g", "3g", "4g", "7g"], k=6)
        best = refused(two, pods(wanted))
        left_out["best"] += len(best)
        left_out["first"] += len(refused(two, pods(wanted), "first"))
        left_out["least"] += fewest_dropped(two, wanted, len(best))
    assert left_out["least"] <= left_out["best"] <= left_out["first"]
    assert left_out["best"] - left_out["least"] < 15  # who places one by one does not know what comes


def fewest_dropped(slices: Sequence[ResourceSlice], wanted: Sequence[str], most: int) -> int:
    """How many claims have to be left out so that the others fit together."""
    for count in range(most):
        for dropped in combinations_with_replacement(sorted({*wanted}), count):
            rest = Counter(wanted)
            rest.subtract(dropped)
            if min(rest.values()) >= 0 and fit_together(slices, [*rest.elements()]):
                return count
    return most

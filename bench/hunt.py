"""Hunts for inputs on which the allocator is slow: random ones, then whatever change makes them slower.

    python -m bench.hunt [--seconds 60] [--limit 50] [--without FEATURE …] [--order first] [--save DIR]

Prints every instance that took more than `--limit` milliseconds, was undecided, or failed, else the slowest;
`--save` writes these as files that `--replay FILE` measures again.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from bench.allocation.asking import Order, allocator_of, node_of
from bench.allocation.hostile import FEATURES, Plan, changed, instance, limited, random_plan
from cod.allocate import NoFit, Undecided

PATIENCE = 40  # changes in a row that make nothing slower, before something else is tried
STARTS = 10  # random instances, the slowest of which is changed
ENOUGH = 1_000  # milliseconds, which is slow enough to look at
SHOWN = 10


class Find(Struct, frozen=True):
    """An instance, how long it took, in milliseconds, and what came of it."""

    ms: float
    outcome: str
    seed: int
    plan: Plan

    @property
    def bad(self) -> bool:
        """Whether it is wrong, however fast it was."""
        return self.outcome not in ("fits", "no fit")


def measure(plan: Plan, seed: int, order: Order) -> Find:
    """Ask for an instance's claims once, of a new Allocator, in processor time."""
    given = instance(plan, f"hunt {seed}")
    node = node_of(given.nodes[0])
    start = time.process_time()
    try:
        allocator_of(given, order).allocate(given.claims, node)
        outcome = "fits"
    except NoFit:
        outcome = "no fit"
    except Undecided:
        outcome = "undecided"
    except Exception as problem:  # what else may come is what is hunted, too
        outcome = f"{type(problem).__name__}: {problem}"
    return Find((time.process_time() - start) * 1e3, outcome, seed, plan)


def climb(seed: int, until: float, without: Sequence[str], order: Order) -> tuple[Find, list[Find]]:
    """From a random instance to ever slower ones, until no change helps; the slowest, and all bad ones."""
    chance = random.Random(seed)
    starts = [measure(limited(random_plan(chance), without), seed, order) for _ in range(STARTS)]
    slowest = max(starts, key=lambda each: each.ms)
    bad = [each for each in starts if each.bad]
    waited = 0
    while waited < PATIENCE and time.monotonic() < until:
        found = measure(limited(changed(slowest.plan, chance), without), seed, order)
        if found.bad:
            bad.append(found)
            if found.outcome != "undecided":
                waited += 1
                continue
        better = found.ms > slowest.ms
        waited = 0 if found.ms > 1.05 * slowest.ms else waited + 1
        if better:
            slowest = found
        if found.outcome == "undecided" or slowest.ms > ENOUGH:
            break
    again = measure(slowest.plan, seed, order)  # the first time may have been a pause
    return (min(slowest, again, key=lambda each: each.ms), bad)


def hunt(seconds: float, seed: int, without: Sequence[str], order: Order) -> tuple[list[Find], int]:
    """The slowest of every climb and all that are bad, and the number of climbs."""
    until = time.monotonic() + seconds
    finds: list[Find] = []
    climbs = 0
    while time.monotonic() < until:
        slowest, bad = climb(seed + climbs, until, without, order)
        finds += [slowest, *(each for each in bad if each.plan != slowest.plan)]
        climbs += 1
    return finds, climbs


def shape(plan: Plan) -> str:
    requests = [len(each.requests) for each in plan.claims]
    wanted = sum(max(wish.count for wish in wishes) for each in plan.claims for wishes in each.requests)
    constraints = sum(len(each.constraints) for each in plan.claims)
    counters = sum(bool(each.takes) for each in plan.devices)
    shared = sum(bool(each.shares) for each in plan.devices)
    return (
        f"{len(plan.devices)} devices ({counters} with counters, {shared} shared), "
        f"claims of {'+'.join(map(str, requests))} requests, {wanted} wanted, {constraints} constraints"
    )


def show(find: Find) -> None:
    print(f"{find.ms:>9.1f} ms  {find.outcome[:100]:<10} seed {find.seed:<6} {shape(find.plan)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.hunt", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60, help="how long to hunt")
    parser.add_argument("--seed", type=int, default=0, help="where to begin")
    parser.add_argument("--limit", type=float, default=50, metavar="MS", help="what counts as slow")
    parser.add_argument("--without", nargs="*", choices=FEATURES, default=(), help="what takes no part")
    parser.add_argument("--order", choices=("best", "first"), default="best", help="which of all solutions")
    parser.add_argument("--save", type=Path, metavar="DIR", help="write what is slow or bad")
    parser.add_argument("--replay", type=Path, nargs="*", metavar="FILE", help="measure what was written")
    chosen = parser.parse_args()
    if chosen.replay:
        for file in chosen.replay:
            show(measure(msgspec.json.decode(file.read_bytes(), type=Plan), 0, chosen.order))
        return
    finds, climbs = hunt(chosen.seconds, chosen.seed, chosen.without, chosen.order)
    finds.sort(key=lambda each: -each.ms)
    noteworthy = [each for each in finds if each.bad or each.ms > chosen.limit]
    print(f"{climbs} climbs; {len(noteworthy)} over {chosen.limit:g} ms or bad")
    for each in noteworthy or finds[:SHOWN]:
        show(each)
    if chosen.save:
        chosen.save.mkdir(parents=True, exist_ok=True)
        for number, each in enumerate(noteworthy or finds[:SHOWN]):
            file = chosen.save / f"{number:03d}-{each.seed}.json"
            file.write_bytes(msgspec.json.encode(each.plan))


if __name__ == "__main__":
    main()

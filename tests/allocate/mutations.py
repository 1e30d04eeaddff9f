"""Objects with something wrong in them that can still be read: only an answer or a refusal may come of it.

    python -m tests.allocate.mutations --seconds 600 [--seed 0] [--limit 2]

Prints every instance out of which an exception came that is none of ours, and every one that took long.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import Any

from cod.allocate import Allocator, Node, NoFit, Options, allocate
from cod.allocate.alike import alike
from cod.errors import CodError
from cod.resource import DeviceClass, ResourceClaim, ResourceSlice, from_data, to_data
from tests.allocate.instances import Instance, mixed_instance
from tests.allocate.laws import as_node

QUANTITIES = (
    *(
        "0",
        "-1",
        "-0",
        "1m",
        "1500m",
        "1n",
        "1e30",
        "1e-30",
        "1e2000000000",
        "-1e2000000000",
        "1e-2000000000",
    ),
    *("9223372036854775808", "16Ei", "1Ki", "0.5", "+3", "", "abc", "1e5000", "٣"),
)
TEXTS = (
    "",
    "x",
    "a/b/c",
    "/",
    "\x00",
    "٣",
    "a" * 300,
    "ExactCount",
    "All",
    "Exists",
    "In",
    "Gt",
    "NoSchedule",
    "r0",
)
NUMBERS = (0, -1, 1, 2, 3, 31, 33, 2**31, 2**62)
EXPRESSIONS = (
    *(
        "true",
        "1",
        "1 / 0 == 1",
        'device.attributes["x"].y',
        "device.capacity",
        '"".matches("a*")',
        "dyn(1) == 1",
    ),
    *('device.capacity["a.example.com"].mem.add(quantity("1e2000000000")).sign() > 0', "[1].all(x, x > 0)"),
)


def mutated(random: Random, data: Any, path: tuple[str, ...] = ()) -> Any:
    """Plain data with one thing in it changed, at random."""
    if isinstance(data, dict) and data and random.random() < 0.93:
        key = random.choice(sorted(data))
        if random.random() < 0.05:
            return {name: each for name, each in data.items() if name != key}
        return data | {key: mutated(random, data[key], (*path, key))}
    if isinstance(data, list) and data and random.random() < 0.9:
        place = random.randrange(len(data))
        if random.random() < 0.1:
            return [*data[:place], data[place], *data[place:]]
        if random.random() < 0.1:
            return data[:place] + data[place + 1 :]
        return [*data[:place], mutated(random, data[place], path), *data[place + 1 :]]
    return _other(random, data, path)


def _other(random: Random, data: Any, path: tuple[str, ...]) -> Any:
    if random.random() < 0.1:
        return random.choice((None, {}, [], True, "x", 1))
    if isinstance(data, bool):
        return not data
    if isinstance(data, int):
        return random.choice(NUMBERS)
    if isinstance(data, str):
        last = path[-1] if path else ""
        if last == "expression":
            return random.choice(EXPRESSIONS)
        is_amount = last in ("value", "default", "min", "max", "step", "mem", "bw", "validValues")
        return random.choice(QUANTITIES if is_amount and random.random() < 0.9 else TEXTS)
    return data


def readable(random: Random, type_: type[Any], given: Any) -> Any:
    """An object with a few things changed, if it can still be read; else as it was."""
    data = to_data(given)
    for _ in range(random.choice((1, 1, 2, 4))):
        data = mutated(random, data)
    try:
        return from_data(data, type_)
    except CodError:
        return given


def mutant(random: Random) -> Instance:
    """An instance in which something is wrong."""
    claims, classes, slices, used, node = mixed_instance(random)
    if random.random() < 0.7:
        slices = [readable(random, ResourceSlice, each) for each in slices]
    if random.random() < 0.7:
        claims = [readable(random, ResourceClaim, each) for each in claims]
    if random.random() < 0.2:
        classes = [readable(random, DeviceClass, each) for each in classes]
    if random.random() < 0.3:
        slices = [*slices, random.choice(slices)]
    return Instance(claims, classes, slices, used, node)


def questions(instance: Instance) -> Iterator[tuple[str, Callable[[], object]]]:
    """Everything that an allocator can be asked."""
    claims, classes, slices, used, place = instance
    node = as_node(place)
    nodes = [Node("n0", {"zone": "z0", "cards": "2"}), Node("n1", {"zone": "z1", "cards": "x"}), Node("")]
    for options in (Options(), Options(order="first"), Options(strict=True, order="first")):
        asked = partial(allocate, claims, classes, slices, used, node=node, options=options)
        yield f"{options.order} {options.strict}", asked
    kept = Allocator(slices, classes, used)
    yield "choose", lambda: kept.choose(claims, node)
    yield "fitting", lambda: kept.fitting(claims, nodes)
    yield "alike", lambda: alike(kept, claims, nodes)


def outcome(ask: Callable[[], object]) -> str:
    """What was wrong with the answer: nothing, if it is one or a refusal of ours that can be printed."""
    try:
        ask()
    except CodError as error:
        try:
            _ = str(error), error.causes, error.hint
            if isinstance(error, NoFit):
                _ = error.refusal.causes
        except CodError:
            return ""
        except Exception:  # whatever comes out of an explanation that is looked for faults
            return traceback.format_exc()
    except Exception:
        return traceback.format_exc()
    return ""


def main() -> int:
    """Run until the time is over; the exit status is 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0, help="the number of the first instance")
    parser.add_argument("--limit", type=float, default=2, help="seconds that are too long for one question")
    chosen = parser.parse_args()
    number, bad, end = chosen.seed, 0, time.monotonic() + chosen.seconds
    while time.monotonic() < end:
        for name, ask in questions(mutant(Random(f"mutant {number}"))):
            start = time.process_time()
            wrong = outcome(ask)
            took = time.process_time() - start
            if wrong or took > chosen.limit:
                bad += 1
                print(f"{number} {name}: {took:.1f} s {wrong}", flush=True)
        number += 1
    print(f"mutants {chosen.seed} to {number - 1}: {bad} wrong")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())

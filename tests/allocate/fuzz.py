"""Random instances against the allocator, for as long as one likes.

    python -m tests.allocate.fuzz --seconds 600 [--seed 0] [--features counters]

Each instance has a number; what is wrong is printed with it, and `--only NUMBER` shows that one whole.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from random import Random

from cod.allocate import Options
from cod.resource import to_yaml
from tests.allocate.exhaustive import TooLarge
from tests.allocate.instances import ALONE, Instance, mixed_instance, random_instance
from tests.allocate.laws import answer, disagreements, first_given, given


def main() -> int:
    """Run until the time is over; the exit status is 1 if anything was wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0, help="the number of the first instance")
    parser.add_argument("--features", choices=[*ALONE, "mixed"], help="one group of features; all in turn")
    parser.add_argument("--only", type=int, help="the number of one instance to be shown")
    given_ = parser.parse_args()
    names = [given_.features] if given_.features else [*ALONE, *["mixed"] * len(ALONE)]
    if given_.only is not None:
        return _show(numbered(given_.only, names))
    end = time.monotonic() + given_.seconds
    counts: Counter[str] = Counter()
    number = given_.seed
    while time.monotonic() < end:
        for verdict in verdicts(numbered(number, names)):
            if verdict in ("fits", "does not fit", "too large"):
                counts[verdict] += 1
            else:
                counts["wrong"] += 1
                print(f"{number} ({names[number % len(names)]}): {verdict}", flush=True)
        number += 1
    print(f"instances {given_.seed} to {number - 1}:", ", ".join(f"{n} {what}" for what, n in counts.items()))
    return int(counts["wrong"] > 0)


def numbered(number: int, names: list[str]) -> Instance:
    """The instance of a number."""
    name = names[number % len(names)]
    random = Random(f"{name} {number}")
    return mixed_instance(random) if name == "mixed" else random_instance(random, ALONE[name])


def verdicts(instance: Instance) -> list[str]:
    """What is wrong with the allocator's answers, or whether the instance fits."""
    try:
        wanted = first_given(instance)
        found = [f"best: {each}" for each in disagreements(instance, "best")]
        found += [f"first: {each}" for each in disagreements(instance, "first")]
    except TooLarge:
        return ["too large"]
    except Exception as error:  # whatever comes out of an allocator that is looked for faults
        return [f"{type(error).__name__}: {error}"]
    first = given(answer(instance, Options(order="first")))
    if first != wanted:
        found.append(f"first: {first}, and Kubernetes' first is {wanted}")
    return found or ["fits" if wanted is not None else "does not fit"]


def _show(instance: Instance) -> int:
    print(to_yaml([*instance.classes, *instance.slices, *instance.claims]))
    print(f"# node {instance.node}\n# in use {instance.in_use}")
    found = verdicts(instance)
    print("\n".join(f"# {each}" for each in found))
    return int(found not in (["fits"], ["does not fit"]))


if __name__ == "__main__":
    sys.exit(main())

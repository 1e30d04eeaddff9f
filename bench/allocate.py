"""How fast claims are allocated, and how much fits: clusters, hard cases on one node, fills.

    python -m bench.allocate [--quick] [--only WORD] [--beside COMMAND] [--emit DIR]

Slices are loaded before: `load` is the time to make an Allocator and its nodes ready. `first` is the first
question that it is asked, `next` another claim, never asked before, with new expressions, `again` that one.
Of one node, `fits` is the bare question, `best` and `in order` give devices, the best ones or Kubernetes'.
With `--beside`, COMMAND is run with the path of each emitted input, prints JSON with `numFits` and `totalNs`,
and stands in the last columns, with our `first` or `best` as a ratio to its time. Such a program is
`bench/reference/draalloc.go`, Kubernetes' own allocator. `--emit` writes the inputs and measures nothing.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct

from bench.allocation.asking import Ask, Asked, ask_cluster, ask_node, fill, most_that_fit
from bench.allocation.clusters import (
    ANY_GPU,
    ANY_OF_FABRIC,
    fabric,
    one_pool,
    question_input,
    questions,
    servers,
)
from bench.allocation.fills import cluster_fill, packing
from bench.allocation.hard import hard_cases
from bench.allocation.partitions import partition_cases
from bench.allocation.words import Input, emitted

SIZES = (100, 1_000, 5_000, 20_000)
QUICK_SIZES = (100,)
ASKED = ("load", "first", "next", "again")
ON_NODE = ("load", "fits", "best", "in order")
LONGEST_BESIDE = 120  # seconds

Section: TypeAlias = Iterator[tuple[Input, Ask]]


class Beside(Struct, frozen=True):
    """What another program says of an input: how much fits, and how long it took, in seconds."""

    fits: int | None
    seconds: float


class Run:
    """One run of the benchmark: what is to be measured, and what was wrong so far."""

    def __init__(self, *, quick: bool, only: str, command: str) -> None:
        self.quick = quick
        self.only = only
        self.command = shlex.split(command)
        self.undecided: list[str] = []
        self.wrong: list[str] = []

    def wants(self, given: Input) -> bool:
        """Whether an input is among those asked for."""
        return self.only in given.title

    def beside(self, given: Input) -> Beside | None:
        """What the other program says, if there is one."""
        if not self.command:
            return None
        with tempfile.NamedTemporaryFile(suffix=".json") as file:
            file.write(emitted(given))
            file.flush()
            try:
                done = subprocess.run(
                    [*self.command, file.name], capture_output=True, timeout=LONGEST_BESIDE, check=True
                )
            except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
                return Beside(None, LONGEST_BESIDE)
        answer = json.loads(done.stdout)
        return Beside(answer["numFits"], answer["totalNs"] / 1e9)

    def row(self, given: Input, asked: Asked, compared: int) -> None:
        """Print one measured input, and remember what was wrong with its answer."""
        if asked.fits is None:
            self.undecided.append(given.title)
        elif given.fits is not None and asked.fits != given.fits:
            self.wrong.append(f"{given.title}: {asked.fits} fit and not {given.fits}")
        line = f"{given.title:<52} {' '.join(map(_ms, asked.times))} {_count(asked.fits):>9}"
        if other := self.beside(given):
            ratio = asked.times[compared] / other.seconds
            line += f"   {_ms(other.seconds)} {ratio:>8.2f} {_count(other.fits):>9}"
        print(line, flush=True)

    def table(
        self, title: str, section: Section, columns: Sequence[str] = ASKED, compared: str = "first"
    ) -> None:
        """Measure and print a section, row by row. The column `compared` is a ratio to what runs beside."""
        head = [f"{each:>9}" for each in (*columns, "fit")]
        beside = f"   {'beside':>9} {'ratio':>8} {'fit':>9}" if self.command else ""
        print(f"\n{title + ', ms':<52} {' '.join(head)}{beside}")
        for given, asking in section:
            if self.wants(given):
                self.row(given, asking(given), columns.index(compared))


def _ms(seconds: float) -> str:
    ms = seconds * 1e3
    return f"{ms:>9.3f}" if ms < 10 else f"{ms:>9.1f}" if ms < 1_000 else f"{ms:>9.0f}"


def _count(fits: int | None) -> str:
    return "undecided" if fits is None else str(fits)


def clusters(count: int) -> Section:
    """All questions about one cluster, whose slices are made once."""
    slices = servers(count)
    for question in questions(count):
        given = question_input(count, question, slices)
        yield given, ask_cluster(question)


def wide_pools(quick: bool) -> Section:
    sizes = ((100, 10),) if quick else ((100, 10), (1_000, 10), (1_000, 100))
    for nodes, pools in sizes:
        yield fabric(nodes, pools), ask_cluster(ANY_OF_FABRIC)
    for nodes in (100,) if quick else (100, 1_000, 5_000):
        yield one_pool(nodes), ask_cluster(ANY_GPU)


def one_node() -> Section:
    for given in (*hard_cases(), *partition_cases()):
        yield given, ask_node


def fills(run: Run) -> None:
    """Pods a second, when a pod goes to the first node with room, and when all nodes are asked for each."""
    given = cluster_fill(20, 164) if run.quick else cluster_fill()
    if not run.wants(given):
        return
    print(f"\n{'pod after pod':<52} {'pods/s':>9} {'placed':>9}")
    for way, every in (("first node with room", False), ("every node asked", True)):
        filled = fill(given, every_node=every)
        pace = len(given.pods) / filled.seconds
        print(f"{given.title + ', ' + way:<52} {pace:>9.0f} {filled.placed:>9}", flush=True)
        if filled.placed != given.fits:
            run.wrong.append(f"{given.title}: {filled.placed} placed and not {given.fits}")
        run.undecided += [given.title] * filled.undecided
    if other := run.beside(given):
        pace = len(given.pods) / other.seconds
        print(f"{'… beside, first node with room':<52} {pace:>9.0f} {_count(other.fits):>9}", flush=True)


def packed(run: Run) -> None:
    """How many pods find room one after the other, against the most that could have been placed together."""
    beside = f" {'beside':>9}" if run.command else ""
    print(f"\n{'packing':<52} {'pods':>9} {'best':>9} {'first':>9} {'together':>9}{beside}")
    sums = [0, 0, 0, 0]
    for given in packing():
        if not run.wants(given):
            continue
        best, first = fill(given), fill(given, order="first")
        most = most_that_fit(given)
        run.undecided += [given.title] * (best.undecided + first.undecided + (most is None))
        line = f"{given.title:<52} {len(given.pods):>9} {best.placed:>9} {first.placed:>9} {_count(most):>9}"
        if other := run.beside(given):
            line += f" {_count(other.fits):>9}"
        print(line, flush=True)
        row = (len(given.pods), best.placed, first.placed, most or 0)
        sums = [total + each for total, each in zip(sums, row, strict=True)]
    print(f"{'all':<52} {' '.join(f'{each:>9}' for each in sums)}")


def every_input(*, quick: bool) -> Iterator[Input]:
    """What is measured, for `--emit`."""
    for count in QUICK_SIZES if quick else SIZES:
        slices = servers(count)
        for question in questions(count):
            yield question_input(count, question, slices)
    for given, _ in (*wide_pools(quick), *one_node()):
        yield given
    yield cluster_fill()
    yield from packing()


def emit(folder: Path, *, quick: bool, only: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, given in enumerate(every_input(quick=quick)):
        if only in given.title:
            plain = "".join(each if each.isalnum() else "-" for each in given.title.replace("×", "x"))
            (folder / f"{number:03d}-{plain}.json").write_bytes(emitted(given))


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.allocate", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small inputs only")
    parser.add_argument("--only", default="", metavar="WORD", help="inputs whose title has this")
    parser.add_argument(
        "--beside", default="", metavar="COMMAND", help="a program that answers the same inputs"
    )
    parser.add_argument("--emit", type=Path, metavar="DIR", help="write the inputs, measure nothing")
    chosen = parser.parse_args()
    if chosen.emit:
        emit(chosen.emit, quick=chosen.quick, only=chosen.only)
        return
    run = Run(quick=chosen.quick, only=chosen.only, command=chosen.beside)
    for count in QUICK_SIZES if run.quick else SIZES:
        run.table(f"which of {count} nodes, 8 devices each, fit", clusters(count))
    run.table("pools that many nodes reach", wide_pools(run.quick))
    run.table("one node", one_node(), ON_NODE, "best")
    fills(run)
    packed(run)
    print(f"\nundecided: {len(run.undecided)}", *run.undecided, sep="\n  ")
    print(f"not as known: {len(run.wrong)}", *run.wrong, sep="\n  ")


if __name__ == "__main__":
    main()

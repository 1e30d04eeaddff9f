"""`cod spec validate`: every problem of every file, as text for people or as data for programs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from cod.cdi.files import UnreadableFile, list_specs, read_file, read_stream
from cod.cdi.load import check
from cod.cdi.problem import Problem
from cod.cdi.registry import ConflictingDevice, Registry
from cod.cdi.spec import Spec
from cod.cli import wording
from cod.cli.output import print_data, print_names
from cod.cli.spec_errors import place_of, report_problems
from cod.cli.terminal import printable
from cod.errors import CodError

if TYPE_CHECKING:
    from cod.drivers.origin import Change

Aging = Callable[[Spec], "Sequence[Change]"]


class Verdict(Struct, frozen=True):
    """What is wrong with one file: its own problems, and errors that do not stand in its text.

    `stale` is what has changed since COD made it, which is no fault.
    """

    path: str
    source: bytes = b""
    problems: Sequence[Problem] = ()
    errors: Sequence[CodError] = ()
    stale: Sequence[Change] = ()

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems and not self.errors


def validate_paths(paths: Iterable[str], *, by_schema: bool, output: str, host: str) -> int:
    """Check files, directories and standard input (`-`) and print the answer.

    1 if anything is wrong with a file, else 3 if one could not be read, else 0.
    """
    aging = Today(host).changes
    verdicts = [verdict for path in paths for verdict in _verdicts(path, by_schema, aging)]
    if output in ("json", "yaml"):
        print_data([_data(verdict) for verdict in verdicts], output)
    elif output == "name":
        print_names(verdict.path for verdict in verdicts if not verdict.is_sound)
    else:
        _print(verdicts)
    errors = [error for verdict in verdicts for error in verdict.errors]
    if any(verdict.problems for verdict in verdicts):
        return 1
    return min((error.exit_code for error in errors), default=0)


class Today:
    """What specs that COD made would be made from now; the machine is not looked at for others."""

    def __init__(self, host: str) -> None:
        self._host = host

    def changes(self, spec: Spec) -> Sequence[Change]:
        """What has changed since a spec was made; nothing for what COD did not make."""
        if not any(name.startswith("cod.dev/") for name in spec.annotations):
            return ()
        from cod.drivers.origin import changes

        by_kind, failed, origin = self._made
        now = by_kind.get(spec.kind)
        if now is None:
            drivers = spec.annotations.get("cod.dev/driver", "")
            # A driver that failed does not say that its devices are gone.
            now = {**origin, "cod.dev/driver": drivers} if failed.intersection(drivers.split(",")) else origin
        return changes(spec.annotations, now)

    @cached_property
    def _made(self) -> tuple[dict[str, dict[str, str]], set[str], dict[str, str]]:
        """The annotations of what would be made now by kind, failed drivers, what the machine says."""
        from cod.cli.places import host_of
        from cod.drivers import discover
        from cod.drivers.origin import made_from, origin
        from cod.drivers.specs import generate

        host = host_of(self._host)
        inventory = discover(host)
        by_kind = {each.kind: each.annotations for each in generate(inventory.found, origin(host)).specs}
        return by_kind, {each.driver for each in inventory.failures}, made_from(origin(host), {})


def _verdicts(path: str, by_schema: bool, aging: Aging) -> Iterator[Verdict]:
    if path == "-":
        yield _verdict("<stdin>", read_stream(sys.stdin.fileno()), by_schema, aging)
    elif os.path.isdir(path):  # noqa: PTH112 - a path that is not there is told below
        yield from _directory(path, by_schema, aging)
    else:
        yield _file(path, by_schema, aging)


def _directory(path: str, by_schema: bool, aging: Aging) -> Iterator[Verdict]:
    """The verdicts of a directory's files, and of devices that two of them claim."""
    try:
        files = list_specs(path)
    except UnreadableFile as error:
        yield Verdict(path, errors=(error,))
        return
    conflicts = Registry([path]).errors
    for file in files:
        verdict = _file(file, by_schema, aging)
        found = [e for e in conflicts.get(os.path.normpath(file), ()) if isinstance(e, ConflictingDevice)]
        yield replace(verdict, errors=(*verdict.errors, *found))


def _file(path: str, by_schema: bool, aging: Aging) -> Verdict:
    try:
        data, _ = read_file(path)
    except UnreadableFile as error:
        return Verdict(path, errors=(error,))
    return _verdict(path, data, by_schema, aging)


def _verdict(path: str, data: bytes, by_schema: bool, aging: Aging) -> Verdict:
    spec, problems = check(data)
    if by_schema:
        from cod.cdi.schema import schema_problems

        problems += schema_problems(data)
    return Verdict(path, data, problems, stale=aging(spec) if spec else ())


def _print(verdicts: Sequence[Verdict]) -> None:
    for verdict in verdicts:
        if verdict.stale:
            sys.stdout.write(_age(verdict))
        if verdict.is_sound:
            continue
        texts = [wording.report(error) for error in verdict.errors]
        if verdict.problems:
            texts.insert(0, report_problems(verdict.path, verdict.problems, verdict.source))
        sys.stdout.write("\n".join(texts) + "\n")
    wrong = sum(not verdict.is_sound for verdict in verdicts)
    noun = "file" if len(verdicts) == 1 else "files"
    sys.stdout.flush()
    stale = sum(bool(verdict.stale) for verdict in verdicts)
    ending = f", {stale} stale" if stale else ""
    sys.stderr.write(f"{len(verdicts)} {noun} checked, {wrong or 'none'} with errors{ending}\n")


def _age(verdict: Verdict) -> str:
    """What has changed since a file was made, in a line."""
    directory = os.path.dirname(verdict.path) or "."  # noqa: PTH120 - as it was given
    text = f"{verdict.path}: stale: {' and '.join(map(_change, verdict.stale))}"
    prune = "" if all(each.now for each in verdict.stale) else " --prune"
    return printable(f"{text}; try: cod spec generate --output {directory}{prune}") + "\n"


def _change(change: Change) -> str:
    if not change.now:
        return f"made by driver {change.then}, which finds no such device on this machine"
    if change.what == "boot":
        return "made before this machine was last started"
    return f"made with {change.what.partition('-')[0]} {change.then}, this machine has {change.now}"


def _data(verdict: Verdict) -> dict[str, Any]:
    problems = [
        {
            "rule": problem.rule,
            "message": problem.message,
            "where": place_of(problem.path),
            "line": problem.line,
            "column": problem.column,
        }
        for problem in verdict.problems
    ]
    problems += [{"rule": "file", "message": error.what} for error in verdict.errors]
    return {
        "path": verdict.path,
        "valid": verdict.is_sound,
        "problems": problems,
        "stale": list(verdict.stale),
    }

"""`cod spec validate`: every problem of every file, as text for people or as data for programs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from cod.cdi.files import UnreadableFile, list_specs, read_file, read_stream
from cod.cdi.load import check
from cod.cdi.problem import Problem
from cod.cdi.registry import ConflictingDevice, Registry
from cod.cli import wording
from cod.cli.output import print_data, print_names
from cod.cli.spec_errors import place_of, report_problems
from cod.errors import CodError


class Verdict(Struct, frozen=True):
    """What is wrong with one file: its own problems, and errors that do not stand in its text."""

    path: str
    source: bytes = b""
    problems: Sequence[Problem] = ()
    errors: Sequence[CodError] = ()

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems and not self.errors


def validate_paths(paths: Iterable[str], *, by_schema: bool, output: str) -> int:
    """Check files, directories and standard input (`-`) and print the answer.

    1 if anything is wrong with a file, else 3 if one could not be read, else 0.
    """
    verdicts = [verdict for path in paths for verdict in _verdicts(path, by_schema)]
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


def _verdicts(path: str, by_schema: bool) -> Iterator[Verdict]:
    if path == "-":
        yield _verdict("<stdin>", read_stream(sys.stdin.fileno()), by_schema)
    elif os.path.isdir(path):  # noqa: PTH112 - a path that is not there is told below
        yield from _directory(path, by_schema)
    else:
        yield _file(path, by_schema)


def _directory(path: str, by_schema: bool) -> Iterator[Verdict]:
    """The verdicts of a directory's files, and of devices that two of them claim."""
    try:
        files = list_specs(path)
    except UnreadableFile as error:
        yield Verdict(path, errors=(error,))
        return
    conflicts = Registry([path]).errors
    for file in files:
        verdict = _file(file, by_schema)
        found = [e for e in conflicts.get(os.path.normpath(file), ()) if isinstance(e, ConflictingDevice)]
        yield Verdict(file, verdict.source, verdict.problems, (*verdict.errors, *found))


def _file(path: str, by_schema: bool) -> Verdict:
    try:
        data, _ = read_file(path)
    except UnreadableFile as error:
        return Verdict(path, errors=(error,))
    return _verdict(path, data, by_schema)


def _verdict(path: str, data: bytes, by_schema: bool) -> Verdict:
    _, problems = check(data)
    if by_schema:
        from cod.cdi.schema import schema_problems

        problems += schema_problems(data)
    return Verdict(path, data, problems)


def _print(verdicts: Sequence[Verdict]) -> None:
    for verdict in verdicts:
        if verdict.is_sound:
            continue
        texts = [wording.report(error) for error in verdict.errors]
        if verdict.problems:
            texts.insert(0, report_problems(verdict.path, verdict.problems, verdict.source))
        sys.stdout.write("\n".join(texts) + "\n")
    wrong = sum(not verdict.is_sound for verdict in verdicts)
    noun = "file" if len(verdicts) == 1 else "files"
    sys.stdout.flush()
    sys.stderr.write(f"{len(verdicts)} {noun} checked, {wrong or 'none'} with errors\n")


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
    return {"path": verdict.path, "valid": verdict.is_sound, "problems": problems}

"""What is wrong with a spec, as a compiler says it: the place, the line, a caret, why, and what to try."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cod.cdi.problem import InvalidSpec, Path, Problem
from cod.cdi.rules import RULES
from cod.cli.terminal import printable

_WIDTH = 160


def report(error: InvalidSpec) -> str:
    """All problems of a file, in the order in which they stand there."""
    return report_problems(error.path, error.problems, error.source)


def report_problems(path: str, problems: Sequence[Problem], source: bytes) -> str:
    """All problems of a text that is called `path`, in the order in which they stand there."""
    lines = source.decode("utf-8", "replace").splitlines()
    in_order = sorted(problems, key=lambda problem: (problem.line, problem.column))
    name = printable(path or "<spec>")
    return "\n".join("\n".join(_report(name, problem, lines)) + "\n" for problem in in_order)


def place_of(path: Path) -> str:
    """The way into a document, as people write it: `devices[1].containerEdits`."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(steps).removeprefix(".")


def _report(path: str, problem: Problem, lines: list[str]) -> Iterator[str]:
    rule = RULES[problem.rule]
    yield f"error[{problem.rule}]: {printable(problem.message)}"
    if not 0 < problem.line <= len(lines):
        yield f"  --> {path}"
    else:
        number = str(problem.line)
        margin = " " * len(number)
        text, column = _excerpt(lines[problem.line - 1], problem.column)
        yield f"{margin} --> {path}:{problem.line}:{problem.column}"
        yield f"{margin} |"
        yield f"{number} | {text}"
        yield f"{margin} | {' ' * column}^ {printable(place_of(problem.path))}".rstrip()
    yield f"  = why: {rule.why}"
    yield f"  = try: {rule.hint};  cod explain {problem.rule}"


def _excerpt(line: str, column: int) -> tuple[str, int]:
    """The part of a line around a column that counts from 1, and the column in it, counting from 0."""
    start = max(0, column - 1 - _WIDTH // 2) if len(line) > _WIDTH else 0
    shown = line[start : start + _WIDTH]
    before = printable(shown[: column - 1 - start].replace("\t", " "))
    return printable(shown.replace("\t", " ")), len(before)

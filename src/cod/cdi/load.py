"""From a file or text to a spec that keeps all rules of CDI, or to every reason why it does not."""

from __future__ import annotations

import os

from cod.cdi.files import read_file
from cod.cdi.parse import examine, parse_plain_json
from cod.cdi.problem import InvalidSpec, Problem
from cod.cdi.spec import Spec
from cod.cdi.validate import problems as rule_problems


def read(path: str | os.PathLike[str]) -> Spec:
    """Read a spec file and check it.

    Raises:
        InvalidSpec: with every problem of the file, each with its line and column.
        UnreadableFile: if the file cannot be read at all.
    """
    data, _ = read_file(os.fspath(path))
    return load(data, os.fspath(path))


def load(data: bytes, path: str = "") -> Spec:
    """Decode a spec from the bytes of a file and check it; `path` is what errors call it.

    Raises:
        InvalidSpec: with every problem of the text, each with its line and column.
    """
    spec = parse_plain_json(data)
    if spec is not None and not rule_problems(spec):
        return spec
    spec, found = check(data)
    if found or spec is None:
        raise InvalidSpec(path, found, data)
    return spec


def check(data: bytes) -> tuple[Spec | None, list[Problem]]:
    """Decode as much of a spec as can be, and name everything that is wrong with it."""
    spec, misfits = examine(data)
    if spec is None:
        return None, misfits
    broken = rule_problems(spec)
    if misfits:
        # What could not be decoded is missing now: that it is, is no second problem.
        broken = [p for p in broken if not any(_concerns(p, misfit) for misfit in misfits)]
    if broken:
        from cod.cdi.document import locate  # a sound file needs no YAML

        broken = locate(data, broken)
    return spec, misfits + broken


def _concerns(problem: Problem, misfit: Problem) -> bool:
    """Whether a problem may come of what could not be decoded.

    A field that nobody knows may be the misspelt one that is now missing beside it; any other misfit stands
    where the problem does, or above or below it.
    """
    if misfit.rule == "unknown-field":
        parent = misfit.path[:-1]
        return problem.rule != "version-too-low" and parent in (problem.path, problem.path[:-1])
    shorter = min(len(problem.path), len(misfit.path))
    return problem.path[:shorter] == misfit.path[:shorter]

"""From a file or text to a spec that keeps all rules of CDI, or to every reason why it does not."""

from __future__ import annotations

import os

from cod.cdi.parse import MAX_BYTES, examine, locate, parse_plain_json
from cod.cdi.problem import InvalidSpec, Problem
from cod.cdi.spec import Spec
from cod.cdi.validate import problems as rule_problems
from cod.errors import Unavailable


class UnreadableFile(Unavailable):
    """A spec file that the system does not let us read."""


def read(path: str | os.PathLike[str]) -> Spec:
    """Read a spec file and check it.

    Raises:
        InvalidSpec: with every problem of the file, each with its line and column.
        UnreadableFile: if the file cannot be read at all.
    """
    return load(read_bytes(path), os.fspath(path))


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
    return spec, misfits + locate(data, broken)


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """All bytes of a file, or one more than a spec may have.

    Only a regular file is read: a fifo or a device in a spec directory would have us wait, or read, for ever.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with open(descriptor, "rb", buffering=0) as file:
            return _read_regular(file.fileno())
    except OSError as error:
        raise UnreadableFile(
            f"open {os.fspath(path)}: {(error.strerror or str(error)).lower()}", where=os.fspath(path)
        ) from error


def _read_regular(descriptor: int) -> bytes:
    import stat

    mode = os.fstat(descriptor).st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(0, "is a directory")
    if not stat.S_ISREG(mode):
        raise OSError(0, "not a regular file")
    chunks = []
    left = MAX_BYTES + 1
    while left > 0 and (chunk := os.read(descriptor, min(left, 1 << 20))):
        chunks.append(chunk)
        left -= len(chunk)
    return b"".join(chunks)


def _concerns(problem: Problem, misfit: Problem) -> bool:
    """Whether one stands where the other does, or above or below it."""
    if not misfit.path:
        return True
    shorter = min(len(problem.path), len(misfit.path) - (misfit.rule == "unknown-field"))
    return shorter > 0 and problem.path[:shorter] == misfit.path[:shorter]

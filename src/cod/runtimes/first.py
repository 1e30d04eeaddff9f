"""The first process of a container, found the way its runtime lets us.

It holds the devices too, since a container may outlive the program that started it. Each way is a function of
the number of the process that was started; it gives the first process' number, or nothing as long as there is
none.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

First = Callable[[int], int | None]

_DEEPEST = 8


def written_in(path: Path) -> First:
    """The runtime writes the number into a file at some time."""
    text = newly_written(path)

    def find(_: int) -> int | None:
        try:
            return int(text())
        except ValueError:
            return None  # not there yet, or not whole yet

    return find


def newly_written(path: Path) -> Callable[[], str]:
    """What is written into a file from now on, "" before: it may tell of an earlier container."""
    before = _stamp(path)

    def text() -> str:
        try:
            return path.read_text(encoding="ascii").strip() if _stamp(path) != before else ""
        except (OSError, ValueError):
            return ""

    return text


def _stamp(path: Path) -> tuple[int, ...]:
    try:
        status = path.stat()
    except OSError:
        return ()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def inside(namespace: str) -> First:
    """The runtime's descendant that is the first in another namespace (`mnt`, `pid` …) than ours."""

    def find(pid: int) -> int | None:
        ours = _namespace("self", namespace)
        found = (each for each in _descendants(pid, _DEEPEST) if _is_other(each, namespace, ours))
        return next(found, None)

    return find


def _is_other(pid: int, namespace: str, ours: str) -> bool:
    theirs = _namespace(str(pid), namespace)
    return bool(theirs) and theirs != ours


def _namespace(process: str, kind: str) -> str:
    try:
        return str(Path(f"/proc/{process}/ns/{kind}").readlink())
    except OSError:
        return ""


def _descendants(pid: int, depth: int) -> Iterator[int]:
    """Children before grandchildren, as far as the kernel tells (CONFIG_PROC_CHILDREN)."""
    generation = [pid]
    for _ in range(depth):
        generation = [child for each in generation for child in _children(each)]
        yield from generation


def _children(pid: int) -> Iterator[int]:
    try:
        threads = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208, names are wanted
    except OSError:
        return
    for thread in threads:
        try:
            text = Path(f"/proc/{pid}/task/{thread}/children").read_text(encoding="ascii")
        except OSError:
            continue
        yield from map(int, text.split())

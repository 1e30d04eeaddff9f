"""A command's private directory: where a runtime's copy of a bundle lies while the command lives.

A process that is killed leaves it, with what a container's configuration holds; `sweep_scratch` finds it. Its
name says which ledger and which claim it belongs to, since a container may need it longer than `cod` lives.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from cod.cdi.write import WriteFailed
from cod.ledger import ledger_key


@contextmanager
def scratch_of(claim: str, ledger: Path) -> Iterator[Path]:
    """A private directory that is gone afterwards. Raises WriteFailed."""
    try:
        made = tempfile.TemporaryDirectory(prefix=f"{_prefix(ledger)}{claim}-", ignore_cleanup_errors=True)
    except OSError as error:
        raise WriteFailed("write", Path(error.filename or tempfile.gettempdir()), error) from error
    with made as directory:
        yield Path(directory)


def sweep_scratch(ledger: Path, living: Callable[[], Collection[str]]) -> None:
    """Remove the directories of a ledger's claims that live no more.

    `living` reads the names of those that do, after the directories are listed: a claim is taken before its
    directory is made, so one that has a directory and is not among the names has ended.
    """
    prefix = _prefix(ledger)
    found = [each for each in _directories() if each.name.startswith(prefix)]
    if not found:
        return
    alive = living()
    for directory in found:
        claim = directory.name.removeprefix(prefix).rpartition("-")[0]  # tempfile's own part has no dash
        if claim not in alive and _is_ours(directory):
            shutil.rmtree(directory, ignore_errors=True)


def _prefix(ledger: Path) -> str:
    return f"cod-{ledger_key(ledger)}-"


def _directories() -> list[Path]:
    try:
        return [*Path(tempfile.gettempdir()).iterdir()]
    except OSError:
        return []  # what cannot be read was not written by us


def _is_ours(directory: Path) -> bool:
    """Whether it is a directory of this user: anybody may put a thing of that name into `/tmp`."""
    try:
        status = directory.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()

"""What can be wrong with a ledger's file: the one place where SQLite's and the system's errors get words."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from json import JSONDecodeError
from pathlib import Path

from msgspec import MsgspecError

from cod.errors import Unavailable
from cod.ledger.schema import Foreign

_ELSEWHERE = "name another file with COD_LEDGER"
_SYSTEM = {
    errno.EACCES: ("permission denied", f"sudo, or {_ELSEWHERE}"),
    errno.EPERM: ("permission denied", f"sudo, or {_ELSEWHERE}"),
    errno.EROFS: ("the file system is read-only", _ELSEWHERE),
    errno.ENOSPC: ("the file system is full", f"make room there, or {_ELSEWHERE}"),
    errno.EDQUOT: ("your quota there is used up", f"make room there, or {_ELSEWHERE}"),
    errno.ENOTDIR: ("a part of the path is a file", _ELSEWHERE),
    errno.EEXIST: ("a part of the path is a file", _ELSEWHERE),
    errno.EISDIR: ("it is a directory", _ELSEWHERE),
}


class LedgerUnavailable(Unavailable):
    """The ledger cannot be read or written; nothing in it has changed."""

    def __init__(self, path: Path, reason: str, hint: str) -> None:
        super().__init__(f"the ledger cannot be used: {reason}", where=str(path), hint=hint)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn every error of SQLite and of the file's content inside into LedgerUnavailable."""
    try:
        yield
    except sqlite3.Error as error:
        raise LedgerUnavailable(path, *_of_sqlite(path, error)) from error
    except Foreign as error:
        raise LedgerUnavailable(path, str(error), error.hint) from error
    except (MsgspecError, JSONDecodeError) as error:
        raise LedgerUnavailable(path, f"a claim in it cannot be read: {error}", _move_away(path)) from error
    except UnicodeDecodeError as error:  # sqlite3 cannot even quote what is damaged
        raise LedgerUnavailable(path, "it is damaged", _move_away(path)) from error


def make_directory(path: Path) -> None:
    """Make the directory that a ledger's file lies in."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LedgerUnavailable(path, *_of_system(error)) from error


def _of_system(error: OSError) -> tuple[str, str]:
    reason = (error.strerror or str(error)).lower()
    return _SYSTEM.get(error.errno or 0, (reason, _ELSEWHERE))


def _of_sqlite(path: Path, error: sqlite3.Error) -> tuple[str, str]:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return f"it is damaged: {error}", _move_away(path)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return "another process has kept it locked", f"see which one: fuser {path}"
    if code == sqlite3.SQLITE_FULL:
        return _SYSTEM[errno.ENOSPC]
    # SQLite tells little about what stops it: ask the file system.
    return _of_file_system(path) or (str(error), _ELSEWHERE)


def _of_file_system(path: Path) -> tuple[str, str] | None:
    directory = path.parent
    try:
        system = os.statvfs(directory)
    except OSError as error:
        return _of_system(error)
    if path.is_dir():
        return _SYSTEM[errno.EISDIR]
    if system.f_flag & os.ST_RDONLY:
        return _SYSTEM[errno.EROFS]
    if not _may_write(directory) or (path.exists() and not _may_write(path)):
        return _SYSTEM[errno.EACCES]
    has_size = system.f_blocks > 0  # /proc and its like have none, and are never full
    if (has_size and system.f_bavail * system.f_frsize < 1 << 16) or (system.f_files and not system.f_favail):
        return _SYSTEM[errno.ENOSPC]
    return None


def _may_write(path: Path) -> bool:
    return os.access(path, os.R_OK | os.W_OK, effective_ids=True)


def _move_away(path: Path) -> str:
    return (
        f"end what uses devices, then move it away with its log, and a new one is made: "
        f"mkdir {path.parent}/broken && mv {path}* {path.parent}/broken"
    )

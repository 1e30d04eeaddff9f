"""The ledger's tables, and how a file becomes a ledger.

A claim has its devices and its holders, and both go with it. A device is unique, so that SQLite itself
refuses to hand one out twice.
"""

from __future__ import annotations

import sqlite3
import time

APPLICATION_ID = 0x434F4431  # "COD1": file(1) and we know a ledger by it
VERSION = 1

_TABLES = """
CREATE TABLE claims (
    name    TEXT NOT NULL PRIMARY KEY,
    claim   TEXT NOT NULL,  -- the ResourceClaim, as JSON
    command TEXT NOT NULL,  -- its words, as JSON
    since   REAL NOT NULL   -- seconds since 1970
) STRICT;
CREATE TABLE holders (
    claim     TEXT NOT NULL REFERENCES claims (name) ON DELETE CASCADE,
    pid       INTEGER NOT NULL,
    started   INTEGER NOT NULL,  -- ticks since the boot
    boot      TEXT NOT NULL,
    namespace TEXT NOT NULL,
    PRIMARY KEY (claim, pid, started, boot, namespace)
) STRICT, WITHOUT ROWID;
CREATE TABLE devices (
    driver   TEXT NOT NULL,
    pool     TEXT NOT NULL,
    device   TEXT NOT NULL,
    claim    TEXT NOT NULL REFERENCES claims (name) ON DELETE CASCADE,
    UNIQUE (driver, pool, device)
) STRICT;
CREATE INDEX devices_by_claim ON devices (claim);
"""


class Foreign(Exception):
    """The file is no ledger, or one of a newer COD; the text says which, `hint` what to do."""

    def __init__(self, text: str, hint: str) -> None:
        super().__init__(text)
        self.hint = hint


def make_ready(database: sqlite3.Connection, patience: float) -> None:
    """Make an empty file a ledger, and leave a ledger as it is. Raises Foreign for anything else."""
    is_new = _check(database)
    _use_wal(database, patience)
    # A power cut may take the last commits with it and tears nothing; their claims ended with that boot.
    database.execute("PRAGMA synchronous = NORMAL")
    database.execute("PRAGMA foreign_keys = ON")
    if is_new:
        database.execute("BEGIN IMMEDIATE")
        try:
            if not database.execute("PRAGMA user_version").fetchone()[0]:  # else another process was faster
                for statement in _TABLES.split(";\n"):
                    database.execute(statement)
                database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                database.execute(f"PRAGMA user_version = {VERSION}")
            database.execute("COMMIT")
        except BaseException:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise


def _check(database: sqlite3.Connection) -> bool:
    """Whether the file is still empty, seen at one moment, before anything in it is changed."""
    database.execute("BEGIN")
    try:
        tables = database.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        application = database.execute("PRAGMA application_id").fetchone()[0]
        version = database.execute("PRAGMA user_version").fetchone()[0]
    finally:
        database.execute("ROLLBACK")
    if not tables and not application and not version:
        return True
    if application != APPLICATION_ID:
        raise Foreign("it is a database of another program", "name another file with COD_LEDGER")
    if version > VERSION:
        raise Foreign(
            f"a newer COD made it (its version is {version}, this COD knows {VERSION})",
            "use the newer COD, or name another file with COD_LEDGER",
        )
    return False


def _use_wal(database: sqlite3.Connection, patience: float) -> None:
    """Switch to a write-ahead log, which stays switched on. SQLite does not wait here by itself."""
    end = time.monotonic() + patience
    while True:
        try:
            database.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
        time.sleep(0.005)

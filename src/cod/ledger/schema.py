"""The ledger's tables, how a file becomes a ledger, and how one of an older COD becomes one of ours.

A claim has its devices and its holders, and both go with it. SQLite itself refuses to hand a device out
twice: who has it whole is alone with it, and no two have the same share of it.
"""

from __future__ import annotations

import sqlite3
import time

APPLICATION_ID = 0x434F4431  # "COD1": file(1) and we know a ledger by it
VERSION = 2

_CLAIMS = """
CREATE TABLE claims (
    name    TEXT NOT NULL PRIMARY KEY,
    claim   TEXT NOT NULL,  -- the ResourceClaim, as JSON
    command TEXT NOT NULL,  -- its words, as JSON
    since   REAL NOT NULL   -- seconds since 1970
) STRICT"""
_HOLDERS = """
CREATE TABLE holders (
    claim     TEXT NOT NULL REFERENCES claims (name) ON DELETE CASCADE,
    pid       INTEGER NOT NULL,
    started   INTEGER NOT NULL,  -- ticks since the boot
    boot      TEXT NOT NULL,
    namespace TEXT NOT NULL,
    PRIMARY KEY (claim, pid, started, boot, namespace)
) STRICT, WITHOUT ROWID"""
_LEASES = """
CREATE TABLE leases (
    claim TEXT NOT NULL PRIMARY KEY REFERENCES claims (name) ON DELETE CASCADE,
    boot  TEXT NOT NULL,  -- with which it ends
    ends  REAL            -- seconds since 1970; nothing: when it is released
) STRICT, WITHOUT ROWID"""
_DEVICES = """
CREATE TABLE devices (
    driver   TEXT NOT NULL,
    pool     TEXT NOT NULL,
    device   TEXT NOT NULL,
    share_id TEXT NOT NULL,  -- '': all of it
    consumed TEXT NOT NULL,  -- quantities by the names of capacities, as JSON
    claim    TEXT NOT NULL REFERENCES claims (name) ON DELETE CASCADE,
    UNIQUE (driver, pool, device, share_id)
) STRICT"""
_DEVICES_BY_CLAIM = "CREATE INDEX devices_by_claim ON devices (claim)"
_ALONE = """
CREATE TRIGGER alone_at_{event} BEFORE {event} ON devices WHEN EXISTS (
    SELECT 1 FROM devices
    WHERE driver = NEW.driver AND pool = NEW.pool AND device = NEW.device
        AND (share_id = '' OR NEW.share_id = '') AND rowid IS NOT {row}
)
BEGIN
    SELECT RAISE(ABORT, 'the device is held, and not to be shared');
END"""
_OWN_ROW = {"INSERT": "NULL", "UPDATE": "OLD.rowid"}
_RULES = tuple(_ALONE.format(event=event, row=row) for event, row in _OWN_ROW.items())

_NEW = (_CLAIMS, _HOLDERS, _LEASES, _DEVICES, _DEVICES_BY_CLAIM, *_RULES)
_FROM_1 = (
    _LEASES,
    "ALTER TABLE devices RENAME TO devices_of_1",
    "DROP INDEX devices_by_claim",
    _DEVICES,
    "INSERT INTO devices SELECT driver, pool, device, '', '{}', claim FROM devices_of_1",
    "DROP TABLE devices_of_1",
    _DEVICES_BY_CLAIM,
    *_RULES,
)
_STEPS = {0: _NEW, 1: _FROM_1}


class Foreign(Exception):
    """The file is no ledger, or one of a newer COD; the text says which, `hint` what to do."""

    def __init__(self, text: str, hint: str) -> None:
        super().__init__(text)
        self.hint = hint


def make_ready(database: sqlite3.Connection, patience: float) -> None:
    """Make an empty file a ledger, and an older ledger one of this version. Raises Foreign for anything else.

    The whole step is one transaction: whoever is killed in it has changed nothing, and of two processes that
    begin together the second finds it done.
    """
    is_ready = _check(database)
    _use_wal(database, patience)
    # A power cut may take the last commits with it and tears nothing; their claims ended with that boot.
    database.execute("PRAGMA synchronous = NORMAL")
    database.execute("PRAGMA foreign_keys = ON")
    if is_ready:
        return
    database.execute("BEGIN IMMEDIATE")
    try:
        for statement in _STEPS.get(_version(database), ()):
            database.execute(statement)
        database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        database.execute(f"PRAGMA user_version = {VERSION}")
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


def _check(database: sqlite3.Connection) -> bool:
    """Whether the file is a ledger of this version already, seen at one moment, before it is changed."""
    database.execute("BEGIN")
    try:
        tables = database.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        application = database.execute("PRAGMA application_id").fetchone()[0]
        version = _version(database)
    finally:
        database.execute("ROLLBACK")
    if not tables and not application and not version:
        return False
    if application != APPLICATION_ID:
        raise Foreign("it is a database of another program", "name another file with COD_LEDGER")
    if version > VERSION:
        raise Foreign(
            f"a newer COD made it (its version is {version}, this COD knows {VERSION})",
            "use the newer COD, or name another file with COD_LEDGER",
        )
    return version == VERSION


def _version(database: sqlite3.Connection) -> int:
    version: int = database.execute("PRAGMA user_version").fetchone()[0]
    return version


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

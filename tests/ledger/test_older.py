"""A ledger of an older COD becomes one of this, whatever happens meanwhile."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from cod.allocate import NoFit, Use
from cod.ledger import Ledger, LedgerUnavailable
from tests.allocate.cases import key
from tests.ledger.book import me, new, some, take, watching

ROOT = Path(__file__).parents[2]

VERSION_1 = """
CREATE TABLE claims (
    name    TEXT NOT NULL PRIMARY KEY,
    claim   TEXT NOT NULL,
    command TEXT NOT NULL,
    since   REAL NOT NULL
) STRICT;
CREATE TABLE holders (
    claim     TEXT NOT NULL REFERENCES claims (name) ON DELETE CASCADE,
    pid       INTEGER NOT NULL,
    started   INTEGER NOT NULL,
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
PRAGMA application_id = 0x434F4431;
PRAGMA user_version = 1;
PRAGMA journal_mode = WAL;
"""


def old(directory: Path, holder: int | None = None) -> Path:
    """A ledger of version 1 in which claim `old` has gpu0."""
    path = directory / "ledger.db"
    process = me()
    result = {"request": "r", "driver": key("gpu0")[0], "pool": key("gpu0")[1], "device": "gpu0"}
    claim = {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceClaim",
        "metadata": {"name": "old"},
        "spec": {"devices": {}},
        "status": {"allocation": {"devices": {"results": [result]}}},
    }
    with sqlite3.connect(path) as database:
        database.executescript(VERSION_1)
        database.execute("INSERT INTO claims VALUES ('old', ?, '[\"cmd\"]', 5.0)", (json.dumps(claim),))
        database.execute("INSERT INTO devices VALUES (?, ?, ?, 'old')", key("gpu0"))
        database.execute(
            "INSERT INTO holders VALUES ('old', ?, ?, ?, ?)",
            (holder or process.pid, process.started, process.boot, process.namespace),
        )
    database.close()
    return path


def version(path: Path) -> int:
    database = sqlite3.connect(path)
    found: int = database.execute("PRAGMA user_version").fetchone()[0]
    database.close()
    return found


def test_what_is_held_in_an_older_ledger_is_held_in_the_new_one(tmp_path: Path) -> None:
    path = old(tmp_path)
    seen: list[object] = []
    with Ledger(path) as ledger:
        (held,) = ledger.claims()
        assert (held.claim.name, held.claim.results[0].device, held.holders) == ("old", "gpu0", (me(),))
        ledger.take(some("b"), watching(seen), me(), [], 0)
        assert seen == [{key("gpu0"): (Use("old"),)}]
        assert len(take(ledger, "rest", 7)) == 7
        with pytest.raises(NoFit):
            take(ledger, "more")
        ledger.give_back("old")
        assert take(ledger, "more") == ["gpu0"]
    database = sqlite3.connect(path)
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    database.close()


def test_a_ledger_that_grew_has_the_tables_of_one_that_is_new(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    tables = []
    for path in (old(tmp_path), tmp_path / "new/ledger.db"):
        with Ledger(path):
            pass
        database = sqlite3.connect(path)
        rows = database.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema")
        tables.append({(*row[:3], re.sub(r" *--.*", "", row[3] or "")) for row in rows})
        database.close()
        assert version(path) == 2
    assert tables[0] == tables[1]


def test_many_processes_that_meet_an_older_ledger_agree(tmp_path: Path) -> None:
    path = old(tmp_path)
    words = [sys.executable, "-m", "tests.ledger.worker", str(path), ""]
    workers = [
        subprocess.Popen([*words, str(seed), "5"], cwd=ROOT, stdout=subprocess.DEVNULL) for seed in range(6)
    ]
    assert [worker.wait(60) for worker in workers] == [0] * 6
    with Ledger(path) as ledger:
        assert ledger.names() == {"old"}


@pytest.mark.parametrize("after", range(9))
def test_a_process_killed_while_a_ledger_grows_leaves_it_as_it_was(tmp_path: Path, after: int) -> None:
    path = old(tmp_path)
    child = os.fork()
    if not child:
        left = [after]

        def trace(statement: str) -> None:
            if statement.lstrip().startswith(("CREATE", "ALTER", "DROP", "INSERT", "PRAGMA user_version = ")):
                left[0] -= 1
                if left[0] < 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        connect = sqlite3.connect

        def traced(*args: object, **options: object) -> sqlite3.Connection:
            database: sqlite3.Connection = connect(*args, **options)  # type: ignore[call-overload]
            database.set_trace_callback(trace)
            return database

        sqlite3.connect = traced  # type: ignore[assignment]
        with Ledger(path):
            os._exit(1)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    assert version(path) == 1
    with Ledger(path) as ledger:
        assert ledger.names() == {"old"}


def test_an_older_cod_that_had_the_ledger_open_takes_nothing_amiss(tmp_path: Path) -> None:
    path = old(tmp_path)
    database = sqlite3.connect(path, isolation_level=None)  # as the older one has it open
    database.execute("SELECT * FROM claims").fetchall()
    with Ledger(path) as ledger:
        assert ledger.names() == {"old"}
    with pytest.raises(sqlite3.Error):
        database.execute("INSERT INTO devices VALUES ('sim.cod.dev', 'node', 'gpu0', 'old')")
    database.close()


def test_an_older_ledger_that_cannot_be_written_is_told_and_left_alone(tmp_path: Path) -> None:
    path = old(tmp_path)
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerUnavailable, match="locked"), Ledger(path, patience=0.1):
        pass
    database.close()
    assert version(path) == 1


def test_the_claims_of_the_dead_in_an_older_ledger_end(tmp_path: Path) -> None:
    old(tmp_path, holder=2**22 + 1)
    with new(tmp_path) as ledger:
        assert len(take(ledger, "all", 8)) == 8

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from cod.host.processes import Processes
from cod.ledger import Ledger
from cod.resource import AllocationResult
from tests.ledger.book import choosing, me, new, some, take

ROOT = Path(__file__).parents[2]


def start(*words: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.ledger.worker", *map(str, words)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_many_processes_that_begin_with_no_ledger_never_share_a_device(tmp_path: Path) -> None:
    (tmp_path / "marks").mkdir()
    workers = [start(tmp_path / "new/ledger.db", tmp_path / "marks", seed, 40) for seed in range(6)]
    assert [worker.wait(60) for worker in workers] == [0] * 6
    for worker in workers:
        assert worker.stdout is not None
        worker.stdout.close()
    with Ledger(tmp_path / "new/ledger.db") as ledger:
        assert ledger.names() == set()


def test_processes_killed_at_any_moment_lose_nothing_and_their_devices_come_back(tmp_path: Path) -> None:
    dice = random.Random(7)
    path = tmp_path / "ledger.db"
    with Ledger(path) as keeper:
        kept = take(keeper, "keeper", 2)
    for _ in range(8):
        workers = [start(path, "", dice.randrange(1000), 10**6) for _ in range(2)]
        for worker in workers:
            assert worker.stdout is not None
            worker.stdout.readline()
            time.sleep(dice.uniform(0, 0.03))
            worker.kill()
        for worker in workers:
            with worker:
                assert worker.wait(10) == -signal.SIGKILL
        with Ledger(path) as ledger:
            assert ledger.names() == {"keeper"}
            assert sorted(take(ledger, "rest", 6) + kept) == [f"gpu{index}" for index in range(8)]
            ledger.give_back("rest")
        database = sqlite3.connect(path)
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        assert database.execute("SELECT count(*) FROM devices").fetchone() == (2,)
        database.close()


class Deadly(list[str]):
    """A command whose words kill the process that reads them: after the choice, before the commit."""

    def __iter__(self) -> Iterator[str]:
        os.kill(os.getpid(), signal.SIGKILL)
        return super().__iter__()


def killed(path: Path, where: str) -> None:
    """Start a process that takes all devices, and kill it there."""
    child = os.fork()
    if not child:

        def choose(held: object) -> AllocationResult:
            if where == "choosing":
                os.kill(os.getpid(), signal.SIGKILL)
            return choosing(some("a", 8))(held)  # type: ignore[arg-type]

        with Ledger(path) as ledger:
            words = Deadly() if where == "writing" else []
            ledger.take(some("a", 8), choose, me(), words, 0)
            if where == "giving back":
                ledger.give_back("a")
            os.kill(os.getpid(), signal.SIGKILL)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL


def test_a_process_killed_in_its_transaction_has_taken_nothing(tmp_path: Path) -> None:
    for where in ("choosing", "writing", "giving back"):
        killed(tmp_path / "ledger.db", where)
        database = sqlite3.connect(tmp_path / "ledger.db")
        assert database.execute("SELECT count(*) FROM claims").fetchone() == (0,)
        database.close()


def test_a_process_killed_after_it_holds_until_its_death_is_seen(tmp_path: Path) -> None:
    killed(tmp_path / "ledger.db", "afterwards")
    database = sqlite3.connect(tmp_path / "ledger.db")
    assert database.execute("SELECT count(*) FROM devices").fetchone() == (8,)
    database.close()
    with new(tmp_path) as ledger:
        assert len(take(ledger, "b", 8)) == 8


def test_a_claim_is_kept_by_a_child_that_outlives_who_took_it(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with subprocess.Popen(["sleep", "60"]) as command:
        child = os.fork()
        if not child:
            with Ledger(path) as ledger:
                take(ledger, "a", 8)
                holder = Processes().named(command.pid)
                if holder is not None:
                    ledger.add_holder("a", holder)
            os.kill(os.getpid(), signal.SIGKILL)
        os.waitpid(child, 0)
        with Ledger(path) as ledger:
            assert ledger.names() == {"a"}
            command.kill()
            command.wait()
            assert ledger.names() == set()

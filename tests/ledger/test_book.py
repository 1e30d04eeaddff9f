from __future__ import annotations

import sqlite3
import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace

from cod.allocate import NoFit, Use
from cod.errors import Refused
from cod.host.processes import Process, Processes
from cod.ledger import Ledger, NotHeld
from cod.resource import AllocationResult, InvalidClaim
from tests.allocate.cases import key
from tests.ledger.book import choosing, dead, me, new, some, take


def test_a_claim_that_is_taken_comes_back_with_its_allocation(tmp_path: Path) -> None:
    wanted = some("a", 2)
    with new(tmp_path) as ledger:
        taken = ledger.take(wanted, choosing(wanted), me(), ["podman", "run"], 12.5)
        assert taken.spec == wanted.spec
        assert [each.device for each in taken.results] == ["gpu0", "gpu1"]
        (held,) = ledger.claims()
    assert held.claim == taken
    assert held.holders == (me(),)
    assert held.command == ("podman", "run")
    assert held.since == 12.5


def test_what_a_newer_cod_has_stored_with_a_claim_stays_with_it(tmp_path: Path) -> None:
    with new(tmp_path) as ledger:
        take(ledger, "a")
        with sqlite3.connect(ledger.path) as database:
            database.execute("""UPDATE claims SET claim = json_set(claim, '$.spec.shiny', 1)""")
        (held,) = ledger.claims()
    assert held.claim.spec.unknown == {"shiny": 1}
    assert held.claim.results[0].device == "gpu0"


def test_a_claim_outlives_the_ledger_that_took_it(tmp_path: Path) -> None:
    with new(tmp_path) as ledger:
        take(ledger, "a", 3)
    with new(tmp_path) as ledger:
        assert ledger.names() == {"a"}
        assert take(ledger, "b", 5) == ["gpu3", "gpu4", "gpu5", "gpu6", "gpu7"]


def test_what_is_held_is_told_to_who_chooses(tmp_path: Path) -> None:
    with new(tmp_path) as ledger:
        take(ledger, "a", 2)
        seen: dict[tuple[str, str, str], tuple[Use, ...]] = {}

        def choose(held: object) -> AllocationResult:
            seen.update(held)  # type: ignore[call-overload]
            return AllocationResult()

        ledger.take(some("b"), choose, me(), [], 0)
    assert seen == {key("gpu0"): (Use("a"),), key("gpu1"): (Use("a"),)}


def test_what_is_given_back_is_free_and_may_be_given_back_again(tmp_path: Path) -> None:
    with new(tmp_path) as ledger:
        take(ledger, "a", 8)
        ledger.give_back("a")
        ledger.give_back("a")
        ledger.give_back("never was")
        assert ledger.names() == set()
        assert len(take(ledger, "b", 8)) == 8


def test_a_user_who_releases_what_is_not_held_is_told_so(tmp_path: Path) -> None:
    with new(tmp_path) as ledger:
        take(ledger, "a")
        ledger.release("a")
        with pytest.raises(NotHeld, match="there is no claim a"):
            ledger.release("a")


def test_a_refusal_of_who_chooses_comes_through_and_nothing_is_taken(tmp_path: Path) -> None:
    with new(tmp_path) as ledger:
        take(ledger, "a", 6)
        with pytest.raises(NoFit):
            take(ledger, "b", 3)
        assert ledger.names() == {"a"}
        assert take(ledger, "b", 2) == ["gpu6", "gpu7"]


def test_an_error_of_the_system_in_who_chooses_is_not_taken_for_the_ledgers(tmp_path: Path) -> None:
    def choose(_: object) -> AllocationResult:
        raise FileNotFoundError("sysfs")

    with new(tmp_path) as ledger, pytest.raises(FileNotFoundError):
        ledger.take(some("a"), choose, me(), [], 0)


def test_a_living_claims_name_is_not_given_twice(tmp_path: Path) -> None:
    with new(tmp_path) as ledger:
        take(ledger, "a")
        with pytest.raises(Refused, match="there is a claim a already"):
            take(ledger, "a")
        ledger.give_back("a")
        take(ledger, "a")


@pytest.mark.parametrize("name", ["", "A", "a/b", "../a", "a\n", "-a", "a" * 64, "\udcff"])
def test_a_name_that_is_no_dns_label_is_refused(tmp_path: Path, name: str) -> None:
    with new(tmp_path) as ledger, pytest.raises(InvalidClaim, match="invalid claim name"):
        take(ledger, name)


def test_who_chooses_what_is_held_is_refused_by_us_and_by_the_database_itself(tmp_path: Path) -> None:
    wanted = some("b")
    with new(tmp_path) as ledger:
        take(ledger, "a")
        with pytest.raises(Refused, match=r"device sim\.cod\.dev/node/gpu0 is held by claim a"):
            ledger.take(wanted, lambda _: choosing(wanted)({}), me(), [], 0)
    database = sqlite3.connect(tmp_path / "ledger.db")
    database.execute("INSERT INTO claims VALUES ('z', '', '', 0)")
    with pytest.raises(sqlite3.IntegrityError, match="held"):
        database.execute("INSERT INTO devices VALUES ('sim.cod.dev', 'node', 'gpu0', '', '{}', 'z')")
    database.close()


def test_words_of_a_command_that_are_no_utf_8_are_kept(tmp_path: Path) -> None:
    wanted = some("a")
    with new(tmp_path) as ledger:
        ledger.take(wanted, choosing(wanted), me(), ["cat", "\udcff\n\0ä"], 0)
        assert ledger.claims()[0].command == ("cat", "\udcff\n\0ä")


def test_claims_are_listed_oldest_first(tmp_path: Path) -> None:
    with new(tmp_path) as ledger:
        for name, now in (("b", 2.0), ("c", 1.0), ("a", 2.0)):
            ledger.take(some(name), choosing(some(name)), me(), [], now)
        assert [each.claim.name for each in ledger.claims()] == ["c", "a", "b"]


def test_a_ledger_is_used_in_a_with_statement(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="with"):
        new(tmp_path).names()


def test_devices_of_a_dead_process_are_free_at_the_next_call(tmp_path: Path) -> None:
    with new(tmp_path) as ledger:
        with subprocess.Popen(["sleep", "60"]) as child:
            take(ledger, "a", 8, Processes().named(child.pid))
            assert ledger.names() == {"a"}
            child.kill()
        assert len(take(ledger, "a", 8)) == 8


def test_a_number_that_another_process_has_now_holds_nothing(tmp_path: Path) -> None:
    with new(tmp_path) as ledger:
        take(ledger, "a", 8, dead())
        assert ledger.claims() == []
        assert take(ledger, "b") == ["gpu0"]


def test_claims_of_another_boot_are_over(tmp_path: Path) -> None:
    with new(tmp_path) as ledger:
        take(ledger, "a", 8, replace(me(), boot="another"))
        assert ledger.names() == set()
        assert len(take(ledger, "b", 8)) == 8


def test_claims_of_another_namespace_are_kept(tmp_path: Path) -> None:
    with new(tmp_path) as ledger:
        take(ledger, "a", 8, replace(me(), namespace="pid:[1]", pid=2**22 + 1))
        assert ledger.names() == {"a"}
        with pytest.raises(NoFit):
            take(ledger, "b")


def test_a_claim_lives_while_any_of_its_holders_does(tmp_path: Path) -> None:
    with new(tmp_path) as ledger, subprocess.Popen(["sleep", "60"]) as child:
        other = Processes().named(child.pid)
        assert other is not None
        take(ledger, "a", 8)
        ledger.add_holder("a", other)
        ledger.add_holder("a", other)
        assert set(ledger.claims()[0].holders) == {me(), other}
        ledger.add_holder("a", dead())
        assert set(ledger.claims()[0].holders) == {me(), other}
        child.kill()
        child.wait()
        assert ledger.names() == {"a"}


def test_nobody_joins_a_claim_that_is_over(tmp_path: Path) -> None:
    with new(tmp_path) as ledger:
        take(ledger, "a", 1, dead())
        with pytest.raises(NotHeld):
            ledger.add_holder("a", me())
        with pytest.raises(NotHeld):
            ledger.add_holder("never", me())


def test_who_is_alive_is_seen_in_the_proc_that_is_given(tmp_path: Path) -> None:
    elsewhere = Processes(tmp_path / "proc")
    with Ledger(tmp_path / "l.db", elsewhere) as ledger:
        take(ledger, "a", 1, Process(pid=2**22 + 1, started=1, boot="", namespace=""))
        assert ledger.names() == set()

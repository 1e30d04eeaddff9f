"""Claims that are held by their name or for a time, without any process."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from cod.host.processes import Processes
from cod.ledger import Lease, Ledger, NotHeld
from tests.ledger.book import dead, me, new, take

BOOT = Processes().boot_id()
KEPT = Lease(BOOT)


class Clock:
    """A clock that is set by hand."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_claim_held_by_its_name_stays_until_it_is_released(tmp_path: Path) -> None:
    with new(tmp_path) as ledger:
        take(ledger, "kept", 2, KEPT)
    with new(tmp_path) as ledger:
        (held,) = ledger.claims()
        assert held.holders == (KEPT,)
        assert ledger.claim("kept") == held
        ledger.release("kept")
        with pytest.raises(NotHeld):
            ledger.claim("kept")


def test_a_claim_held_for_a_time_ends_with_it(tmp_path: Path) -> None:
    clock = Clock()
    with Ledger(tmp_path / "l.db", clock=clock) as ledger:
        take(ledger, "short", 8, Lease(BOOT, 1060.0))
        clock.now = 1059.9
        assert ledger.names() == {"short"}
        clock.now = 1060.0
        assert take(ledger, "next", 8, KEPT)


def test_a_claim_held_by_its_name_ends_when_the_machine_boots_again(tmp_path: Path) -> None:
    (tmp_path / "proc/sys/kernel/random").mkdir(parents=True)
    (tmp_path / "proc/sys/kernel/random/boot_id").write_text("another\n")
    with new(tmp_path) as ledger:
        take(ledger, "kept", 1, KEPT)
        take(ledger, "unknown", 1, Lease(""))
    with Ledger(tmp_path / "ledger.db", Processes(tmp_path / "proc")) as ledger:
        assert ledger.names() == {"unknown"}


def test_a_claim_lives_as_long_as_its_lease_or_its_processes_whichever_is_longer(tmp_path: Path) -> None:
    clock = Clock()
    with Ledger(tmp_path / "l.db", clock=clock) as ledger:
        take(ledger, "used", 1, Lease(BOOT, 1060.0))
        ledger.add_holder("used", me())
        take(ledger, "left", 1, Lease(BOOT, 2000.0))
        ledger.add_holder("left", dead())
        clock.now = 1100.0
        assert {each.claim.name: each.holders for each in ledger.claims()} == {
            "used": (me(),),
            "left": (Lease(BOOT, 2000.0),),
        }


def test_a_new_lease_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    clock = Clock()
    with Ledger(tmp_path / "l.db", clock=clock) as ledger:
        take(ledger, "a", 1, Lease(BOOT, 1060.0))
        ledger.add_holder("a", Lease(BOOT, 1200.0))
        clock.now = 1100.0
        assert ledger.claim("a").holders == (Lease(BOOT, 1200.0),)
        ledger.add_holder("a", replace(KEPT))
        clock.now = 1e12
        assert ledger.names() == {"a"}


def test_a_lease_holds_several_claims_or_none(tmp_path: Path) -> None:
    with new(tmp_path) as ledger:
        take(ledger, "a")
        with pytest.raises(NotHeld):
            ledger.add_holder_together(["a", "never"], KEPT)
        assert ledger.claim("a").holders == (me(),)
        take(ledger, "b")
        ledger.add_holder_together(["a", "b"], KEPT)
        assert [each.holders for each in ledger.claims()] == [(me(), KEPT)] * 2
        ledger.give_back("a", "b", "never")
        assert not ledger.names()

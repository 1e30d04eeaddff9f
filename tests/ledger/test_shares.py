"""Devices that several claims share, and those that are only looked after."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from cod.allocate import NoFit, Use, allocate
from cod.errors import Refused
from cod.ledger import Ledger
from cod.resource import (
    AllocationResult,
    Capacity,
    Device,
    DeviceAllocation,
    RequestPolicy,
    ResourceClaim,
    Result,
    ValidRange,
)
from tests.allocate.cases import ANY, claim, key, slice_of
from tests.ledger.book import me, new, watching

POLICY = RequestPolicy("1", valid_range=ValidRange("1", step="1"))
SHARED = Device("d", capacity={"slots": Capacity("3", POLICY)}, allow_multiple_allocations=True)
WHOLE, ONE, OTHER = "''", "'1'", "'2'"


def take(ledger: Ledger, wanted: ResourceClaim) -> ResourceClaim:
    return ledger.take(
        wanted, lambda in_use: allocate([wanted], [ANY], [slice_of(SHARED)], in_use)[0], me(), [], 0
    )


def give(ledger: Ledger, name: str, *results: Result) -> ResourceClaim:
    return ledger.take(claim(name), lambda _: AllocationResult(DeviceAllocation(tuple(results))), me(), [], 0)


def result(share_id: str = "", *, admin: bool = False) -> Result:
    return Result("r", *key("d"), share_id=share_id, admin_access=admin)


def test_claims_share_a_device_until_it_is_used_up_and_again_when_one_ends(tmp_path: Path) -> None:
    with new(tmp_path) as ledger:
        taken = [take(ledger, claim(name, r=("any", 1))) for name in "abc"]
        assert len({each.results[0].share_id for each in taken}) == 3
        with pytest.raises(NoFit):
            take(ledger, claim("d", r=("any", 1)))
        ledger.give_back("b")
        take(ledger, claim("d", r=("any", 1)))


def test_who_chooses_is_told_the_share_of_each_claim(tmp_path: Path) -> None:
    seen: list[object] = []
    with new(tmp_path) as ledger:
        share = take(ledger, claim("a", r=("any", 1))).results[0].share_id
        ledger.take(claim("b"), watching(seen), me(), [], 0)
    assert seen == [{key("d"): (Use("a", share, {"slots": "1"}),)}]


def test_one_claim_may_have_several_shares_of_a_device(tmp_path: Path) -> None:
    with new(tmp_path) as ledger:
        results = take(ledger, claim("a", r=("any", 1), s=("any", 1))).results
        assert [each.device for each in results] == ["d", "d"]
        take(ledger, claim("b", r=("any", 1)))
        ledger.give_back("a")
        assert len(take(ledger, claim("c", r=("any", 1), s=("any", 1))).results) == 2


def test_a_device_that_is_looked_after_is_free(tmp_path: Path) -> None:
    with new(tmp_path) as ledger:
        give(ledger, "watcher", result(admin=True))
        give(ledger, "user", result())
        give(ledger, "other-watcher", result(admin=True))
        ledger.give_back("watcher")
        with pytest.raises(Refused, match="held by claim user"):
            give(ledger, "other", result())


@pytest.mark.parametrize(
    ("first", "second"),
    [("", ""), ("", "1"), ("1", ""), ("1", "1")],
    ids=["whole-whole", "whole-share", "share-whole", "same-share"],
)
def test_what_does_not_go_together_is_refused_whether_in_two_claims_or_in_one(
    tmp_path: Path, first: str, second: str
) -> None:
    with new(tmp_path) as ledger:
        with pytest.raises(Refused, match=r"device sim\.cod\.dev/node/d is held by claim both"):
            give(ledger, "both", result(first), result(second))
        give(ledger, "a", result(first))
        with pytest.raises(Refused, match=r"device sim\.cod\.dev/node/d is held by claim a"):
            give(ledger, "b", result(second))
        assert ledger.names() == {"a"}


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        (WHOLE, WHOLE, False),
        (WHOLE, ONE, False),
        (ONE, WHOLE, False),
        (ONE, ONE, False),
        (ONE, OTHER, True),
    ],
)
def test_the_database_itself_knows_the_rule_for_what_is_new_and_what_is_changed(
    tmp_path: Path, first: str, second: str, together: bool
) -> None:
    with new(tmp_path):
        pass
    database = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    database.execute("INSERT INTO claims VALUES ('z', '', '', 0)")
    database.execute(f"INSERT INTO devices VALUES ('x', 'p', 'd', {first}, '{{}}', 'z')")
    database.execute(f"INSERT INTO devices VALUES ('x', 'p', 'other', {second}, '{{}}', 'z')")
    ways = (
        f"INSERT INTO devices VALUES ('x', 'p', 'd', {second}, '{{}}', 'z')",
        "UPDATE devices SET device = 'd' WHERE device = 'other'",
    )
    for way in ways:
        database.execute("SAVEPOINT start")
        if together:
            database.execute(way)
        else:
            with pytest.raises(sqlite3.IntegrityError):
                database.execute(way)
        database.execute("ROLLBACK TO start")
    database.execute('UPDATE devices SET consumed = \'{"slots": "2"}\'')  # not its own rival
    database.close()

"""Who holds which devices on one machine: a SQLite file that any number of processes share.

A claim lives while any of its holders does: a process, or a lease. Each change is one transaction that first
drops the claims whose holders are all dead, so that a process may be killed at any line: what it had
committed comes back when its death is seen, what it had not is as if it never was.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cod.errors import Refused
from cod.host.processes import Process, Processes
from cod.ledger.holder import Holder, Lease, lives
from cod.ledger.schema import make_ready
from cod.ledger.trouble import explained, make_directory
from cod.resource import AllocationResult, ClaimStatus, InvalidClaim, ResourceClaim, Result, is_label

if TYPE_CHECKING:
    from cod.allocate import InUse, Use  # who only looks does not allocate
    from cod.drivers.protocol import DeviceKey

THIS_MACHINE = Processes()
PATIENCE = 10.0  # seconds that a process waits for the others

Row = TypeVar("Row")


class NotHeld(Refused):
    """The ledger has no claim of that name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no claim {name}", where=name, hint="see what there is: cod claim list")


class HeldClaim(Struct, frozen=True):
    """A claim that lives: its holders, the command it was made for, and since when (seconds since 1970)."""

    claim: ResourceClaim
    holders: tuple[Holder, ...]
    command: tuple[str, ...]
    since: float


class Ledger:
    """The ledger in one file, which is made if missing; use it in a `with`, from one thread.

    `clock` gives the seconds since 1970, by which leases end.

    Every method raises LedgerUnavailable where the file cannot be used.
    """

    def __init__(
        self,
        path: Path,
        processes: Processes = THIS_MACHINE,
        *,
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.path = path
        self._processes = processes
        self._clock = clock
        self._patience = patience
        self._open: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        make_directory(self.path)
        with explained(self.path):
            # Transactions are begun and ended by hand, so that it is seen which ones write.
            database = sqlite3.connect(self.path, timeout=self._patience, isolation_level=None)
            try:
                make_ready(database, self._patience)
            except BaseException:
                database.close()
                raise
        self._open = database
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def take(
        self,
        claim: ResourceClaim,
        choose: Callable[[InUse], AllocationResult],
        holder: Holder,
        command: Sequence[str],
        now: float,
    ) -> ResourceClaim:
        """Hold the devices that `choose` picks, given what is in use; the claim with its allocation.

        What `choose` raises comes through, and nothing is taken. Others wait meanwhile: it should be quick.
        A device that is only looked after (adminAccess) is not held.

        Raises InvalidClaim for a bad name, Refused for the name of a living claim or a device that is held.
        """
        return self.take_together([claim], lambda in_use: (choose(in_use),), holder, command, now)[0]

    def take_together(
        self,
        claims: Sequence[ResourceClaim],
        choose: Callable[[InUse], Sequence[AllocationResult]],
        holder: Holder,
        command: Sequence[str],
        now: float,
    ) -> tuple[ResourceClaim, ...]:
        """As `take`, for several claims: all of them are taken, or none."""
        with self._writing() as database:
            for name in [each.name for each in claims]:
                _check_name(database, name)
            in_use = _in_use(database)
            results = choose(in_use)
            taken = tuple(
                replace(each, status=ClaimStatus(result))
                for each, result in zip(claims, results, strict=True)
            )
            _check_free(taken, in_use)
            for each in taken:
                _insert(database, each, command, now)
                _add_holder(database, each.name, holder)
        return taken

    def add_holder(self, name: str, holder: Holder) -> None:
        """Let a claim live as long as this holder, too. A new lease replaces an old one. Raises NotHeld."""
        self.add_holder_together([name], holder)

    def add_holder_together(self, names: Iterable[str], holder: Holder) -> None:
        """As `add_holder`, for several claims: it holds all of them, or none."""
        with self._writing() as database:
            for name in names:
                if not _has(database, name):
                    raise NotHeld(name)
                _add_holder(database, name, holder)

    def give_back(self, *names: str) -> None:
        """End these claims, as far as they are not over already."""
        with self._writing() as database:
            for name in names:
                _drop(database, name)

    def release(self, name: str) -> None:
        """End a claim that a user named. Raises NotHeld."""
        with self._writing() as database:
            if not _drop(database, name):
                raise NotHeld(name)

    def claim(self, name: str) -> HeldClaim:
        """The living claim of that name. Raises NotHeld."""
        for each in self.claims():
            if each.claim.name == name:
                return each
        raise NotHeld(name)

    def claims(self) -> list[HeldClaim]:
        """All living claims, oldest first."""
        with self._writing() as database:
            holders = _holders(database)
            rows = database.execute("SELECT name, claim, command, since FROM claims ORDER BY since, name")
            return [
                HeldClaim(
                    claim=_claim(claim),
                    holders=tuple(holders.get(name, ())),
                    command=msgspec.convert(json.loads(command), tuple[str, ...]),
                    since=since,
                )
                for name, claim, command, since in _typed(rows, tuple[str, str, str, float])
            ]

    def names(self) -> set[str]:
        """The names of all living claims."""
        with self._writing() as database:
            return {name for (name,) in database.execute("SELECT name FROM claims")}

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction that waits for its turn, sees no dead claim, and is complete or absent."""
        database = self._open
        if database is None:
            raise ValueError("a ledger is used in a with statement")
        with explained(self.path):
            database.execute("BEGIN IMMEDIATE")
            try:
                self._drop_dead(database)
                yield database
                database.execute("COMMIT")
            finally:
                if database.in_transaction:
                    database.execute("ROLLBACK")

    def _drop_dead(self, database: sqlite3.Connection) -> None:
        now = self._clock()
        by_claim = _holders(database)
        everybody = {each for holders in by_claim.values() for each in holders}
        gone = {each for each in everybody if not lives(each, self._processes, now)}
        for name, holders in by_claim.items():
            dead = [each for each in holders if each in gone]
            if len(dead) == len(holders):
                _drop(database, name)
            else:
                for each in dead:
                    _drop_holder(database, name, each)


def _claim(text: str) -> ResourceClaim:
    """A stored claim; what a newer COD has put into it is kept."""
    try:
        return msgspec.json.decode(text, type=ResourceClaim)
    except msgspec.ValidationError:
        from cod.resource import InvalidObject, from_data  # what COD itself stores needs neither

        with suppress(InvalidObject):
            return from_data(json.loads(text), ResourceClaim)
        raise


def _has(database: sqlite3.Connection, name: str) -> bool:
    return database.execute("SELECT 1 FROM claims WHERE name = ?", (name,)).fetchone() is not None


def _in_use(database: sqlite3.Connection) -> dict[DeviceKey, tuple[Use, ...]]:
    """What the living claims have of each device, the oldest share first."""
    from cod.allocate import Use

    rows = database.execute(
        "SELECT driver, pool, device, share_id, consumed, claim FROM devices ORDER BY rowid"
    )
    found: dict[DeviceKey, tuple[Use, ...]] = {}
    for driver, pool, device, share_id, consumed, claim in _typed(rows, tuple[str, str, str, str, str, str]):
        key = (driver, pool, device)
        use = Use(claim, share_id, msgspec.json.decode(consumed, type=dict[str, str]))
        found[key] = (*found.get(key, ()), use)
    return found


def _check_name(database: sqlite3.Connection, name: str) -> None:
    if not is_label(name):
        raise InvalidClaim(
            f"invalid claim name {name!r}", hint="up to 63 of a-z, 0-9 and inner -, as in claim-1"
        )
    if _has(database, name):
        raise Refused(
            f"there is a claim {name} already",
            where=name,
            hint=f"choose another name, or release it: cod claim release {name}",
        )


def _check_free(claims: Iterable[ResourceClaim], in_use: InUse) -> None:
    """Refuse what SQLite would refuse, and say who has it."""
    held = {key: {use.share_id: use.holder for use in uses} for key, uses in in_use.items()}
    for name, each in [(claim.name, each) for claim in claims for each in _held(claim)]:
        shares = held.setdefault(_key(each), {})
        holder = shares.get(each.share_id) or shares.get("")
        if holder is None and not each.share_id:
            holder = next(iter(shares.values()), None)
        if holder is not None:
            raise Refused(f"device {'/'.join(_key(each))} is held by claim {holder}", where=name)
        shares[each.share_id] = name


def _insert(database: sqlite3.Connection, claim: ResourceClaim, command: Sequence[str], now: float) -> None:
    text = msgspec.json.encode(claim).decode()
    database.execute(
        "INSERT INTO claims VALUES (?, ?, ?, ?)", (claim.name, text, json.dumps(list(command)), now)
    )
    rows = [
        (*_key(each), each.share_id, json.dumps(each.consumed_capacity), claim.name) for each in _held(claim)
    ]
    database.executemany("INSERT INTO devices VALUES (?, ?, ?, ?, ?, ?)", rows)


def _held(claim: ResourceClaim) -> list[Result]:
    """The results that are held, and not only looked after."""
    return [each for each in claim.results if not each.admin_access]


def _key(result: Result) -> DeviceKey:
    return result.driver, result.pool, result.device


def _holders(database: sqlite3.Connection) -> dict[str, list[Holder]]:
    """The holders of every claim, the oldest process first, a lease last."""
    names = _typed(database.execute("SELECT name FROM claims"), tuple[str])
    holders: dict[str, list[Holder]] = {name: [] for (name,) in names}
    rows = database.execute("SELECT claim, pid, started, boot, namespace FROM holders ORDER BY started, pid")
    for name, pid, started, boot, namespace in _typed(rows, tuple[str, int, int, str, str]):
        holders.setdefault(name, []).append(Process(pid, started, boot, namespace))
    rows = database.execute("SELECT claim, boot, ends FROM leases")
    for name, boot, ends in _typed(rows, tuple[str, str, float | None]):
        holders.setdefault(name, []).append(Lease(boot, ends))
    return holders


def _typed(rows: Iterable[object], row: type[Row]) -> list[Row]:
    """Rows as the schema has them: SQLite checks types where it writes, not what a damaged file holds."""
    return msgspec.convert([*rows], list[row])  # type: ignore[valid-type]


def _add_holder(database: sqlite3.Connection, name: str, holder: Holder) -> None:
    if isinstance(holder, Lease):
        database.execute("INSERT OR REPLACE INTO leases VALUES (?, ?, ?)", (name, holder.boot, holder.ends))
        return
    database.execute(
        "INSERT OR IGNORE INTO holders VALUES (?, ?, ?, ?, ?)",
        (name, holder.pid, holder.started, holder.boot, holder.namespace),
    )


def _drop_holder(database: sqlite3.Connection, name: str, holder: Holder) -> None:
    if isinstance(holder, Lease):
        database.execute("DELETE FROM leases WHERE claim = ?", (name,))
        return
    database.execute(
        "DELETE FROM holders WHERE claim = ? AND pid = ? AND started = ? AND boot = ? AND namespace = ?",
        (name, holder.pid, holder.started, holder.boot, holder.namespace),
    )


def _drop(database: sqlite3.Connection, name: str) -> bool:
    return database.execute("DELETE FROM claims WHERE name = ?", (name,)).rowcount > 0

"""Who holds which devices on one machine: a SQLite file that any number of processes share.

A claim lives while any of its holders does. Each change is one transaction that first drops the claims whose
holders are all dead, so that a process may be killed at any line: what it had committed comes back when its
death is seen, what it had not is as if it never was.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cod.errors import Refused
from cod.host.processes import Process, Processes
from cod.ledger.schema import make_ready
from cod.ledger.trouble import explained, make_directory
from cod.resource import AllocationResult, ClaimStatus, InvalidClaim, ResourceClaim, is_label

if TYPE_CHECKING:
    from cod.allocate import DeviceId  # who only looks does not allocate

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
    holders: tuple[Process, ...]
    command: tuple[str, ...]
    since: float


class Ledger:
    """The ledger in one file, which is made if missing; use it in a `with`, from one thread.

    Every method raises LedgerUnavailable where the file cannot be used.
    """

    def __init__(
        self, path: Path, processes: Processes = THIS_MACHINE, *, patience: float = PATIENCE
    ) -> None:
        self.path = path
        self._processes = processes
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
        choose: Callable[[Mapping[DeviceId, str]], AllocationResult],
        holder: Process,
        command: Sequence[str],
        now: float,
    ) -> ResourceClaim:
        """Hold the devices that `choose` picks, given which are held by whom; the claim with its allocation.

        What `choose` raises comes through, and nothing is taken. Others wait meanwhile: it should be quick.

        Raises InvalidClaim for a bad name, Refused for the name of a living claim or a device that is held.
        """
        if not is_label(claim.name):
            raise InvalidClaim(
                f"invalid claim name {claim.name!r}", hint="up to 63 of a-z, 0-9 and inner -, as in claim-1"
            )
        with self._writing() as database:
            if _has(database, claim.name):
                raise Refused(
                    f"there is a claim {claim.name} already",
                    where=claim.name,
                    hint=f"choose another name, or release it: cod claim release {claim.name}",
                )
            held = _held(database)
            taken = replace(claim, status=ClaimStatus(choose(held)))
            devices = [(each.driver, each.pool, each.device) for each in taken.results]
            for device in devices:
                if device in held:
                    raise Refused(
                        f"device {'/'.join(device)} is held by claim {held[device]}", where=claim.name
                    )
            database.execute(
                "INSERT INTO claims VALUES (?, ?, ?, ?)",
                (claim.name, msgspec.json.encode(taken).decode(), json.dumps(list(command)), now),
            )
            database.executemany(
                "INSERT INTO devices VALUES (?, ?, ?, ?)", [(*device, claim.name) for device in devices]
            )
            _add_holder(database, claim.name, holder)
        return taken

    def add_holder(self, name: str, holder: Process) -> None:
        """Let a claim live as long as this process, too. Raises NotHeld."""
        with self._writing() as database:
            if not _has(database, name):
                raise NotHeld(name)
            _add_holder(database, name, holder)

    def give_back(self, name: str) -> None:
        """End a claim, if it is not over already."""
        with self._writing() as database:
            _drop(database, name)

    def release(self, name: str) -> None:
        """End a claim that a user named. Raises NotHeld."""
        with self._writing() as database:
            if not _drop(database, name):
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
        for name, holders in _holders(database).items():
            if not any(map(self._processes.alive, holders)):
                _drop(database, name)


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


def _held(database: sqlite3.Connection) -> dict[DeviceId, str]:
    rows = database.execute("SELECT driver, pool, device, claim FROM devices")
    held = _typed(rows, tuple[str, str, str, str])
    return {(driver, pool, device): claim for driver, pool, device, claim in held}


def _holders(database: sqlite3.Connection) -> dict[str, list[Process]]:
    """The holders of every claim, the oldest first."""
    names = _typed(database.execute("SELECT name FROM claims"), tuple[str])
    holders: dict[str, list[Process]] = {name: [] for (name,) in names}
    rows = database.execute("SELECT claim, pid, started, boot, namespace FROM holders ORDER BY started, pid")
    for name, pid, started, boot, namespace in _typed(rows, tuple[str, int, int, str, str]):
        holders.setdefault(name, []).append(Process(pid, started, boot, namespace))
    return holders


def _typed(rows: Iterable[object], row: type[Row]) -> list[Row]:
    """Rows as the schema has them: SQLite checks types where it writes, not what a damaged file holds."""
    return msgspec.convert([*rows], list[row])  # type: ignore[valid-type]


def _add_holder(database: sqlite3.Connection, name: str, holder: Process) -> None:
    database.execute(
        "INSERT OR IGNORE INTO holders VALUES (?, ?, ?, ?, ?)",
        (name, holder.pid, holder.started, holder.boot, holder.namespace),
    )


def _drop(database: sqlite3.Connection, name: str) -> bool:
    return database.execute("DELETE FROM claims WHERE name = ?", (name,)).rowcount > 0

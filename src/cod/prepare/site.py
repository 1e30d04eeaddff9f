"""One machine on which claims are taken and ended: its devices, its ledger, and its directory of specs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from cod.allocate import Allocator, InUse, Node, Options, Surveyed
from cod.cdi.write import WriteFailed
from cod.drivers import Inventory
from cod.errors import Misuse, Unavailable
from cod.host import Host
from cod.host.processes import Process, Processes
from cod.prepare.claim import Prepared, prepare, sweep, unprepare
from cod.resource import ResourceClaim
from cod.topology import survey

if TYPE_CHECKING:
    from cod.ledger import Holder, Ledger


class Site(Struct, frozen=True):
    """A machine and what its drivers found, and where it is written down who holds what of it."""

    host: Host
    inventory: Inventory
    ledger: Path
    spec_dir: Path
    processes: Processes = Processes()

    @property
    def node(self) -> Node:
        """The machine as its slices name it."""
        return Node(self.host.node_name)

    def allocator(self, in_use: InUse, options: Options | None = None) -> Allocator:
        """Who chooses devices of the machine, given what is in use by this or any other name of it."""
        return Allocator(
            self.inventory.slices,
            self.inventory.classes,
            self.inventory.here(in_use),
            options=options or Options(),
            surroundings=Surveyed(survey(self.host, self.inventory)),
        )

    def open_ledger(self) -> Ledger:
        """The ledger, for a `with`."""
        from cod.ledger import Ledger  # who only asks why has no use for SQLite

        return Ledger(self.ledger, self.processes)

    def check_usable(self) -> None:
        """Raise Misuse where the devices of the machine are only recorded."""
        if not self.host.is_real:
            raise Misuse(
                "the devices of a recorded machine cannot be used",
                where=str(self.host.root),
                hint="--host sim:8gpu simulates a machine whose devices can be opened",
            )

    def myself(self) -> Process:
        """This process, as a holder. Raises Unavailable where processes cannot be seen."""
        found = self.processes.named(os.getpid())
        if found is None:
            raise Unavailable("processes cannot be seen", where=str(self.processes.proc), hint="mount it")
        return found

    def take(
        self, claims: Sequence[ResourceClaim], holder: Holder, command: Sequence[str], now: float
    ) -> tuple[ResourceClaim, ...]:
        """Choose devices for claims together, and write down that they have them.

        What is left of ended claims goes. Raises what the allocator does, and Refused or LedgerUnavailable
        as the ledger does.
        """
        with self.open_ledger() as ledger:
            with suppress(WriteFailed):  # a file left behind harms nobody
                sweep(self.spec_dir, self.ledger, ledger.names)
            return ledger.take_together(
                claims,
                lambda in_use: self.allocator(in_use).allocate(claims, self.node),
                holder,
                command,
                now,
            )

    def prepare(self, claim: ResourceClaim) -> Prepared:
        """Write the CDI spec of a claim that was taken. Raises as `prepare` does."""
        return prepare(claim, self.inventory.found, self.spec_dir, self.ledger)

    def give_back(self, *names: str) -> None:
        """End claims, as far as the machine lets us: the next call finds what is left of them."""
        for name in names:
            with suppress(Unavailable):
                unprepare(name, self.spec_dir, self.ledger)
        with suppress(Unavailable), self.open_ledger() as ledger:
            ledger.give_back(*names)

"""What is held, and by whom, in words: for a table, for a page, and as annotations of a ResourceClaim."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cod.cli.durations import local_time
from cod.ledger import Lease

if TYPE_CHECKING:
    from cod.host.processes import Process
    from cod.ledger import HeldClaim
    from cod.resource import ResourceClaim, Result

HELD_BY, HELD_UNTIL = "cod.dev/held-by", "cod.dev/held-until"


def holders(held: HeldClaim) -> str:
    """Who holds a claim, in a line: `123,124 podman run …`, `its name until 2026-11-25 14:05:00`."""
    return "; ".join(_holders(held))


def lease_of(held: HeldClaim) -> Lease | None:
    """The lease of a claim, if it has one."""
    return next((each for each in held.holders if isinstance(each, Lease)), None)


def processes_of(held: HeldClaim) -> list[Process]:
    """The processes that hold a claim."""
    return [each for each in held.holders if not isinstance(each, Lease)]


def device_name(result: Result, *, is_wide: bool = False) -> str:
    """A device that was given: `gpu0`, `sim.cod.dev/lab7/gpu0`; with its share: `numa0 (cpus 4)`."""
    name = f"{result.driver}/{result.pool}/{result.device}" if is_wide else result.device
    notes = [f"{what} {amount}" for what, amount in result.consumed_capacity.items() if amount != "0"]
    notes += ["admin access"] if result.admin_access else []
    return f"{name} ({', '.join(notes)})" if notes else name


def as_object(held: HeldClaim) -> ResourceClaim:
    """The claim as the API has it, with who holds it as annotations."""
    lease = lease_of(held)
    by = [*(["name"] if lease else []), *(str(each.pid) for each in processes_of(held))]
    added = {HELD_BY: ",".join(by)}
    if lease and lease.ends is not None:
        added[HELD_UNTIL] = datetime.fromtimestamp(lease.ends, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    metadata = held.claim.metadata
    return replace(held.claim, metadata=replace(metadata, annotations={**metadata.annotations, **added}))


def _holders(held: HeldClaim) -> Iterator[str]:
    if processes := processes_of(held):
        pids = ",".join(str(each.pid) for each in processes)
        yield f"{pids} {' '.join(held.command)}".rstrip() if lease_of(held) is None else pids
    if lease := lease_of(held):
        yield "its name" if lease.ends is None else f"its name until {local_time(lease.ends)}"

"""What the tests of the ledger share: devices, a way to choose, processes that live and that are dead."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from cod.allocate import InUse, allocate
from cod.host.processes import Process, Processes
from cod.ledger import Holder, Ledger
from cod.resource import AllocationResult, ResourceClaim
from tests.allocate.cases import GPU, claim, gpus

DEVICES = 8


def me() -> Process:
    process = Processes().named(os.getpid())
    assert process is not None
    return process


def dead() -> Process:
    """A process with our number that is not us."""
    return replace(me(), started=me().started - 1)


def some(name: str, count: int = 1) -> ResourceClaim:
    return claim(name, r=("sim-gpu", count))


def choosing(wanted: ResourceClaim) -> Callable[[InUse], AllocationResult]:
    return lambda in_use: allocate([wanted], [GPU], [gpus(DEVICES)], in_use)[0]


def watching(seen: list[object]) -> Callable[[InUse], AllocationResult]:
    """Choose nothing, and note what is in use."""

    def choose(in_use: InUse) -> AllocationResult:
        seen.append(in_use)
        return AllocationResult()

    return choose


def take(ledger: Ledger, name: str, count: int = 1, holder: Holder | None = None) -> list[str]:
    """Take so many devices under a name; which ones they are."""
    wanted = some(name, count)
    taken = ledger.take(wanted, choosing(wanted), holder or me(), ["cmd", name], 1000.0)
    return [each.device for each in taken.results]


def new(directory: Path) -> Ledger:
    return Ledger(directory / "ledger.db")

"""Which claim holds each of a machine's devices, for commands that only show it.

Looking changes nothing: a ledger that is not there is not made, and means that nothing is held.
"""

from __future__ import annotations

from pathlib import Path

from cod.cli.machine import warn
from cod.drivers.inventory import Inventory
from cod.drivers.protocol import DeviceKey

_PATIENCE = 1.0  # seconds: who looks does not wait for long


def holders(ledger_path: Path, inventory: Inventory) -> dict[DeviceKey, str]:
    """The name of the claim by which each device is held, without the devices that are free.

    Where there is a ledger that cannot be used, nothing counts as held, and a warning says so.
    """
    if not _has_content(ledger_path):
        return {}
    # SQLite takes 10 ms, and most machines that are only looked at have no ledger.
    from cod.ledger import Ledger, LedgerUnavailable

    try:
        with Ledger(ledger_path, patience=_PATIENCE) as book:
            claims = book.claims()
    except LedgerUnavailable as error:
        warn(f"{error.what} ({ledger_path}); devices that are held look free")
        return {}
    held = {
        (result.driver, result.pool, result.device): each.claim.name
        for each in claims
        for result in each.claim.results
    }
    return inventory.here(held)


def _has_content(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except (OSError, ValueError):
        return False

"""Which of a machine's devices are held, and by which claim."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cod.drivers.inventory import DeviceKey, Inventory


def holders(ledger_path: Path, inventory: Inventory) -> dict[DeviceKey, str]:
    """The claim that holds each device that is held. A ledger that is not there is not made for this.

    Raises LedgerUnavailable.
    """
    if not ledger_path.exists():
        return {}
    from cod.ledger import Ledger

    with Ledger(ledger_path) as book:
        held = {
            (each.driver, each.pool, each.device): claim.claim.name
            for claim in book.claims()
            for each in claim.claim.results
        }
    return inventory.here(held)

"""The ledger: the only truth about who holds which devices on one machine.

Each name is imported on first use: where the ledger lies can be asked without SQLite.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cod.lazy import lazy

if TYPE_CHECKING:
    from cod.ledger.book import HeldClaim, Ledger, NotHeld
    from cod.ledger.holder import Holder, Lease
    from cod.ledger.place import ledger_key, ledger_path
    from cod.ledger.trouble import LedgerUnavailable

_HOME_OF = {
    "HeldClaim": "book",
    "Holder": "holder",
    "Lease": "holder",
    "Ledger": "book",
    "LedgerUnavailable": "trouble",
    "NotHeld": "book",
    "ledger_key": "place",
    "ledger_path": "place",
}

__all__ = [
    "HeldClaim",
    "Holder",
    "Lease",
    "Ledger",
    "LedgerUnavailable",
    "NotHeld",
    "ledger_key",
    "ledger_path",
]


__getattr__ = lazy(__name__, _HOME_OF)

"""The ledger: the only truth about who holds which devices on one machine."""

from cod.ledger.book import HeldClaim, Ledger, NotHeld
from cod.ledger.place import ledger_key, ledger_path
from cod.ledger.trouble import LedgerUnavailable

__all__ = ["HeldClaim", "Ledger", "LedgerUnavailable", "NotHeld", "ledger_key", "ledger_path"]

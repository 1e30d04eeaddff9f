"""Where the ledger lies: one for the machine, which root writes, and one for each other user."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from zlib import crc32


def ledger_path(environ: Mapping[str, str]) -> Path:
    """The ledger's file: `COD_LEDGER`, or root's or the user's own."""
    named = environ.get("COD_LEDGER")
    return Path(named) if named else state_directory(environ) / "ledger.db"


def state_directory(environ: Mapping[str, str]) -> Path:
    """Where COD keeps what is to last: root's or the user's own. A relative XDG path is ignored."""
    if os.geteuid() == 0:
        return Path("/var/lib/cod")
    state = Path(environ.get("XDG_STATE_HOME", ""))
    if not state.is_absolute():
        state = Path(environ.get("HOME") or Path.home()) / ".local/state"
    return state / "cod"


def ledger_key(ledger: Path) -> str:
    """Eight characters that tell one ledger from others, in the names of files that belong to its claims."""
    return f"{crc32(os.fsencode(os.path.realpath(ledger))):08x}"

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cod.ledger import ledger_path


def as_user(environ: dict[str, str]) -> Path:
    if os.geteuid() != 0:
        return ledger_path(environ)
    os.seteuid(65534)
    try:
        return ledger_path(environ)
    finally:
        os.seteuid(0)


def test_a_ledger_that_is_named_is_meant() -> None:
    assert ledger_path({"COD_LEDGER": "/x/y.db"}) == Path("/x/y.db")
    assert as_user({"COD_LEDGER": "/x/y.db", "XDG_STATE_HOME": "/s"}) == Path("/x/y.db")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has the machine's ledger")
def test_root_has_the_machines() -> None:
    assert ledger_path({"XDG_STATE_HOME": "/s", "COD_LEDGER": ""}) == Path("/var/lib/cod/ledger.db")


def test_users_have_their_own() -> None:
    assert as_user({"XDG_STATE_HOME": "/s", "HOME": "/h"}) == Path("/s/cod/ledger.db")
    assert as_user({"HOME": "/h"}) == Path("/h/.local/state/cod/ledger.db")
    assert as_user({"HOME": "/h", "XDG_STATE_HOME": "not/absolute"}) == Path("/h/.local/state/cod/ledger.db")

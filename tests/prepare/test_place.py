from __future__ import annotations

import os
from pathlib import Path

import pytest

from cod.prepare import spec_dir


def as_user(environ: dict[str, str]) -> Path:
    if os.geteuid() != 0:
        return spec_dir(environ)
    os.seteuid(65534)
    try:
        return spec_dir(environ)
    finally:
        os.seteuid(0)


def test_the_last_directory_that_is_named_is_meant() -> None:
    assert spec_dir({"COD_SPEC_DIRS": "/a:/b"}) == Path("/b")
    assert spec_dir({"COD_SPEC_DIRS": ":/a:"}) == Path("/a")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has the machine's directory")
def test_root_has_the_machines() -> None:
    assert spec_dir({"COD_SPEC_DIRS": "", "XDG_RUNTIME_DIR": "/r"}) == Path("/var/run/cdi")


def test_users_have_their_own() -> None:
    assert as_user({"XDG_RUNTIME_DIR": "/r", "XDG_CONFIG_HOME": "/c"}) == Path("/r/cdi")
    assert as_user({"XDG_CONFIG_HOME": "/c", "HOME": "/h"}) == Path("/c/cdi")
    assert as_user({"XDG_RUNTIME_DIR": "relative", "HOME": "/h"}) == Path("/h/.config/cdi")

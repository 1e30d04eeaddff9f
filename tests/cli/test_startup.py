"""The way to a command's first line stays short: what is not needed is not imported."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cod.drivers.installed import BUILT_IN

CLAIMS = ("cod.resource.claims", "cod.resource.status", "cod.resource.templates", "cod.cdi.cache", "json")
HEAVY = ("asyncio", "rich", "yaml", "importlib.metadata", "jsonschema", "logging")


def imported(*words: str, directory: Path) -> set[str]:
    run = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "cod", *words],
        env={**os.environ, "COD_LEDGER": str(directory / "l"), "COD_SPEC_DIRS": str(directory / "cdi")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    lines = (line for line in run.stderr.splitlines() if line.startswith("import time:"))
    return {line.rpartition("|")[2].strip() for line in lines}


@pytest.mark.parametrize(
    ("words", "also"),
    [
        (
            ("--help",),
            (
                "msgspec",
                "sqlite3",
                "cod.allocate",
                "cod.cel",
                "cod.cli.run",
                "cod.cdi",
                "subprocess",
                "tempfile",
            ),
        ),
        (("--version",), ("msgspec", "sqlite3", "cod.cli.run", "cod.cdi", "subprocess", "tempfile")),
        (
            ("device", "list"),
            (
                *("sqlite3", "subprocess", "cod.cdi.validate", "cod.cdi.registry", "cod.allocate", "cod.cel"),
                *CLAIMS,
            ),
        ),
        (
            ("device", "list", "-o", "json"),
            ("sqlite3", "subprocess", "cod.cdi.validate", "cod.ledger", *CLAIMS),
        ),
        (("driver", "list"), ("sqlite3", "subprocess", "cod.cdi.validate", "cod.ledger", "cod.allocate")),
        (("class", "list", "-o", "name"), ("sqlite3", "subprocess", "cod.cdi.validate", "cod.ledger")),
        (("spec", "devices", "-o", "json"), ("sqlite3", "subprocess", "cod.cdi.load", "cod.drivers")),
        (("spec", "generate"), ("sqlite3", "subprocess", "cod.ledger", "cod.allocate")),
        (("spec", "list"), ("sqlite3", "subprocess", "cod.cdi.load", "cod.cdi.write", "cod.drivers")),
        (("topology", "--host", "sim:8gpu"), ("sqlite3", "subprocess", "cod.show.svg", "cod.allocate")),
        (
            ("claim", "list", "-o", "json"),
            ("cod.allocate", "cod.cel", "cod.runtimes", "cod.cli.run", "subprocess"),
        ),
        (
            ("claim", "explain", "-d", "sim-gpu", "--host", "sim:8gpu"),
            (
                "sqlite3",
                "subprocess",
                "cod.runtimes",
                "cod.cli.run",
                "cod.cli.claim_create",
                "cod.cdi.registry",
            ),
        ),
        (
            ("run", "-d", "sim-gpu", "--host", "sim:8gpu", "--", "true"),
            ("cod.cli.claim", "subprocess", "cod.runtimes.podman", "cod.runtimes.runc", "cod.cdi.inject"),
        ),
    ],
)
def test_a_command_imports_only_what_it_needs(
    words: tuple[str, ...], also: tuple[str, ...], tmp_path: Path
) -> None:
    found = imported(*words, directory=tmp_path)
    assert found.intersection({*HEAVY, *also}) == set()


def test_what_a_family_needs_is_imported_only_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "machine").mkdir()
    found = imported("device", "list", "--host", str(tmp_path / "machine"), directory=tmp_path)
    drivers = {name for name in found if name.startswith("cod.drivers.")}
    families = {"nvidia.devices", "nvidia.mig", "amd.devices", "generic.usb", "generic.rules_file"}
    assert drivers.intersection(f"cod.drivers.{each}" for each in families) == set()
    assert found.intersection({"cod.host.simulate", "cod.host.in_use"}) == set()


def test_a_driver_compiles_no_pattern_when_it_is_imported() -> None:
    """Each takes 50 µs, and most machines lack the directory whose names it is for."""
    for driver in BUILT_IN:
        module = sys.modules[type(driver).__module__]
        assert [name for name, value in vars(module).items() if isinstance(value, re.Pattern)] == []

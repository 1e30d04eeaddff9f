"""Who holds what, for commands that only show it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cod.cli.holders import Held, holders
from cod.drivers import Inventory, discover
from cod.drivers.sim import Sim
from cod.host import open_host
from tests.runtimes.machine import Machine


@pytest.fixture(scope="module")
def inventory() -> Inventory:
    return discover(open_host("sim:8gpu"), [Sim()])


def test_held_devices_have_the_name_of_their_claim(tmp_path: Path, inventory: Inventory) -> None:
    machine = Machine(tmp_path)
    with machine.start("run", "-d", "sim-gpu:2", "--name", "mine", "--", "sh", "-c", "echo up; cat") as run:
        assert run.stdout is not None
        run.stdout.readline()
        held = holders(tmp_path / "ledger.db", inventory)
        run.communicate()
    assert {(driver, device): claims for (driver, _, device), claims in held.by.items()} == {
        ("sim.cod.dev", "gpu0"): ("mine",),
        ("sim.cod.dev", "gpu1"): ("mine",),
    }
    assert held.open == set()
    assert holders(tmp_path / "ledger.db", inventory) == Held()


def test_a_ledger_that_is_not_there_is_not_made_and_holds_nothing(
    tmp_path: Path, inventory: Inventory
) -> None:
    assert holders(tmp_path / "none" / "ledger.db", inventory) == Held()
    assert [*tmp_path.iterdir()] == []


def test_an_empty_file_stays_empty(tmp_path: Path, inventory: Inventory) -> None:
    path = tmp_path / "ledger.db"
    path.touch()
    assert holders(path, inventory) == Held()
    assert path.read_bytes() == b""


def test_a_ledger_that_cannot_be_used_is_a_warning(
    tmp_path: Path, inventory: Inventory, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "ledger.db"
    path.write_text("no ledger")
    assert holders(path, inventory) == Held()
    assert capsys.readouterr().err.startswith("warning: the ledger cannot be used")


def test_a_name_that_no_file_can_have_holds_nothing(inventory: Inventory) -> None:
    assert holders(Path("a\0b"), inventory) == Held()

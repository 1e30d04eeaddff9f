"""The page of device families names every driver and every class, and none that are not there."""

from __future__ import annotations

import re
from pathlib import Path

from cod.drivers.installed import BUILT_IN

PAGE = (Path(__file__).parents[1] / "docs" / "device-families.md").read_text()
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ")][2:]
ANY_VENDORS = {"gpu", "npu", "fpga", "nic"}


def test_every_driver_has_a_row() -> None:
    named = [name for row in ROWS for name in re.findall(r"`([^`]+)`", row.split("|")[1])]
    assert sorted(named) == sorted(driver.name for driver in BUILT_IN)


def test_every_class_is_named_with_its_driver() -> None:
    named = {name for row in ROWS for name in re.findall(r"`([^`]+)`", row.split("|")[3])} - {"cpu.cod.dev"}
    there = {each.name for driver in BUILT_IN for each in driver.classes()}
    assert named | ANY_VENDORS == there

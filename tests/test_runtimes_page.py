"""The page of runtimes has the table that the runtimes' modules make, and the chooser knows each of them."""

from __future__ import annotations

import re
from pathlib import Path

import cod.runtimes
from cod.runtimes.table import WAYS, markdown

PAGE = Path(__file__).parents[1] / "docs" / "runtimes.md"
SHARED = """
asking bundle by_name child choose command features first foreground groups options program scratch session
table translate userns
"""


def test_the_table_is_the_one_that_the_modules_make() -> None:
    found = re.search(r"<!-- table -->\n(.*)<!-- end -->", PAGE.read_text(), re.DOTALL)
    assert found is not None
    # To make it anew: python -c "from cod.runtimes.table import markdown; print(markdown())"
    assert found[1] == markdown()


def test_every_module_of_a_runtime_has_its_rows() -> None:
    directory = Path(cod.runtimes.__file__).parent
    modules = {path.stem for path in directory.glob("[a-z]*.py")} - set(SHARED.split())
    with_rows = {
        name
        for name in modules
        for way in vars(__import__(f"cod.runtimes.{name}", fromlist=["WAY"])).values()
        if way in WAYS
    }
    assert with_rows == modules


def test_no_way_says_nothing_of_devices_that_were_not_given() -> None:
    assert all(way.others for way in WAYS)

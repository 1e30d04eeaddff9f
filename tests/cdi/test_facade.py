"""The names of the package, whichever of its modules were imported before."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cod import cdi


@pytest.mark.parametrize("name", ["build", "inject", "load", "parse", "write"])
def test_a_name_that_a_module_has_too_is_the_function_in_it(name: str) -> None:
    assert name in cdi.__all__
    code = f"import cod.cdi.{name}, cod.cdi; assert cod.cdi.{name}.__name__ == {name!r}, cod.cdi.{name}"
    subprocess.run([sys.executable, "-c", code], check=True)

from __future__ import annotations

from pathlib import Path

import pytest

from cod.errors import Misuse
from cod.host import open_host


def test_a_slash_is_this_machine() -> None:
    host = open_host("/")
    assert host.is_real
    assert host.simulation is None


def test_a_directory_is_a_recorded_machine(tmp_path: Path) -> None:
    host = open_host(str(tmp_path))
    assert not host.is_real
    assert host.root == tmp_path.resolve()


def test_a_simulated_machine_has_the_files_of_this_one_and_accelerators_on_top() -> None:
    host = open_host("sim:3gpu,5gpu")
    assert host.is_real
    assert host.simulation is not None
    assert host.simulation.counts == {"gpu": 8}


@pytest.mark.parametrize(
    "name", ["sim:", "sim:gpu", "sim:0gpu", "sim:1025gpu", "sim:8cat", "sim:8gpu,", "sim:-1gpu"]
)
def test_a_simulation_that_has_no_meaning_is_refused_with_an_example(name: str) -> None:
    with pytest.raises(Misuse, match="no simulated machine") as caught:
        open_host(name)
    assert "sim:8gpu" in caught.value.hint


def test_a_machine_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="no machine"):
        open_host(str(tmp_path / "nowhere"))

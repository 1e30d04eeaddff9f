from __future__ import annotations

from collections import Counter
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


def kinds(name: str) -> dict[str, int]:
    host = open_host(name)
    assert host.is_real
    return Counter(
        host.value(f"{card.path}/sim/kind") for card in host.pci.values() if card.driver == "cod-sim"
    )


@pytest.mark.parametrize(
    ("name", "cards"),
    [
        ("sim:8gpu", {"gpu": 8, "nic": 4}),
        ("sim:3gpu,5gpu", {"gpu": 8, "nic": 4}),
        ("sim:gpu", {"gpu": 8, "nic": 4}),
        ("sim:2gpu", {"gpu": 2}),
        ("sim:1gpu,3nic", {"gpu": 1, "nic": 3}),
        ("sim:nic", {"nic": 4}),
        ("sim:mig", {"mig": 2}),
        ("sim:fpga", {"fpga": 2}),
        ("sim:rack", {"gpu": 4, "nic": 4}),
        ("sim:1024gpu", {"gpu": 1024, "nic": 512}),
    ],
)
def test_a_simulated_machine_has_the_cards_that_its_name_says(name: str, cards: dict[str, int]) -> None:
    assert kinds(name) == cards


@pytest.mark.parametrize(
    "name", ["sim:", "sim:0gpu", "sim:1025gpu", "sim:8cat", "sim:8gpu,", "sim:-1gpu", "sim:2rack"]
)
def test_a_simulation_that_has_no_meaning_is_refused_with_an_example(name: str) -> None:
    with pytest.raises(Misuse, match="no simulated machine") as caught:
        open_host(name)
    assert "sim:8gpu" in caught.value.hint


def test_a_machine_that_is_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "loop").symlink_to("loop")
    for name in ("nowhere", "file", "loop", "a\0b", "x" * 5000):
        with pytest.raises(Misuse, match="no machine"):
            open_host(str(tmp_path / name))


def test_an_empty_name_is_no_machine_and_not_the_working_directory() -> None:
    with pytest.raises(Misuse, match="no machine ''") as caught:
        open_host("")
    assert caught.value.causes == ("the name is empty",)


@pytest.mark.parametrize("name", ["//", "/..", "/."])
def test_whatever_leads_to_the_root_is_this_machine(name: str) -> None:
    assert open_host(name).is_real

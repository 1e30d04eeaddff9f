"""The matrix."""

from __future__ import annotations

from pathlib import Path

from cod.show.matrix import draw_matrix, shown
from cod.topology import survey
from tests.machines.found import found, inventory
from tests.machines.tree import Tree

from .machines import divided, ring, simulated


def test_letters_cpus_and_a_legend_of_the_letters_that_occur() -> None:
    topology = simulated("sim:2gpu,3nic")
    assert draw_matrix(topology, shown(topology)) == (
        "      gpu0  gpu1  nic0  nic1  nic2  CPU Affinity  NUMA Affinity\n"
        "gpu0  X     LINK  PIX   PHB   SYS   0-31          0\n"
        "gpu1  LINK  X     PIX   PHB   SYS   0-31          0\n"
        "nic0  PIX   PIX   X     PHB   SYS   0-31          0\n"
        "nic1  PHB   PHB   PHB   X     SYS   0-31          0\n"
        "nic2  SYS   SYS   SYS   SYS   X     32-63         1\n"
        "\n"
        "X     itself, or a part of the same PCI function\n"
        "LINK  another link past PCI\n"
        "PIX   at most one PCIe switch\n"
        "PHB   the PCIe host bridge (root complex)\n"
        "SYS   across NUMA nodes, or unknown\n"
    )


def test_linked_devices_are_shown_wherever_they_are(tmp_path: Path) -> None:
    topology = ring(tmp_path)
    text = draw_matrix(topology, shown(topology))
    assert "gpu0  X     NV1" in text
    assert "NV#   that many NVLinks" in text
    assert text.splitlines()[1].endswith("N/A")


def test_parts_of_one_function_are_the_same_and_functions_of_one_device_are_pix(tmp_path: Path) -> None:
    topology = divided(tmp_path)
    row = draw_matrix(topology, [point for point in topology.devices if point.type == "nic"]).splitlines()[1]
    assert row.split()[1:3] == ["X", "PIX"]
    row = draw_matrix(topology, topology.devices[:3]).splitlines()[1]
    assert row.split()[1:4] == ["X", "X", "X"]


def test_what_is_on_no_bus_is_shown_on_demand(tmp_path: Path) -> None:
    host = Tree(tmp_path).host
    topology = survey(host, inventory([found(host, "numa0", numa=0, type_="cpu")]))
    assert shown(topology) == []
    assert [point.name for point in shown(topology, is_all=True)] == ["numa0"]


def test_no_devices_make_an_empty_matrix(tmp_path: Path) -> None:
    assert draw_matrix(ring(tmp_path, 0), []).split() == ["CPU", "Affinity", "NUMA", "Affinity"]

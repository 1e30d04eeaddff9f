"""`cod topology`, as a user runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.machines.nvidia import cut_dgx, dgx
from tests.machines.tree import Tree
from tests.runtimes.machine import Machine


def cod(directory: Path, *words: str, host: str = "sim:2gpu") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cod", "--host", host, "topology", *words],
        env={**os.environ, "COD_LEDGER": str(directory / "ledger.db"), "COD_CACHE": "off"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_tree_is_what_is_printed_if_nothing_is_said(tmp_path: Path) -> None:
    run = cod(tmp_path)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith("sim:2gpu   2 gpu, ")
    assert "○ gpu1   gpu   0000:14:00.0" in run.stdout
    assert not [*tmp_path.iterdir()]


def test_a_matrix_in_the_manner_of_nvidia(tmp_path: Path) -> None:
    lines = cod(tmp_path, "-o", "matrix").stdout.splitlines()
    assert lines[0].split() == ["gpu0", "gpu1", "CPU", "Affinity", "NUMA", "Affinity"]
    assert lines[1].split() == ["gpu0", "X", "LINK", "0-31", "0"]


def test_a_picture(tmp_path: Path) -> None:
    run = cod(tmp_path, "-o", "svg", host="sim:8gpu")
    assert ElementTree.fromstring(run.stdout).tag.endswith("svg")


def test_data_for_programs(tmp_path: Path) -> None:
    data = json.loads(cod(tmp_path, "-o", "json").stdout)
    gpu = data["devices"][0]
    assert gpu == {
        "name": "gpu0",
        "driver": "sim.cod.dev",
        "pool": gpu["pool"],
        "type": "gpu",
        "state": "free",
        "numaNode": 0,
        "pcieRoot": "pci0000:10",
        "bridges": ["0000:10:01.0", "0000:11:00.0", "0000:12:00.0"],
        "pciBusID": "0000:13:00.0",
        "physicalDevice": "0000:13:00",
    }
    assert data["links"] == [
        {"devices": ["gpu0", "gpu1"], "kind": "sim-link", "count": 1, "mbPerSecond": 200000}
    ]
    assert data["closeness"][0].startswith("X LINK")
    assert len(data["closeness"]) == len(data["devices"])
    assert data["levels"][0] == "same device"


def test_held_devices_are_shown_with_their_claim(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    with machine.start("run", "-d", "sim-gpu:2", "--name", "mine", "--", "sh", "-c", "echo up; cat") as run:
        assert run.stdout is not None
        run.stdout.readline()
        assert "● gpu1   gpu   0000:14:00.0   held by mine" in machine.cod("topology").stdout
        assert "gpu1 · held by mine" in machine.cod("topology", "-o", "svg").stdout
        data = json.loads(machine.cod("topology", "-o", "json").stdout)
        assert [each["detail"] for each in data["devices"] if each["state"] == "held"] == ["mine", "mine"]
        run.communicate()


def test_functions_without_a_driver_are_shown_on_demand(tmp_path: Path) -> None:
    tree = Tree(tmp_path / "lab")
    tree.pci("0000:3b:00.0", 0x8086, 0xA36D, 0x0C0330)
    assert "0000:3b:00.0" not in cod(tmp_path, host=str(tree.root)).stdout
    assert "· 0000:3b:00.0   bus" in cod(tmp_path, "--all", host=str(tree.root)).stdout
    run = cod(tmp_path, "-o", "matrix", host=str(tree.root))
    assert (run.returncode, run.stdout) == (0, "")
    assert "--all" in run.stderr
    assert cod(tmp_path, "-o", "matrix", "--all", host=str(tree.root)).stdout.count("0000:3b:00.0") == 2


def test_instances_of_a_gpu_are_its_parts(tmp_path: Path) -> None:
    tree = Tree(tmp_path / "dgx")
    cut_dgx(tree)
    text = cod(tmp_path, host=str(tree.root)).stdout
    assert text.startswith("dgx   8 gpu, 2 other, 2 parts · 2 NUMA nodes")
    assert "▾ gpu-0   gpu   0000:07:00.0   NVIDIA A100-SXM4-40GB   2 parts" in text


@pytest.mark.parametrize("output", ["tree", "matrix", "svg", "json"])
def test_nothing_in_a_machines_files_reaches_the_terminal_as_control(tmp_path: Path, output: str) -> None:
    tree = Tree(tmp_path / "lab\x1b[2J")
    tree.pci("0000:3b:00.0", 0x15B3, 0x1017, 0x020000)
    run = cod(tmp_path, "-o", output, "--all", host=str(tree.root))
    assert run.returncode == 0
    assert "\x1b" not in run.stdout


def test_a_machine_that_is_none_is_told(tmp_path: Path) -> None:
    run = cod(tmp_path, host="sim:moon")
    assert (run.returncode, run.stdout) == (2, "")


MATRIX = """\
\tGPU0\tGPU1\tNIC0\tCPU Affinity
GPU0\t X \tNV12\tPXB\t0-31
GPU1\tNV12\t X \tPXB\t0-31
NIC0\tPXB\tPXB\t X
"""


def test_nvlinks_come_from_what_the_vendors_tool_printed(tmp_path: Path) -> None:
    dgx(Tree(tmp_path / "dgx"))
    (tmp_path / "topo.txt").write_text(MATRIX)
    words = ("-o", "matrix", "--driver", "nvidia")
    host = str(tmp_path / "dgx")
    assert "NV12" not in cod(tmp_path, *words, host=host).stdout
    shown = cod(tmp_path, *words, "--nvlink", str(tmp_path / "topo.txt"), host=host).stdout
    assert [line.split()[1:3] for line in shown.splitlines()[1:3]] == [["X", "NV12"], ["NV12", "X"]]


@pytest.mark.parametrize("text", ["", "no matrix", None])
def test_a_file_without_nvlinks_is_told(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "topo.txt").write_text(text)
    run = cod(tmp_path, "--nvlink", str(tmp_path / "topo.txt"), host="sim:2gpu")
    assert (run.returncode, run.stdout) == (1 if text is not None else 3, "")
    assert "topo.txt" in run.stderr

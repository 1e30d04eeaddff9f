from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cod.drivers import Link
from cod.drivers.nvidia.nvml import ask_management

# A stand-in for NVIDIA's package, which needs a driver to say anything: two GPUs with links to each other and
# to a switch, a third behind the switch alone.
STAND_IN = """
from types import SimpleNamespace as S

REMOTE = {0: [1, 1, "switch", "switch"], 1: [0, 0, "switch"], 2: ["switch", "switch"]}
BUSES = [b"00000000:07:00.0", "00000000:0F:00.0", "00010000:47:00.0"]
ended = []

class Lacks(Exception): pass

def nvmlInit(): pass
def nvmlShutdown(): ended.append(1)
def nvmlDeviceGetCount(): return 3
def nvmlDeviceGetHandleByIndex(index): return index
def nvmlDeviceGetPciInfo(handle): return S(busId=BUSES[handle])
def nvmlDeviceGetMemoryInfo(handle): return S(total=2**34)
def nvmlDeviceGetMigMode(handle):
    if handle == 2: raise Lacks
    return [handle, 0]
def nvmlDeviceGetNvLinkState(handle, link):
    if link >= len(REMOTE[handle]): raise Lacks
    return 1
def nvmlDeviceGetNvLinkRemoteDeviceType(handle, link): return 2 if REMOTE[handle][link] == "switch" else 0
def nvmlDeviceGetNvLinkRemotePciInfo(handle, link): return S(busId=BUSES[REMOTE[handle][link]])
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(str(tmp_path))
    sys.modules.pop("pynvml", None)
    yield tmp_path / "pynvml.py"
    sys.modules.pop("pynvml", None)


def test_memory_links_and_mode_are_added_by_address(package: Path) -> None:
    package.write_text(STAND_IN)
    found = ask_management()
    assert list(found) == ["0000:07:00.0", "0000:0f:00.0", "10000:47:00.0"]
    assert [each.memory for each in found.values()] == [2**34] * 3
    assert [each.mig for each in found.values()] == [False, True, False]
    assert found["0000:07:00.0"].links == (Link("gpu-1", "nvlink", 3), Link("gpu-2", "nvlink", 2))
    assert found["10000:47:00.0"].links == (Link("gpu-0", "nvlink", 2), Link("gpu-1", "nvlink", 1))
    assert sys.modules["pynvml"].ended == [1]


@pytest.mark.parametrize(
    "text",
    [
        "raise ImportError",
        "def nvmlInit(): raise RuntimeError('no driver')",
        "def nvmlInit(): pass\ndef nvmlShutdown(): raise RuntimeError",
        "syntax error",
    ],
)
def test_any_failure_adds_nothing(package: Path, text: str) -> None:
    package.write_text(text)
    assert ask_management() == {}

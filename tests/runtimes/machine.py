"""A machine to try `cod run` on: a ledger, specs and bundles of its own, and the real runtimes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cod.demo import busybox, make_bundle
from cod.host import open_host

Run = subprocess.CompletedProcess[str]


def why_no(*programs: str) -> str:
    """Why nothing can run here, in one line; "" where it can."""
    missing = [name for name in programs if name != "busybox" and shutil.which(name) is None]
    if "busybox" in programs and busybox() is None:
        missing.append("busybox-static")
    if missing:
        return f"{' and '.join(missing)} not installed"
    return "" if os.geteuid() == 0 else "only root can start containers here"


def needs(*programs: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(bool(why_no(*programs)), reason=why_no(*programs))


needs_nodes = pytest.mark.skipif(
    len(open_host("/").glob("/dev/cpu/*/cpuid")) < 2 or open_host("/").node("/dev/hwrng") is None,
    reason="this machine has no /dev/hwrng and two /dev/cpu/*/cpuid",
)


class Machine:
    """Runs `cod` as a user would, with places of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.specs = directory / "cdi"
        self.environ = {
            **os.environ,
            "COD_LEDGER": str(directory / "ledger.db"),
            "COD_SPEC_DIRS": str(self.specs),
            "COD_HOST": "sim:8gpu",
            "TMPDIR": str(directory / "tmp"),
        }
        (directory / "tmp").mkdir()

    def cod(self, *words: str, **options: Any) -> Run:
        return subprocess.run(
            self.words(*words),
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
            **options,
        )

    def start(self, *words: str, **options: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.words(*words),
            env=self.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def words(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "cod", *words]

    def claims(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.cod("claim", "list", "-o", "json").stdout)["items"]
        return found

    def held(self) -> list[str]:
        results = (each["status"]["allocation"]["devices"]["results"] for each in self.claims())
        return sorted(result["device"] for devices in results for result in devices)

    def holders(self) -> list[int]:
        return [int(pid) for pid in self.claims()[0]["metadata"]["annotations"]["cod.dev/held-by"].split(",")]

    def bundle(self, *args: str) -> Path:
        program = busybox()
        assert program is not None
        return make_bundle(self.directory / f"bundle-{os.urandom(3).hex()}", args, program)

    def nothing_is_left(self) -> bool:
        left = [*self.specs.glob("*"), *(self.directory / "tmp").glob("*")]
        return self.held() == [] and left == []


def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait for a condition."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.05)

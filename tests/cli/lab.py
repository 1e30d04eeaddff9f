"""A recorded machine with boards that a package brings a driver for, and `cod` run on it as a user would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.machines.board import make_boards

Run = subprocess.CompletedProcess[str]

_REPOSITORY = Path(__file__).parents[2]


class Lab:
    """The machine `lab7` below a directory: two boards, one of them down, and a third that is lost."""

    def __init__(self, directory: Path) -> None:
        self.tree = make_boards(directory / "lab7")
        self.specs = directory / "cdi"
        info = directory / "packages/board-1.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: board\nVersion: 1\n")
        (info / "entry_points.txt").write_text(
            "[cod.drivers]\nboard = tests.machines.board:Board\nbroken = nowhere:Driver\n"
        )
        paths = [info.parent, _REPOSITORY, _REPOSITORY / "src"]
        self.environ = {
            **os.environ,
            "PYTHONPATH": ":".join(map(str, paths)),
            "COD_CACHE": "off",
            "COD_HOST": str(self.tree.root),
            "COD_LEDGER": str(directory / "ledger.db"),
            "COD_SPEC_DIRS": str(self.specs),
        }

    def cod(self, *words: str, **environ: str) -> Run:
        return subprocess.run(
            [sys.executable, "-m", "cod", *words],
            env=self.environ | environ,
            capture_output=True,
            text=True,
            check=False,
        )

    def data(self, *words: str) -> Any:
        return json.loads(self.cod(*words, "-o", "json").stdout)

"""A page of the documentation shows what its commands print.

In what is shown, `…` stands for any text of a line, and a line of `…` alone for any lines.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
PAGES = (
    "see-what-a-machine-has.md",
    "see-how-close-devices-are.md",
    "ask-for-devices.md",
    "why-did-i-not-get-a-device.md",
    "why-these-devices.md",
    "inject-in-any-engine.md",
)
FILES = ("pending.yaml",)  # that the commands of the pages read
PICTURE = (
    "cod --host sim:8gpu run --name train-7 -d sim-gpu:2 -d sim-nic"
    " -- cod --host sim:8gpu topology --driver sim -o svg"
)

_BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_what_its_commands_print(page: str, tmp_path: Path) -> None:
    environ = {
        **os.environ,
        "PYTHONPATH": str(REPOSITORY / "src"),
        "COD_CACHE": "off",
        "COD_LEDGER": str(tmp_path / "ledger.db"),
        "COD_SPEC_DIRS": str(tmp_path / "cdi"),
    }
    for name in FILES:
        shutil.copy(REPOSITORY / "docs" / name, tmp_path)
    for command, shown in _commands(page):
        words = shlex.split(command)
        if words[0] == "export":
            name, _, value = words[1].partition("=")
            environ[name] = value
            continue
        assert words[0] == "cod", command
        run = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=tmp_path,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        assert _pattern(shown).fullmatch(run.stdout), f"$ {command}\n{run.stdout}"


def test_the_picture_of_a_machine_is_what_the_command_draws_today(tmp_path: Path) -> None:
    cod = f"{shlex.quote(sys.executable)} -m cod"
    draw = subprocess.run(
        PICTURE.replace("cod ", f"{cod} "),
        shell=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src"), "COD_LEDGER": str(tmp_path / "ledger.db")},
        capture_output=True,
        text=True,
        check=True,
    )
    path = REPOSITORY / "docs/topology.svg"
    if os.environ.get("COD_DRAW"):
        path.write_text(draw.stdout)
    assert path.read_text() == draw.stdout, "draw it again: COD_DRAW=1 pytest tests/test_pages.py"
    assert PICTURE.partition("-- ")[2] in (REPOSITORY / "docs/see-how-close-devices-are.md").read_text()


def _commands(page: str) -> Iterator[tuple[str, str]]:
    """The commands of a page, each with what is shown below it."""
    for block in _BLOCK.findall((REPOSITORY / "docs" / page).read_text()):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            yield command, shown


def _pattern(shown: str) -> re.Pattern[str]:
    lines = (
        r"(?:.*\n)*?" if line == "…" else re.escape(line).replace("…", ".*") + r"\n"
        for line in shown.splitlines()
    )
    return re.compile("".join(lines))

"""Every example runs, and prints what the documentation says that it prints."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
EXAMPLES = sorted((REPOSITORY / "examples").glob("*.py"))
PAGE = REPOSITORY / "docs" / "write-a-spec-in-python.md"

# A program, then the block of what it prints:  [`NAME.py`](…)  ```python … ```  ```text … ```
_SHOWN = re.compile(r"\.\./examples/(\S+\.py)\).*?```python\n(.*?)```.*?```text\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_without_a_complaint(example: Path) -> None:
    done = _run(example)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


def test_every_example_is_shown() -> None:
    assert [path.name for path in EXAMPLES] == [name for name, _, _ in _shown()]


@pytest.mark.parametrize("name", [path.name for path in EXAMPLES])
def test_the_page_shows_an_example_and_its_output_as_they_are(name: str) -> None:
    programs = {shown: (code, output) for shown, code, output in _shown()}
    code, output = programs[name]
    example = REPOSITORY / "examples" / name
    assert code in example.read_text()
    assert output == _run(example).stdout


def _shown() -> list[tuple[str, str, str]]:
    return _SHOWN.findall(PAGE.read_text())


def _run(example: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, example], capture_output=True, text=True, timeout=60, check=False)

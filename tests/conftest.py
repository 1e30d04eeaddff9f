"""The tables at the end of a run, of the recorded cases and of the runtimes; and the sandboxes of a session.

The tables stand here and not beside their tests: with pytest-xdist the process that prints loads no other
`conftest.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from tests.runtimes.matrix.sandbox import Sandbox
    from tests.runtimes.matrix.sandboxes import Sandboxes

# How long an example takes says little on a machine that does other things, too.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def sandboxes() -> Iterator[Sandboxes]:
    """The sandboxes that were started; each test of a session uses the same."""
    from tests.runtimes.matrix.sandboxes import Sandboxes

    started = Sandboxes()
    yield started
    started.close()


@pytest.fixture
def sandbox(request: pytest.FixtureRequest, sandboxes: Sandboxes) -> Sandbox:
    """The sandbox of a release, for tests with the mark `in_sandboxes`."""
    return sandboxes.of(request.param)


@pytest.fixture
def specs(sandbox: Sandbox) -> Iterator[Path]:
    """The directory of CDI specs of a test's sandbox, with none in it."""
    directory = sandbox.path("/etc/cdi")
    directory.mkdir(exist_ok=True)
    yield directory
    for path in directory.iterdir():
        path.unlink()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print file, cases, same, on purpose, wrong of every file that was replayed; draw the runtimes' page."""
    reports = [report for each in ("passed", "failed") for report in terminalreporter.getreports(each)]
    properties = [each for report in reports for each in report.user_properties]
    if cells := [value for name, value in properties if name == "cell"]:
        _cells(terminalreporter, cells)
    if tallies := sorted(value for name, value in properties if name == "tally"):
        _recorded(terminalreporter, tallies)


def _cells(terminalreporter: pytest.TerminalReporter, cells: list[tuple[str, ...]]) -> None:
    from tests.runtimes.matrix.table import IS_WRITING, PAGE, WORKS, draw

    if IS_WRITING:
        draw(cells)
    terminalreporter.section("runtimes")
    works = sum(each[-1] == WORKS for each in cells)
    terminalreporter.write_line(f"{len(cells)} cells, {works} work; {PAGE} says why the others do not")


def _recorded(terminalreporter: pytest.TerminalReporter, tallies: list[tuple[str, ...]]) -> None:
    terminalreporter.section("recorded cases")
    for row in (["file", "cases", "same", "on purpose", "wrong"], *tallies):
        terminalreporter.write_line("{:<24} {:>8} {:>8} {:>12} {:>8}".format(*row))

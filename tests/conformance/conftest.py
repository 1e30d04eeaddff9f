"""The fixture `replay`, and a table of all tallies at the end of the run (with pytest-xdist, too)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from . import recorded


@pytest.fixture
def replay(record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """Answer all cases of a file, count how they come out, and fail with every one that nothing explains."""

    def answer_and_check(file: str, *answers: Callable[[dict[str, Any]], Any]) -> None:
        tally = recorded.replay(file, *answers)
        record_property("tally", [tally.file, tally.cases, tally.same, tally.on_purpose, len(tally.wrong)])
        assert not tally.wrong, "\n".join([f"{len(tally.wrong)} cases of {file}:", *tally.wrong])

    return answer_and_check


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print file, cases, same, on purpose and wrong for every file that was replayed."""
    reports = [report for each in ("passed", "failed") for report in terminalreporter.getreports(each)]
    tallies = sorted(value for report in reports for name, value in report.user_properties if name == "tally")
    if not tallies:
        return
    terminalreporter.section("recorded cases")
    for row in (["file", "cases", "same", "on purpose", "wrong"], *tallies):
        terminalreporter.write_line("{:<24} {:>8} {:>8} {:>12} {:>8}".format(*row))

"""A table of the recorded cases at the end of a run.

It stands here and not beside them: with pytest-xdist the process that prints loads no other `conftest.py`.
"""

from __future__ import annotations

import pytest
from hypothesis import settings

# How long an example takes says little on a machine that does other things, too.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print file, cases, same, on purpose and wrong for every file that was replayed."""
    reports = [report for each in ("passed", "failed") for report in terminalreporter.getreports(each)]
    tallies = sorted(value for report in reports for name, value in report.user_properties if name == "tally")
    if not tallies:
        return
    terminalreporter.section("recorded cases")
    for row in (["file", "cases", "same", "on purpose", "wrong"], *tallies):
        terminalreporter.write_line("{:<24} {:>8} {:>8} {:>12} {:>8}".format(*row))

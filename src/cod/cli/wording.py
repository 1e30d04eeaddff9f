"""Errors in words for a terminal: what, where, why, what to try.

error: no machine 'moon'
--> /moon
it is not a directory
try: give / or sim:8gpu
"""

from __future__ import annotations

import re
import sys

from cod import __version__
from cod.cli.terminal import printable
from cod.errors import CodError

ISSUES = "the project's issues"


def report(error: CodError) -> str:
    """The whole text for an error, with its line ends."""
    if hasattr(error, "source"):  # the text of a spec: its problems show the line and a caret
        from cod.cdi.problem import InvalidSpec
        from cod.cli import spec_errors

        assert isinstance(error, InvalidSpec)
        return spec_errors.report(error)
    what, *more = _lines(error.what)
    lines = [f"error: {what}", *(f"  {line}" for line in more)]
    if error.where:
        lines.append(f"  --> {error.where}")
    lines += [f"  {line}" for cause in error.causes for line in _lines(cause)]
    if error.hint:
        lines.append(f"  try: {error.hint}")
    return "".join(f"{printable(line)}\n" for line in lines)


def report_bug(error: Exception) -> str:
    """The text for an error that nobody foresaw."""
    python = ".".join(map(str, sys.version_info[:3]))
    return (
        f"error: this is a bug in cod: {type(error).__name__}: {printable(str(error))}\n"
        f"  --> {_place(error)}\n"
        f"  please report these lines and your command to {ISSUES}: cod {__version__}, Python {python}\n"
        "  try: the same command with COD_DEBUG=1 set, which shows how it came to this\n"
    )


def _lines(text: str) -> list[str]:
    """A text, divided where an expression stands in it with a caret below; it has no lines otherwise."""
    return re.split(r"\n(?= \| |ERROR: <input>)", text)


def _place(error: Exception) -> str:
    """The file and line that raised an error."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "unknown place"

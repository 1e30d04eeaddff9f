"""What a terminal may be shown: text from elsewhere must not move its cursor, and lines fit its width."""

from __future__ import annotations

import os
import sys

USUAL_WIDTH = 80
_LEAST_WIDTH = 40


def width() -> int:
    """How long a line for people may be: what COLUMNS says, or as wide as the terminal is, else 80."""
    named = os.environ.get("COLUMNS", "")
    if named.isascii() and named.isdigit() and int(named[:6]):
        return max(int(named[:6]), _LEAST_WIDTH)
    try:
        return max(os.get_terminal_size(sys.stdout.fileno()).columns or USUAL_WIDTH, _LEAST_WIDTH)
    except (OSError, ValueError):
        return USUAL_WIDTH


def printable(text: str) -> str:
    r"""Text without the characters that would move a terminal's cursor; `\x1b` in place of escape."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c == "\t" else c.encode("unicode_escape").decode("ascii") for c in text
    )

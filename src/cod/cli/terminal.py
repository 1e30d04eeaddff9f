"""What a terminal may be shown: text from elsewhere must not move its cursor."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""Text without the characters that would move a terminal's cursor; `\x1b` in place of escape."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c == "\t" else c.encode("unicode_escape").decode("ascii") for c in text
    )

"""The table of the documentation: what the suite saw of each door, a column a test.

A cell is `works`, or why not; a run compares its cells with those of the page, or with `COD_DRAW` set writes
them there. What differs from one point release to the next, such as a version, is written and not compared.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from msgspec import Struct

PAGE = Path(__file__).parents[3] / "docs" / "tested-runtimes.md"
COLUMNS = (
    *("exactly its devices", "opens them", "no others", "come back", "held while it lives", "`permissions`"),
    *("another path", "mounts", "groups", "hooks", "network interfaces"),
)
WORKS = "works"
IS_WRITING = bool(os.environ.get("COD_DRAW"))

_PAGE = """\
# Which runtimes were tested, and what was seen

`COD_DRAW=1 make test-runtimes` has made this table: a row is a runtime and how it was asked for devices, a
column a test of `tests/runtimes/matrix/test_matrix.py`.

<!-- table -->
<!-- end -->
"""
_PART = re.compile(r"(?<=<!-- table -->\n).*(?=<!-- end -->)", re.DOTALL)
_NOTE = re.compile(r"^(\d+)\. (.*)$", re.MULTILINE)


class Row(Struct, frozen=True):
    """A row's beginning: where, which runtime, how it was asked; and the version, which is not compared."""

    release: str
    program: str
    how: str


Cells = Mapping[str, str]


def on_page(text: str) -> dict[Row, dict[str, str]]:
    """The rows of the page, in their order, each with its cells by their columns, and `version`."""
    part = _PART.search(text)
    if part is None:
        return {}
    notes = dict(_NOTE.findall(part[0]))
    rows = {}
    for line in part[0].splitlines()[2:]:
        if not line.startswith("|"):
            break
        release, program, version, how, *cells = (each.strip() for each in line.strip("|").split("|"))
        full = (notes[cell.strip("()")] if cell.startswith("(") else cell for cell in cells)
        rows[Row(release, program, how)] = {"version": version, **dict(zip(COLUMNS, full, strict=True))}
    return rows


def with_rows(text: str, rows: Mapping[Row, Cells], order: Iterable[Row]) -> str:
    """The page with these rows instead of its own, in that order."""
    notes: dict[str, int] = {}
    lines = [
        _line(("Debian", "runtime", "version", "asked by", *COLUMNS)),
        _line(["---"] * (4 + len(COLUMNS))),
    ]
    for row in order:
        cells = rows[row]
        shown = [_shown(cells.get(column, "?"), notes) for column in COLUMNS]
        lines.append(_line((row.release, row.program, cells["version"], row.how, *shown)))
    lines += ["", *(f"{number}. {note}" for note, number in notes.items()), ""]
    return _PART.sub(lambda _: "\n".join(lines), text)


def draw(cells: Iterable[tuple[str, ...]]) -> None:
    """Write what a run has filled to the page, into the rows that it has tried, in the order of all doors."""
    text = PAGE.read_text() if PAGE.exists() else _PAGE
    rows = on_page(text)
    tried = set()
    for release, program, how, version, column, said in cells:
        row = Row(release, program, how)
        if row not in tried:
            tried.add(row)
            rows[row] = {**rows.get(row, {}), "version": version}
        rows[row][column] = said
    PAGE.write_text(with_rows(text, rows, [*rows]))


def _shown(cell: str, notes: dict[str, int]) -> str:
    return cell if cell in (WORKS, "?") else f"({notes.setdefault(cell, len(notes) + 1)})"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"

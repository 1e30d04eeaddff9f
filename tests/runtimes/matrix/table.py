"""The page of the documentation: what the suite saw of each door, a column a test, a table a release.

A cell is `works`, or the first words of a note and its number; a run compares its cells with those of the
page, or with `COD_DRAW` set writes them there. What differs from one point release to the next, the version,
is written and not compared.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from msgspec import Struct

from tests.runtimes.matrix.doors import DOORS, Door
from tests.runtimes.matrix.sandbox import codename
from tests.runtimes.matrix.sandboxes import RELEASES

PAGE = Path(__file__).parents[3] / "docs" / "tested-runtimes.md"
COLUMNS = (
    *("exactly its devices", "opens them", "no others", "come back", "held while it lives", "`permissions`"),
    *("another path", "mounts", "groups", "hooks", "network interfaces"),
)
WORKS = "works"
MISSING = "?"
IS_WRITING = bool(os.environ.get("COD_DRAW"))

_HEADER = ("runtime", "asked by", *COLUMNS)
_PART = re.compile(r"(?<=<!-- tables -->\n).*(?=<!-- end -->)", re.DOTALL)
_NOTE = re.compile(r"^(\d+)\. (.*)$", re.MULTILINE)
_NUMBER = re.compile(r" \((\d+)\)$")

_ORDER = [(door.program, door.how) for door in DOORS]


class Row(Struct, frozen=True):
    """Which table a row stands in, and how it begins."""

    release: str
    program: str
    how: str


Cells = Mapping[str, str]


def row_of(door: Door, release: str) -> Row:
    """The row of a door in a release."""
    return Row(codename(release), door.program, door.how)


@cache
def rows_of_page() -> Mapping[Row, Cells]:
    """The rows of the page as this run has found it."""
    return on_page(PAGE.read_text())


def on_page(text: str) -> dict[Row, dict[str, str]]:
    """The rows of the page, in their order, each with its cells by their columns, and `version`."""
    part = _PART.search(text)
    if part is None:
        return {}
    notes = dict(_NOTE.findall(part[0]))
    rows = {}
    release = ""
    for line in part[0].splitlines():
        if line.startswith("## Debian "):
            release = line.rpartition(" ")[2]
        elif line.startswith("| ") and not line.startswith(("| runtime", "| ---")):
            name, how, *cells = (each.strip() for each in line.strip("|").split("|"))
            program, _, version = name.partition(" ")
            full = (notes[found[1]] if (found := _NUMBER.search(cell)) else cell for cell in cells)
            rows[Row(release, program, how)] = {"version": version, **dict(zip(COLUMNS, full, strict=True))}
    return rows


def draw(cells: Iterable[tuple[str, ...]]) -> None:
    """Write what a run has filled to the page, into the rows that it has tried."""
    text = PAGE.read_text()
    rows = on_page(text)
    tried = set()
    for release, program, how, version, column, said in cells:
        row = Row(release, program, how)
        if row not in tried:
            tried.add(row)
            rows[row] = {**rows.get(row, {}), "version": version}
        rows[row][column] = said
    PAGE.write_text(with_rows(text, rows))


def with_rows(text: str, rows: Mapping[Row, Cells]) -> str:
    """The page with these rows instead of its own."""
    notes: dict[str, int] = {}
    before, now = ([row.release for row in each] for each in (on_page(text), rows))
    releases = dict.fromkeys((*before, *map(codename, RELEASES), *now))
    tables = [line for release in releases for line in _table(release, rows, notes)]
    listed = (f"{number}. {note}" for note, number in notes.items())
    drawn = "\n".join([*tables, "## Notes", "", *listed, ""])
    return _PART.sub(lambda _: drawn, text)


def _table(release: str, rows: Mapping[Row, Cells], notes: dict[str, int]) -> Iterator[str]:
    if not any(row.release == release for row in rows):
        return
    yield f"## Debian {release}"
    yield ""
    yield _line(_HEADER)
    yield _line(["---"] * len(_HEADER))
    for program, how in _ORDER:
        if cells := rows.get(Row(release, program, how)):
            shown = [_shown(cells.get(column, MISSING), notes) for column in COLUMNS]
            yield _line((f"{program} {cells['version']}", how, *shown))
    yield ""


def _shown(cell: str, notes: dict[str, int]) -> str:
    if cell in (WORKS, MISSING):
        return cell
    return f"{cell.partition(':')[0]} ({notes.setdefault(cell, len(notes) + 1)})"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"

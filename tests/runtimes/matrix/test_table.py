"""The page of tested runtimes: no cell of it is open, and a run finds again what it has written."""

from __future__ import annotations

from tests.runtimes.matrix.doors import DOORS
from tests.runtimes.matrix.table import COLUMNS, MISSING, PAGE, WORKS, Row, on_page, with_rows


def test_the_page_has_a_row_for_every_door_and_no_cell_without_an_answer() -> None:
    rows = on_page(PAGE.read_text())
    assert {(row.program, row.how) for row in rows} == {(door.program, door.how) for door in DOORS}
    assert {row for row, cells in rows.items() if MISSING in cells.values()} == set()


def test_the_page_is_as_its_own_rows_are_drawn() -> None:
    text = PAGE.read_text()
    assert with_rows(text, on_page(text)) == text


def test_a_row_of_another_run_takes_the_place_of_the_pages() -> None:
    row = Row("sid", DOORS[0].program, DOORS[0].how)
    first = with_rows(PAGE.read_text(), {row: {"version": "1", **dict.fromkeys(COLUMNS, WORKS)}})
    cells = {"version": "2", **dict.fromkeys(COLUMNS[1:], "refused: it is new")}
    second = with_rows(first, {row: cells})
    assert on_page(second) == {row: {**cells, COLUMNS[0]: MISSING}}

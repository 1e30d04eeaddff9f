"""A cell of the table: one door, and one question that a test puts to it."""

from __future__ import annotations

import pytest

from tests.runtimes.matrix.doors import Door
from tests.runtimes.matrix.refusals import reason_in
from tests.runtimes.matrix.sandbox import Sandbox
from tests.runtimes.matrix.table import IS_WRITING, row_of, rows_of_page

_BEGIN = 'PATH=/bin; echo "started $COD_DEVICES"; '


class Cell:
    """What a test sees of its door, and says of it."""

    def __init__(self, door: Door, sandbox: Sandbox, node: pytest.Item) -> None:
        if door.engine is not None:
            sandbox.engine(door.engine)
        self.door = door
        self.sandbox = sandbox
        self.way = door.way(sandbox)
        self._node = node

    def ask(self, column: str, devices: str, script: str) -> list[str] | None:
        """What a script prints in a container that has these devices; None if that was refused.

        The cell says so then. A container that has started, and has not what it was to have, is an error,
        unless its runtime is known for it.
        """
        run = self.way.give(self.sandbox, devices, _BEGIN + script)
        first, *lines = run.stdout.splitlines() or [""]
        if not first.startswith("started"):
            reason = reason_in(run.stderr)
            assert reason is not None, f"{run.returncode}: {run.stderr}"
            assert run.returncode != 0
            self.says(column, reason)
            return None
        if self.way.ignores:
            assert first == "started ", "it does take devices"
            self.says(column, self.way.ignores)
            return None
        assert first != "started ", f"the container has started without its devices: {run.stderr}"
        return lines

    def says(self, column: str, text: str) -> None:
        """Fill the cell of a column, and compare it with the page's."""
        row = row_of(self.door, self.sandbox.release)
        # A process of pytest-xdist passes on what is plain.
        place = (row.release, row.program, row.how)
        self._node.user_properties.append(("cell", (*place, self.version, column, text)))
        if IS_WRITING:
            return
        rows = rows_of_page()
        if any(each.release == row.release for each in rows):
            assert row in rows, "the page has no such row: COD_DRAW=1 make test-runtimes"
            assert text == rows[row][column], "the page says otherwise: COD_DRAW=1 make test-runtimes"

    @property
    def version(self) -> str:
        """What the program says of its version."""
        return self.sandbox.version_of(self.door.program)

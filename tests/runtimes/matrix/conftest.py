from __future__ import annotations

import pytest

from tests.runtimes.matrix.cell import Cell
from tests.runtimes.matrix.sandboxes import Sandboxes


@pytest.fixture
def cell(request: pytest.FixtureRequest, sandboxes: Sandboxes) -> Cell:
    """The door of a test, open, and the cell of the table that the test fills."""
    door, release = request.param
    return Cell(door, sandboxes.of(release, door.view), request.node)

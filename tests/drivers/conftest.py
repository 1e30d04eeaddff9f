"""What most tests of drivers begin with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.machines.tree import Tree


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """An empty machine, to be built."""
    return Tree(tmp_path)

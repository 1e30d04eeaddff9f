from __future__ import annotations

from pathlib import Path

import pytest

from tests.oci.front import Front


@pytest.fixture
def front(tmp_path: Path) -> Front:
    return Front(tmp_path)

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.runtimes.matrix.containerd import Containerd
    from tests.runtimes.matrix.sandbox import Sandbox


@pytest.fixture
def containerd(sandbox: Sandbox) -> Containerd:
    """Containerd of a test's sandbox."""
    from tests.runtimes.matrix.containerd import Containerd  # needs grpcio

    return sandbox.engine(Containerd)

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.nri.containerd import Containerd


@pytest.fixture(scope="session")
def daemons() -> Iterator[dict[str, Containerd]]:
    """The daemons that were started, by their release; each test of a session uses the same."""
    started: dict[str, Containerd] = {}
    yield started
    for each in started.values():
        each.close()


@pytest.fixture
def containerd(request: pytest.FixtureRequest, daemons: dict[str, Containerd]) -> Iterator[Containerd]:
    """Containerd of the release that a test names, with no specs."""
    from tests.nri.containerd import Containerd, why_no_containerd  # needs grpcio

    release = request.param
    reason = why_no_containerd(release)
    if reason:
        pytest.skip(reason)
    if release not in daemons:
        daemons[release] = Containerd(release)
    found = daemons[release]
    yield found
    for path in found.specs.iterdir():
        path.unlink()

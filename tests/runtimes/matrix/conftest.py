from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.runtimes.matrix import acme
from tests.runtimes.matrix.cell import Cell
from tests.runtimes.matrix.rootfs import make_root
from tests.runtimes.matrix.sandbox import REPOSITORY, Sandbox, why_no_sandbox

SETTINGS = 'runtimes = ["{}"]\n[environment]\nCOD_CLAIM = "cod.dev/claim"\n'

Sandboxes = dict[tuple[str, bool], Sandbox]


@pytest.fixture(scope="session")
def sandboxes() -> Iterator[Sandboxes]:
    """The sandboxes that were started; each test of a session uses the same."""
    started: Sandboxes = {}
    yield started
    for each in started.values():
        each.close()


def sandbox_of(sandboxes: Sandboxes, release: str, cgroup2: bool = False) -> Sandbox:
    """A sandbox of a release where acme's devices are found, and none is held."""
    if reason := why_no_sandbox(release):
        pytest.skip(reason)
    key = (release, cgroup2)
    if key not in sandboxes:
        made = sandboxes[key] = Sandbox(release, cgroup2=cgroup2)
        made.environ["PYTHONPATH"] += f":/opt/acme:{REPOSITORY}"
        made.write("/opt/acme/acme-1.dist-info/entry_points.txt", acme.ENTRY_POINT)
        made.write("/etc/cod/devices.yaml", "cpuid: off\n")  # acme's driver has these nodes
        made.write(acme.FILE, "hello\n")
        made.write("/etc/cod/runtime.toml", SETTINGS.format("crun" if cgroup2 else "runc"))
        make_root(made)
    return sandboxes[key]


@pytest.fixture
def cell(request: pytest.FixtureRequest, sandboxes: Sandboxes) -> Cell:
    """The door of a test, open, and the cell of the table that the test fills."""
    door, release = request.param
    return Cell(door, sandbox_of(sandboxes, release, door.cgroup2), request.node)

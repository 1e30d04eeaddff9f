"""The sandboxes of a session, one a release, where acme's devices are found; and the mark of their tests."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.runtimes.matrix import acme
from tests.runtimes.matrix.rootfs import make_root
from tests.runtimes.matrix.sandbox import HOST, REPOSITORY, Sandbox, why_no_sandbox

if TYPE_CHECKING:
    from tests.runtimes.matrix.doors import Door

RELEASES = (os.environ.get("RELEASES") or HOST).split()

SETTINGS = 'runtimes = ["{}"]\n[environment]\nCOD_CLAIM = "cod.dev/claim"\n'


class Sandboxes:
    """Those that were started; each test of a session uses the same."""

    def __init__(self) -> None:
        self._started: dict[tuple[str, str], Sandbox] = {}

    def of(self, release: str, view: str = "") -> Sandbox:
        """The sandbox of a release, and one more for each view that a door has of it."""
        key = (release, view)
        if key not in self._started:
            self._started[key] = made = Sandbox(release, view)
            made.environ["PYTHONPATH"] += f":/opt/acme:{REPOSITORY}"
            made.write("/opt/acme/acme-1.dist-info/entry_points.txt", acme.ENTRY_POINT)
            made.write("/etc/cod/devices.yaml", "cpuid: off\n")  # acme's driver has these nodes
            made.write(acme.FILE, "hello\n")
            made.write("/etc/cod/runtime.toml", SETTINGS.format("crun" if view == "cgroup2" else "runc"))
            make_root(made)
            if view == "user":
                made.become_user()
        return self._started[key]

    def close(self) -> None:
        """End them all."""
        for each in self._started.values():
            each.close()


def in_sandboxes(*releases: str, door: Door | None = None) -> pytest.MarkDecorator:
    """A mark for a test whose fixture `sandbox` is one of each of these releases, with a door's program."""
    params = [pytest.param(release, marks=marks_of(release, door)) for release in releases]
    return pytest.mark.parametrize("sandbox", params, indirect=True)


def marks_of(release: str, door: Door | None = None) -> tuple[pytest.MarkDecorator, ...]:
    """The marks of a test that starts a runtime of a release, that of a door if one is given."""
    why = why_not(release)
    if not why and door is not None and not door.is_in(release):
        why = f"{door.program} not installed in {release}"
    skip = pytest.mark.skipif(bool(why), reason=why)
    # With `--dist loadgroup` the daemons of a release run in one process.
    return (pytest.mark.matrix, pytest.mark.xdist_group(release), skip)


def why_not(release: str) -> str:
    """Why nothing is tested in a release, in one line; "" where it is."""
    if release not in RELEASES:
        return f"RELEASES does not name {release}"
    if not Path(acme.CPU.format(1)).exists():
        return "this machine has no two /dev/cpu/*/cpuid"
    return why_no_sandbox(release)

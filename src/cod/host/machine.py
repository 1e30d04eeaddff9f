"""A machine, read through its files.

Every path given to a `Host` and every path it returns is as the machine itself sees it (`/dev/kvm`), whatever
directory the machine's root is. Nothing outside the root is ever read: a link that leads out of a recorded
tree counts as absent.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import Literal

from msgspec import Struct

_NUMBER = re.compile(r"([0-9]+)")


class Simulation(Struct, frozen=True):
    """What a simulated machine has beside the real one's files: how many of each kind (`{"gpu": 8}`)."""

    counts: dict[str, int]


class Node(Struct, frozen=True):
    """A device node: its kind (character or block), numbers and owner. `mode` holds permission bits only."""

    path: str
    kind: Literal["c", "b"]
    major: int
    minor: int
    mode: int
    uid: int
    gid: int


class Host(Struct, frozen=True):
    """A machine whose files lie below `root`; `simulation` says what is simulated on top of them."""

    root: Path
    simulation: Simulation | None = None

    @property
    def is_real(self) -> bool:
        """Whether a device node found here can be opened: not so in a recorded tree."""
        return self.root == Path("/")

    @property
    def node_name(self) -> str:
        """The machine's name as Kubernetes writes a node's: lower case; `localhost` where it has none."""
        name = self.read("/proc/sys/kernel/hostname").strip().lower()
        return name if name and name != "(none)" else "localhost"

    def read(self, path: str) -> str:
        """The text of a file, or "" where there is none that can be read."""
        real = self._real(path)
        if real is None:
            return ""
        try:
            return real.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    def glob(self, pattern: str) -> list[str]:
        """The paths that match, in natural order: `/dev/cpu/2` comes before `/dev/cpu/10`."""
        found = (f"/{path.relative_to(self.root)}" for path in self.root.glob(pattern.lstrip("/")))
        return sorted((path for path in found if self._real(path) is not None), key=natural_order)

    def node(self, path: str) -> Node | None:
        """The device node at a path, or nothing where there is no device node."""
        real = self._real(path)
        if real is None:
            return None
        try:
            status = real.lstat()
        except OSError:
            return None
        if not (stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode)):
            return None
        return Node(
            path=path,
            kind="c" if stat.S_ISCHR(status.st_mode) else "b",
            major=os.major(status.st_rdev),
            minor=os.minor(status.st_rdev),
            mode=stat.S_IMODE(status.st_mode),
            uid=status.st_uid,
            gid=status.st_gid,
        )

    def _real(self, path: str) -> Path | None:
        """Where a path lies for us; the last component is not followed, the way to it stays in the root."""
        inside = self.root / path.lstrip("/")
        if self.is_real:
            return inside
        try:
            parent = inside.parent.resolve()
            target = inside.resolve()
            root = self.root.resolve()
        except (OSError, RuntimeError):  # a loop of links
            return None
        return inside if parent.is_relative_to(root) and target.is_relative_to(root) else None


def natural_order(text: str) -> tuple[tuple[int, str], ...]:
    """A sort key by which `gpu10` follows `gpu9`."""
    parts = _NUMBER.split(text)
    return tuple((int(part), "") if index % 2 else (-1, part) for index, part in enumerate(parts))

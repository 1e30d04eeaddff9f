"""`ch-run …` (Charliecloud): a container sees the host's whole `/dev`, so that only files and variables lack.

A container of Charliecloud is a user's own process without privileges: what the user may open on the host may
be opened there. Source: ch-run(1); tried with 0.31 and 0.45.
"""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from cod.prepare import Prepared
from cod.runtimes.command import Launch
from cod.runtimes.translate import PRIVATE, Way

WAY = Way(
    runtime="Charliecloud",
    env="`--set-env`",
    nodes="its `/dev` is the host's",
    mounts="`--bind`",
    others="open: its `/dev` is the host's",
    elsewhere=False,
    options=("rw", "bind", "rbind", "nosuid", *PRIVATE),
    unsayable=":",
    unsayable_env="\n$'",
)


class ChRun(Struct, frozen=True):
    """A `ch-run`, whose options may stand on either side of the image: those before `--`, and the rest."""

    before: tuple[str, ...]
    after: tuple[str, ...]

    def launch(self, prepared: Prepared, scratch: Path) -> Launch:  # noqa: ARG002
        """The command with the devices as its last options."""
        parts = WAY.carried(prepared.edits)
        words = [f"--bind={mount.host_path}:{mount.container_path}" for mount in parts.mounts]
        words += [f"--set-env={variable}" for variable in parts.env]
        return Launch((*self.before, *words, *self.after))


def read_ch_run(argv: tuple[str, ...]) -> ChRun:
    """Understand a command that begins with `ch-run`; it becomes its container's first process."""
    end = argv.index("--") if "--" in argv else 1
    return ChRun(argv[:end], argv[end:])

"""Any program that is no container runtime: it sees the host's devices already and gets the variables."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from cod.prepare import Prepared
from cod.runtimes.command import Launch


class Program(Struct, frozen=True):
    """A command that is started as it is. That it uses only its own devices is up to the variables."""

    argv: tuple[str, ...]

    def launch(self, prepared: Prepared, scratch: Path) -> Launch:  # noqa: ARG002
        """The same words, and the edits' variables."""
        return Launch(self.argv, prepared.edits.env)

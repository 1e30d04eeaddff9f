"""`systemd-nspawn …`: nodes and files are bind mounts, and the first process gets the variables.

Where it makes a scope for the machine, systemd's device policy opens what is bound and nothing else; with
`--keep-unit` that of its own unit counts. Source: systemd-nspawn(1), systemd's nspawn-register.c; tried with
252 and 257.
"""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from cod.prepare import Prepared
from cod.runtimes.command import Launch
from cod.runtimes.first import inside
from cod.runtimes.translate import BIND, PRIVATE, Way, is_read_only

WAY = Way(
    runtime="systemd-nspawn",
    env="`--setenv`",
    nodes="`--bind`",
    mounts="`--bind`, `--bind-ro`",
    others="closed by systemd's scope; no device cgroup with `--keep-unit`, only an own `/dev`",
    options=(*BIND, *PRIVATE),
)


class NspawnRun(Struct, frozen=True):
    """A `systemd-nspawn`, whose options may stand in any order."""

    argv: tuple[str, ...]

    def launch(self, prepared: Prepared, scratch: Path) -> Launch:  # noqa: ARG002
        """The command with the devices as its first options."""
        parts = WAY.carried(prepared.edits)
        words = [f"--setenv={variable}" for variable in parts.env]
        for mount in parts.mounts:
            flag = "--bind-ro" if is_read_only(mount) else "--bind"
            end = "" if "rbind" in mount.options or "bind" not in mount.options else ":norbind"
            words.append(f"{flag}={_word(mount.host_path)}:{_word(mount.container_path)}{end}")
        words += [f"--bind={_word(node.host_path)}:{_word(node.path)}" for node in parts.nodes]
        return Launch((self.argv[0], *words, *self.argv[1:]), first=inside("pid"))


def _word(path: str) -> str:
    """A path as a part of its option: a colon would divide it."""
    return path.replace("\\", "\\\\").replace(":", "\\:")


def read_nspawn(argv: tuple[str, ...]) -> NspawnRun:
    """Understand a command that begins with `systemd-nspawn`, which stays until its container has ended."""
    return NspawnRun(argv)

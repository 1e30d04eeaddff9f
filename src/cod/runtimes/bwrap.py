"""`bwrap …` (bubblewrap): nodes are bind mounts that may be opened, put in after all that the user mounts.

Its operations are done in their order, so ours come last. How many words an option takes is what its help
says. Source: bwrap(1); tried with 0.8 and 0.12.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from cod.errors import Misuse
from cod.prepare import Prepared
from cod.runtimes.asking import ask
from cod.runtimes.command import Launch
from cod.runtimes.first import inside
from cod.runtimes.translate import BIND, PRIVATE, Way, is_read_only

WAY = Way(
    runtime="bubblewrap",
    env="`--setenv`",
    nodes="`--dev-bind`",
    mounts="`--bind`, `--ro-bind`",
    others="no device cgroup: closed as far as your `--dev` hides them",
    options=(*BIND, "nosuid", "nodev", *PRIVATE),
    unsayable_env="",
)

_IN_HELP = re.compile(r"^ +(--[\w-]+)((?: [A-Z][A-Z0-9_]*(?=\s))*)", re.MULTILINE)


class BwrapRun(Struct, frozen=True):
    """A `bwrap`: its options, and the words from the command on."""

    before: tuple[str, ...]
    after: tuple[str, ...]

    def launch(self, prepared: Prepared, scratch: Path) -> Launch:  # noqa: ARG002
        """The command with the devices after its own mounts."""
        parts = WAY.carried(prepared.edits)
        words: list[str] = []
        for mount in parts.mounts:
            flag = "--ro-bind" if is_read_only(mount) else "--bind"
            words += (flag, mount.host_path, mount.container_path)
        for node in parts.nodes:
            words += ("--dev-bind", node.host_path, node.path)
        for variable in parts.env:
            name, _, value = variable.partition("=")
            words += ("--setenv", name, value)
        return Launch((*self.before, *words, *self.after), first=inside("mnt"))


def read_bwrap(argv: tuple[str, ...], environ: Mapping[str, str]) -> BwrapRun:
    """Understand a command that begins with `bwrap`.

    Raises:
        Misuse: if it has an option that this bwrap does not know.
        RuntimeUnavailable: if it does not tell its options.
    """
    takes = {name: len(words.split()) for name, words in _IN_HELP.findall(ask((argv[0], "--help"), environ))}
    end = 1
    while end < len(argv) and argv[end].startswith("-") and argv[end] != "--":
        if argv[end] not in takes:
            raise Misuse(
                f"this bwrap has no option {argv[end]}",
                hint="bwrap --help shows those that it has",
            )
        end += 1 + takes[argv[end]]
    return BwrapRun(argv[:end], argv[end:])

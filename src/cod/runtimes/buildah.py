"""`buildah run …`: by its flags; whether it has `--device` is in its help.

A step of `buildah build` has no command of its own that could hold devices. Source: buildah-run(1); 1.28,
which was tried, takes no device.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from cod.prepare import Prepared
from cod.runtimes.asking import ask
from cod.runtimes.command import Launch
from cod.runtimes.first import inside
from cod.runtimes.foreground import refuse_verb
from cod.runtimes.options import clustered
from cod.runtimes.translate import BIND, PROPAGATION, Parts, Way, volume

WAY = Way(
    runtime="buildah",
    when="run with `--device`",
    env="`--env`",
    nodes="`--device`",
    mounts="`--volume`",
    others="closed",
    instead="podman run, which takes all of it",
    limits_access=True,
    options=(*BIND, "nosuid", "nodev", "noexec", *PROPAGATION),
    unsayable=":",
    unsayable_env="",
)
WITHOUT_DEVICES = replace(
    WAY, when="run without `--device`", nodes="", instead="a buildah whose run has --device, or podman run"
)

_GLOBAL_VALUED = (
    *("cgroup-manager", "log-level", "registries-conf", "registries-conf-dir", "root", "runroot"),
    *("short-name-alias-conf", "storage-driver", "storage-opt", "userns-gid-map", "userns-uid-map"),
    *("cpu-profile", "memory-profile"),
)


class BuildahRun(Struct, frozen=True):
    """A `buildah run`: the words up to and with the verb, and those after it."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    way: Way

    def launch(self, prepared: Prepared, scratch: Path) -> Launch:  # noqa: ARG002
        """The command with the devices right after the verb."""
        words = _flags(self.way.carried(prepared.edits))
        return Launch((*self.before, *words, *self.after), first=inside("pid"))


def _flags(parts: Parts) -> tuple[str, ...]:
    words = [*parts.variables]
    for mount in parts.mounts:
        words += ("--volume", volume(mount))
    for node in parts.nodes:
        words += ("--device", node.triple)
    return tuple(words)


def read_buildah(argv: tuple[str, ...], environ: Mapping[str, str]) -> BuildahRun:
    """Understand a command that begins with `buildah`.

    Raises:
        Misuse: if it is no `buildah run`.
        RuntimeUnavailable: if it does not tell its options.
    """
    verb = clustered(argv[1:], valued=_GLOBAL_VALUED)[1] + 1
    if argv[verb : verb + 1] != ("run",):
        refuse_verb("buildah", argv[verb : verb + 1], "CONTAINER -- COMMAND")
    has_devices = "--device" in ask((argv[0], "run", "--help"), environ)
    way = WAY if has_devices else WITHOUT_DEVICES
    return BuildahRun(argv[: verb + 1], argv[verb + 1 :], way)

"""What each runtime takes, and how, as a table in Markdown: the one in the documentation is this one."""

from __future__ import annotations

from collections.abc import Iterator

from cod.runtimes import (
    apptainer,
    buildah,
    bwrap,
    charliecloud,
    ctr,
    docker,
    lxc,
    nerdctl,
    nspawn,
    podman,
    runc,
    runsc,
)
from cod.runtimes.translate import Way

# Here and not in its own module, which plain programs need and nothing of this.
PROGRAM = Way(
    runtime="any other program",
    env="its environment",
    nodes="it sees the host's",
    mounts="it sees the host's",
    gids="those of its user",
    hooks="it needs none",
    net_devices="it sees the host's",
    intel_rdt="that of its user",
    elsewhere=False,
    others="as for its user",
)

WAYS: tuple[Way, ...] = (
    podman.BY_NAME,
    podman.WAY,
    docker.BY_NAME,
    docker.WAY,
    nerdctl.BY_NAME,
    nerdctl.WAY,
    runc.WAY,
    runsc.WAY,
    ctr.BY_CONFIG,
    ctr.BY_NAME,
    ctr.WAY,
    buildah.WAY,
    buildah.WITHOUT_DEVICES,
    lxc.WAY,
    nspawn.WAY,
    bwrap.WAY,
    apptainer.WAY,
    charliecloud.WAY,
    PROGRAM,
)

_HEADER = (
    *("runtime", "nodes", "at another path", "`permissions`", "variables", "mounts", "groups", "hooks"),
    *("network interfaces", "RDT", "devices it was not given"),
)


def markdown() -> str:
    """The table, a line a way."""
    return "\n".join((_line(_HEADER), _line(["---"] * len(_HEADER)), *map(_line, map(_cells, WAYS)))) + "\n"


def _line(cells: Iterator[str] | list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(way: Way) -> list[str]:
    return [
        f"{way.runtime}, {way.when}" if way.when else way.runtime,
        way.nodes or "—",
        _yes(way.nodes and way.elsewhere),
        f"`{way.opens}` only" if way.opens else _yes(way.nodes and way.limits_access),
        *(each or "—" for each in (way.env, way.mounts, way.gids, way.hooks, way.net_devices, way.intel_rdt)),
        way.others,
    ]


def _yes(value: object) -> str:
    return "yes" if value else "—"

"""Which machine is meant: `/`, a directory with a recorded one, or `sim:8gpu`."""

from __future__ import annotations

import re
from pathlib import Path

from cod.errors import Misuse
from cod.host.machine import Host, Simulation

SIMULATED_KINDS = ("gpu",)
MOST_SIMULATED = 1024

_COUNT = re.compile(r"(\d{1,9})([a-z]+)")


def open_host(name: str) -> Host:
    """The machine called so. A simulated one has the real one's files, and accelerators on top."""
    if name.startswith("sim:"):
        return Host(Path("/"), Simulation(_counts(name)))
    root = Path(name)
    if not root.is_dir():
        raise Misuse(
            f"no machine {name!r}",
            causes=("it is not a directory",),
            hint="give /, the directory of a recorded machine, or sim:8gpu for a simulated one",
        )
    return Host(root.resolve())


def _counts(name: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for part in name.removeprefix("sim:").split(","):
        match = _COUNT.fullmatch(part)
        if match is None or match[2] not in SIMULATED_KINDS or not 1 <= int(match[1]) <= MOST_SIMULATED:
            raise Misuse(
                f"no simulated machine {name!r}",
                causes=(f"{part!r} is not a number from 1 to {MOST_SIMULATED} and a kind",),
                hint=f"kinds are {', '.join(SIMULATED_KINDS)}: for example sim:8gpu",
            )
        counts[match[2]] = counts.get(match[2], 0) + int(match[1])
    return counts

"""Which machine is meant: `/`, a directory with a recorded one, or a simulated one such as `sim:8gpu`."""

from __future__ import annotations

import os
import re
from pathlib import Path

from cod.errors import Misuse
from cod.host.machine import Host

_PART = r"(\d{1,9})?([a-z]+)"


def open_host(name: str, *, cache: str = "") -> Host:
    """The machine called so. A simulated one has this machine's device nodes, and a sysfs of its own.

    `cache` is a directory for what is costly to read; none is used where it is "".

    Raises Misuse for a name that is none.
    """
    if name.startswith("sim:"):
        return _simulated(name)
    if not os.path.isdir(name):  # noqa: PTH112 - Path.is_dir raises for a name that is too long
        raise Misuse(
            f"no machine {name!r}",
            causes=("it is not a directory" if name else "the name is empty",),
            hint="give /, the directory of a recorded machine, or sim:8gpu for a simulated one",
        )
    return Host(Path(name).resolve(), cache=cache)


def _simulated(name: str) -> Host:
    from cod.host.simulate import KINDS, MOST, RACK, USUAL, simulate  # a real machine needs none of it

    counts: dict[str, int] = {}
    rack = ""
    for part in name.removeprefix("sim:").split(","):
        match = re.fullmatch(_PART, part)
        if match is not None and match[2] == "rack" and not match[1]:
            counts, rack = {**RACK, **counts}, "rack0"
            continue
        if match is None or match[2] not in KINDS or not 1 <= int(match[1] or 1) <= MOST:
            raise Misuse(
                f"no simulated machine {name!r}",
                causes=(f"{part!r} is not a kind, or a number from 1 to {MOST} and a kind",),
                hint=f"kinds are {', '.join(KINDS)}, and rack: sim:8gpu, sim:4gpu,2fpga, sim:rack",
            )
        counts[match[2]] = counts.get(match[2], 0) + int(match[1] or USUAL[match[2]])
    return Host(Path("/"), simulate(name, counts, rack))

"""What a runtime takes of a plugin's answer, by its name and version: it drops the rest without a word.

Source: the runtimes, run and read: containerd 1.7.24 to 2.3, CRI-O 1.33 and 1.34, Docker 29.
"""

from __future__ import annotations

import re

from msgspec import Struct

_VERSION = re.compile(r"v?(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?([-~](?:alpha|beta|rc|dev))?", re.ASCII)

Version = tuple[int, int, int]


class Carries(Struct, frozen=True):
    """What reaches a container by NRI. `names`: of CDI devices; the runtime then finds their edits by itself.

    Without names, a plugin makes the edits: variables and mounts go always, and device nodes and hooks with
    `nodes`. Whoever takes no names is too old for network devices and RDT classes, or is not known.
    """

    runtime: str
    names: bool = False
    nodes: bool = True


def carries(runtime: str, version: str) -> Carries:
    """What that runtime takes; of one that is not known, what all of CRI take."""
    told = f"{runtime} {version}".strip()
    match runtime:
        case "containerd":
            found = read_version(version)
            # The field came with 2.1, went into the 1.7 branch later, and never into 2.0.
            names = found >= (2, 1, 0) or (1, 7, 30) <= found < (1, 8, 0)
            return Carries(told, names=names)
        case "cri-o":
            return Carries(told, names=read_version(version) >= (1, 34, 0))
        case "docker":
            return Carries(told, nodes=False)
    return Carries(told)


def read_version(text: str) -> Version:
    """The first three numbers of a version; (0, 0, 0) for what is none, such as "unknown".

    A release that is still being made (`-rc.1`, in Debian `~rc.1`) counts as older than any that is out.
    """
    found = _VERSION.match(text)
    if found is None:
        return (0, 0, 0)
    major, minor, patch = int(found[1]), int(found[2]), int(found[3] or 0)
    if not found[4]:
        return (major, minor, patch)
    if patch:
        return (major, minor, patch - 1)
    return (major, minor - 1, 999_999_999) if minor else (major - 1, 999_999_999, 0)

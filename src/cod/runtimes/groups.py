"""Device nodes that a user may open by a group alone, such as `kvm` or `render`.

Rootless Podman takes the user's groups from a container's process, so that it sees such a node and cannot
open it. `--group-add keep-groups` keeps them, where the OCI runtime is crun. Source: podman-run(1).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable

from msgspec import Struct

from cod.cdi.spec import DeviceNode
from cod.runtimes.translate import NotCarried

_BITS = {"r": 4, "w": 2}


class User(Struct, frozen=True):
    """Who starts the container: the group `gid` stays, the others are those that may be lost."""

    uid: int
    gid: int
    groups: Collection[int]


def myself() -> User:
    """The user whose process this is."""
    return User(os.geteuid(), os.getegid(), os.getgroups())


def check_groups(nodes: Iterable[DeviceNode], user: User) -> None:
    """Raise NotCarried for nodes that this user may open by a group alone."""
    problems = []
    for node in nodes:
        path = node.host_path or node.path
        gid = lost_group(path, node.permissions or "rw", user)
        if gid is not None:
            problems.append(
                f"{path} is open to you by your group {_name(gid)} alone, which it takes from you"
            )
    if problems:
        raise NotCarried(
            "rootless Podman cannot give a container all that these devices need",
            causes=tuple(problems),
            hint="podman run --group-add keep-groups …, with crun as the runtime",
        )


def lost_group(path: str, access: str, user: User) -> int | None:
    """The group by which alone a user may open a file so; None where it is not for a group to say."""
    try:
        status = os.lstat(path)
        is_simple = "system.posix_acl_access" not in os.listxattr(path, follow_symlinks=False)
    except OSError:
        return None
    mode = stat.S_IMODE(status.st_mode)
    wanted = sum(bit for letter, bit in _BITS.items() if letter in access)
    is_theirs = status.st_uid == user.uid or status.st_gid == user.gid or mode & wanted == wanted
    by_group = status.st_gid in user.groups and mode >> 3 & wanted == wanted
    return status.st_gid if is_simple and by_group and not is_theirs else None


def _name(gid: int) -> str:
    from grp import getgrgid

    try:
        return getgrgid(gid).gr_name
    except KeyError:
        return str(gid)

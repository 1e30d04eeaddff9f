"""User namespaces: who root is there, and device nodes, which nobody may make there.

runc then binds the host's node of the same path instead. A node that has another path in the container
(`hostPath` in CDI) it looks for in vain; so that one becomes a bind mount here, and its rule of the device
cgroup stays. Uid, gid and mode are then the host's, as for all nodes in a user namespace.
"""

from __future__ import annotations

import os

from cod.cdi.config import InvalidConfig
from cod.cdi.inject import has_user_namespace

TYPE_CHECKING = False  # as in cod.errors
if TYPE_CHECKING:
    from typing import Any

    from cod.oci.edits import Part

_OPTIONS = ("bind", "nosuid", "noexec", "rprivate")
_MAP = "/proc/self/uid_map"
_ALL = ["0", "0", "4294967295"]


def ids(path: str = _MAP) -> list[str] | None:
    """How the users of our namespace are mapped, three numbers a range; None in the first namespace."""
    try:
        with open(path, "rb") as file:
            words = file.read().decode("ascii").split()
    except (OSError, ValueError):
        return None
    return None if words == _ALL else words


def outer_user(path: str = _MAP) -> int:
    """Who we are outside: root in a user's namespace (rootless Podman or Docker) is that user."""
    user = os.geteuid()
    found = ids(path) if user == 0 else None
    return int(found[1]) if found and found[0] == "0" else user


def has_users(config: dict[str, Any]) -> bool:
    """Whether a container has users of its own: in a namespace that it gets, or that we are in already."""
    return ids() is not None or has_user_namespace(config)


def bind_renamed_nodes(config: dict[str, Any], edits: Part) -> None:
    """Change a configuration that has these edits: nodes of another path on the host become bind mounts."""
    for node in edits.device_nodes:
        if not node.host_path or node.host_path == node.path:
            continue
        linux = config["linux"]
        linux["devices"] = [each for each in linux["devices"] if each.get("path") != node.path]
        mount = {
            "destination": node.path,
            "type": "bind",
            "source": node.host_path,
            "options": [*_OPTIONS],
        }
        mounts = config.get("mounts") or []
        if type(mounts) is not list or any(type(each) is not dict for each in mounts):
            raise InvalidConfig('the OCI spec\'s "mounts" is no list of objects')
        config["mounts"] = [*(each for each in mounts if each.get("destination") != node.path), mount]

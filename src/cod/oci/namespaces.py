"""Device nodes in a user namespace, where nobody may make one.

runc then binds the host's node of the same path instead. A node that has another path in the container
(`hostPath` in CDI) it looks for in vain; so that one becomes a bind mount here, and its rule of the device
cgroup stays. Uid, gid and mode are then the host's, as for all nodes in a user namespace.
"""

from __future__ import annotations

from cod.cdi.config import InvalidConfig

TYPE_CHECKING = False  # as in cod.errors
if TYPE_CHECKING:
    from typing import Any

    from cod.oci.edits import Part

_OPTIONS = ("bind", "nosuid", "noexec", "rprivate")


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

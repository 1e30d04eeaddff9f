"""Edits into a configuration with a user namespace, where runc cannot make device nodes.

It binds the host's file at the container's path instead, and so finds no node that has another path than on
the host. Such a node becomes a bind mount here, and its rule of the device cgroup stays. The host's owner and
mode count for all nodes, so others than the host's are refused.
"""

from __future__ import annotations

from cod.cdi.config import Config, InvalidConfig
from cod.cdi.inject import has_user_namespace, inject
from cod.cdi.spec import ContainerEdits
from cod.runtimes.translate import host_node


def inject_for_runc(config: Config, edits: ContainerEdits) -> Config:
    """As `cod.cdi.inject`, and what runc can do. Raises as that does."""
    new = inject(config, edits)
    if not edits.device_nodes or not has_user_namespace(config):
        return new
    moved = {node.path: node.host_path for node in map(host_node, edits.device_nodes) if node.is_moved}
    mounts = new.get("mounts") or []
    if not isinstance(mounts, list):
        raise InvalidConfig("the OCI spec's mounts is no list")
    new["mounts"] = [*mounts, *(_mount(host_path, path) for path, host_path in moved.items())]
    devices = [each for each in new["linux"]["devices"] if each.get("path") not in moved]
    new["linux"] = {**new["linux"], "devices": devices}
    return new


def _mount(source: str, destination: str) -> Config:
    options = ["bind", "nosuid", "noexec"]
    return {"destination": destination, "type": "bind", "source": source, "options": options}

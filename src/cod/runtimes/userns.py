"""Edits into a configuration with a user namespace, where runc cannot make device nodes.

It binds the host's file at the container's path instead, and so finds no node that has another path than on
the host. Such a node becomes a bind mount here, and a rule that opens it; the host's owner and mode count
then, so others than the host's are refused.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from cod.cdi.config import Config
from cod.cdi.inject import inject
from cod.cdi.spec import ContainerEdits
from cod.runtimes.translate import host_node


def inject_for_runc(config: Config, edits: ContainerEdits) -> Config:
    """As `cod.cdi.inject`, and what runc can do. Raises as that does."""
    moved = [node for node in edits.device_nodes if node.host_path and node.host_path != node.path]
    if not moved or not _has_users(config):
        return inject(config, edits)
    nodes = [host_node(node) for node in moved]
    kept = tuple(node for node in edits.device_nodes if node not in moved)
    new = inject(config, replace(edits, device_nodes=kept))
    new["mounts"] = [*(new.get("mounts") or ()), *(_mount(node.host_path, node.path) for node in nodes)]
    linux = dict(new["linux"])
    resources = dict(linux.get("resources") or {})
    resources["devices"] = [*(resources.get("devices") or ()), *_rules(moved)]
    new["linux"] = {**linux, "resources": resources}
    return new


def _rules(nodes: list[Any]) -> list[Config]:
    rules: list[Config] = inject({}, ContainerEdits(device_nodes=tuple(nodes)))["linux"]["resources"][
        "devices"
    ]
    return rules


def _mount(source: str, destination: str) -> Config:
    options = ["bind", "nosuid", "noexec"]
    return {"destination": destination, "type": "bind", "source": source, "options": options}


def _has_users(config: Config) -> bool:
    linux = config.get("linux")
    namespaces = linux.get("namespaces") if isinstance(linux, dict) else None
    return isinstance(namespaces, list) and any(
        isinstance(namespace, dict) and namespace.get("type") == "user" for namespace in namespaces
    )

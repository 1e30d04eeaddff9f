"""Edits into a configuration for runc, which can make no device nodes in a user namespace."""

from __future__ import annotations

from cod.cdi.config import Config
from cod.cdi.inject import bind_moved_nodes, has_user_namespace, inject
from cod.cdi.spec import ContainerEdits
from cod.runtimes.translate import host_node


def inject_for_runc(config: Config, edits: ContainerEdits) -> Config:
    """As `cod.cdi.inject`, and what runc can do. Raises as that does.

    In a user namespace the host's owner and mode count for all nodes, so others than the host's are refused.
    """
    new = inject(config, edits)
    if not has_user_namespace(config):
        return new
    for node in edits.device_nodes:
        host_node(node)
    return bind_moved_nodes(new, edits)

"""Edits into a configuration for runc or crun, whose containers may have users of their own."""

from __future__ import annotations

from cod.cdi.config import Config
from cod.cdi.inject import bind_moved_nodes, inject
from cod.cdi.spec import ContainerEdits
from cod.cdi.users import beyond_user, has_users, makes_nodes, outer_user
from cod.runtimes.translate import NotCarried, host_node


def inject_for(runtime: str, config: Config, edits: ContainerEdits) -> Config:
    """As `cod.cdi.inject`, and what this runtime can do. Raises as that does, and NotCarried.

    Where it makes no nodes, in a user namespace, the host's owner and mode count for all of them, so others
    than the host's are refused.
    """
    if problems := tuple(beyond_user(edits)):
        raise NotCarried(
            "who is not root cannot give a container all that these devices need",
            causes=problems,
            hint="start it as root",
        )
    new = inject(config, edits, map_owners=outer_user() == 0)
    if not has_users(config) or makes_nodes(runtime):
        return new
    for node in edits.device_nodes:
        host_node(node)
    return bind_moved_nodes(new, edits)

"""Device nodes of the host as container edits."""

from __future__ import annotations

from cod.cdi.spec import DeviceNode
from cod.host import Node


def device_node(node: Node, permissions: str = "rw", *, path: str = "") -> DeviceNode:
    """The node for a container: the same kind, numbers and mode, its group if it is not root's.

    `path` is where the container sees it, if elsewhere than on the host.
    """
    return DeviceNode(
        path=path or node.path,
        host_path=node.path if path and path != node.path else "",
        type=node.kind,
        major=node.major,
        minor=node.minor,
        file_mode=node.mode,
        permissions=permissions,
        gid=node.gid or None,
    )

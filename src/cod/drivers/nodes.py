"""Device nodes of the host as container edits."""

from __future__ import annotations

from cod.cdi.spec import DeviceNode
from cod.host import Host, Node


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


def node_with_numbers(host: Host, path: str, directory: str) -> Node | None:
    """The node at a path, if it has the numbers that its device's directory in sysfs says, where it does."""
    node = host.node(path)
    numbers = host.value(f"{directory}/dev")
    return node if node and numbers in ("", f"{node.major}:{node.minor}") else None

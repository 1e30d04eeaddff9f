"""User namespaces: whether a container has one, who root is there, and what takes root itself."""

from __future__ import annotations

import os

from cod.cdi.inject import has_user_namespace

TYPE_CHECKING = False  # as in cod.errors
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

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


def makes_nodes(runtime: str) -> bool:
    """Whether an OCI runtime makes device nodes in a user namespace: crun does, if it is root itself."""
    return runtime.rpartition("/")[2] == "crun" and outer_user() == 0


def beyond_user(edits: Any) -> Iterator[str]:
    """What no runtime can do for who is not root, a line each: some fail then, some leave it out."""
    if os.geteuid() == 0:
        return
    if edits.additional_gids:
        yield f"the groups {', '.join(map(str, edits.additional_gids))}: without root none can be added"
    for device in edits.net_devices:
        yield f"the network interface {device.host_interface_name}: without root none can be moved"
    if edits.intel_rdt is not None:
        yield "classes of cache and memory bandwidth (intelRdt): without root none can be set"

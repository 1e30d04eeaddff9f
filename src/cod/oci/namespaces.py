"""User namespaces: whether there is one, and who root is there."""

from __future__ import annotations

import os

from cod.cdi.inject import has_user_namespace

TYPE_CHECKING = False  # as in cod.errors
if TYPE_CHECKING:
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

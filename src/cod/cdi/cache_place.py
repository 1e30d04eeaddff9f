"""Where caches are kept. It can be asked without what reads a cache of specs, which takes 1 ms to import."""

from __future__ import annotations

import os

TYPE_CHECKING = False  # as in cod.errors
if TYPE_CHECKING:
    from collections.abc import Mapping


def cache_directory(environ: Mapping[str, str], user: int | None = None) -> str | None:
    """Where a user's caches are kept; None if `COD_CACHE` is `off`, or if there is no home for one."""
    chosen = environ.get("COD_CACHE")
    if chosen:
        return None if chosen == "off" else chosen
    if (os.geteuid() if user is None else user) == 0:
        return "/var/cache/cod"
    home = environ.get("XDG_CACHE_HOME") or (environ["HOME"] + "/.cache" if environ.get("HOME") else "")
    return f"{home}/cod" if home.startswith("/") else None

"""Where caches are kept. It can be asked without what reads a cache of specs, which takes 1 ms to import."""

from __future__ import annotations

import os
from collections.abc import Mapping


def cache_directory(environ: Mapping[str, str]) -> str | None:
    """Where caches are kept; None if `COD_CACHE` is `off`, or if there is no home for one."""
    chosen = environ.get("COD_CACHE")
    if chosen:
        return None if chosen == "off" else chosen
    if os.geteuid() == 0:
        return "/var/cache/cod"
    home = environ.get("XDG_CACHE_HOME") or (environ["HOME"] + "/.cache" if environ.get("HOME") else "")
    return f"{home}/cod" if home.startswith("/") else None

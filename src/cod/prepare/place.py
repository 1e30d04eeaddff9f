"""Where the CDI specs of claims lie: a directory that runtimes read and, if there is one, a boot empties."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

USUAL = ("/etc/cdi", "/var/run/cdi", "/run/cdi")
"""Directories that every runtime reads, if it is not told otherwise."""

PLACE = "cod.dev/spec-dir"
"""The annotation of a claim whose spec lies elsewhere than usual."""


def spec_dir(environ: Mapping[str, str]) -> Path:
    """The directory for the specs of claims; it may not exist yet. A relative XDG path is ignored.

    The last of `COD_SPEC_DIRS`, which has the highest precedence, or root's or the user's own.
    """
    named = [each for each in environ.get("COD_SPEC_DIRS", "").split(":") if each]
    if named:
        return Path(named[-1])
    if os.geteuid() == 0:
        return Path("/var/run/cdi")
    for variable in ("XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"):
        directory = Path(environ.get(variable, ""))
        if directory.is_absolute():
            return directory / "cdi"
    return Path(environ.get("HOME") or Path.home()) / ".config/cdi"

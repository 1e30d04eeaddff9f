"""An OCI bundle: a directory with a `config.json`, read whole and written to a private copy."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from msgspec import Struct

from cod.cdi.config import Config, InvalidConfig, read_config, write_config
from cod.cdi.write import WriteFailed
from cod.errors import Refused

MOST_BYTES = 64 * 2**20


class InvalidBundle(Refused):
    """A directory that is no bundle, or whose config.json cannot be read."""


class Bundle(Struct, frozen=True):
    """A bundle's directory, absolute, and its configuration with all its fields, known or not."""

    directory: Path
    config: Config

    def copied(self, config: Config, to: Path) -> Path:
        """Make a private bundle with that configuration; its paths still mean what they meant in this one."""
        path = to / "config.json"
        try:
            to.mkdir(mode=0o700)
            path.write_bytes(write_config(self._with_absolute_paths(config)))
        except OSError as error:
            raise WriteFailed("write", path, error) from error
        return to

    def _with_absolute_paths(self, config: Config) -> Config:
        root = config.get("root")
        changed = dict(config)
        if root is not None:
            changed["root"] = {**root, "path": str(self.directory / root.get("path", ""))}
        if config.get("mounts"):
            changed["mounts"] = [self._with_absolute_source(mount) for mount in config["mounts"]]
        return changed

    def _with_absolute_source(self, mount: dict[str, Any]) -> dict[str, Any]:
        source = mount.get("source")
        is_bind = mount.get("type") == "bind" or {"bind", "rbind"}.intersection(mount.get("options") or ())
        if not (is_bind and isinstance(source, str) and source):
            return mount
        return {**mount, "source": str(self.directory / source)}


def read_bundle(directory: Path) -> Bundle:
    """Read a bundle.

    Raises:
        InvalidBundle: if there is none.
        InvalidConfig: if its config.json is no configuration.
    """
    path = directory / "config.json"
    config = read_config(content_of(path), str(path))
    _check(config, path)
    return Bundle(directory.resolve(), config)


def content_of(path: Path) -> bytes:
    """What is in a configuration's file. Raises InvalidBundle where it cannot be read."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:  # a pipe would block
            content = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidBundle(
            "no bundle: its config.json cannot be read",
            where=str(path),
            causes=(reason.lower(),),
            hint="--bundle names a directory with a root file system and a config.json (runc spec)",
        ) from None
    if len(content) > MOST_BYTES:
        raise InvalidBundle(f"config.json is larger than {MOST_BYTES >> 20} MiB", where=str(path))
    return content


def _check(config: Config, path: Path) -> None:
    """Refuse what this module itself could not copy; `inject` and the runtime judge the rest."""
    root = config.get("root")
    if root is not None and not (isinstance(root, dict) and isinstance(root.get("path", ""), str)):
        raise InvalidConfig("the OCI spec's root is no JSON object with a path", where=str(path))
    mounts = config.get("mounts") or []
    if not isinstance(mounts, list) or not all(map(_is_mount, mounts)):
        raise InvalidConfig("the OCI spec's mounts is no list of mounts", where=str(path))


def _is_mount(mount: object) -> bool:
    if not isinstance(mount, dict):
        return False
    options = mount.get("options") or []
    return isinstance(options, list) and all(isinstance(option, str) for option in options)

"""The file in `/etc/nri/conf.d` that configures the plugin; the runtime reads it, and hands its text on."""

from __future__ import annotations

import yaml
from msgspec import Struct

from cod.errors import Refused


class InvalidConf(Refused):
    """The plugin's file in `/etc/nri/conf.d` cannot be understood."""


class Conf(Struct, frozen=True):
    """What the plugin's file in `/etc/nri/conf.d` says: a YAML mapping with `specDirs`, a list."""

    spec_dirs: tuple[str, ...] = ()


def read_conf(text: str) -> Conf:
    """What the text of the plugin's file says. Raises InvalidConf."""
    hint = "write: specDirs: [/etc/cdi, /var/run/cdi]"
    try:
        # To this loader all is text: the usual one fails in its own ways on what looks like a date.
        data = yaml.load(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))
    except (yaml.YAMLError, RecursionError) as error:
        reason = str(getattr(error, "problem", "")) or "it is not YAML"
        raise InvalidConf(f"the plugin's configuration cannot be read: {reason}", hint=hint) from None
    if data is None:
        return Conf()
    dirs = data.get("specDirs") if isinstance(data, dict) else None
    if not isinstance(data, dict) or set(data) - {"specDirs"}:
        raise InvalidConf("the plugin's configuration has other keys than specDirs", hint=hint)
    if not isinstance(dirs, list) or not all(isinstance(each, str) and each.startswith("/") for each in dirs):
        raise InvalidConf("specDirs of the plugin's configuration is no list of absolute paths", hint=hint)
    return Conf(tuple(dirs))

"""An OCI runtime spec, `config.json`, as plain data: read whole, changed in places, written whole."""

from __future__ import annotations

from cod.errors import Refused

TYPE_CHECKING = False  # as in cod.errors
if TYPE_CHECKING:
    from typing import Any

Config = dict[str, "Any"]


class InvalidConfig(Refused):
    """An OCI runtime spec whose parts are not what the OCI says they are."""


def read_config(data: bytes, path: str = "") -> Config:
    """The configuration in the bytes of a `config.json`; `path` is what errors call it.

    Raises:
        InvalidConfig: if it is no JSON, or no object.
    """
    from msgspec import DecodeError, json

    try:
        config = json.decode(data)
    except (DecodeError, UnicodeDecodeError) as error:
        reason = str(error)
        raise InvalidConfig("the OCI spec is no JSON", where=path, causes=(reason,), hint=_HINT) from None
    except RecursionError:
        raise InvalidConfig("the OCI spec nests too deep", where=path, hint=_HINT) from None
    if not isinstance(config, dict):
        raise InvalidConfig("the OCI spec is no JSON object", where=path, hint=_HINT)
    return config


def write_config(config: Config) -> bytes:
    """A configuration as the bytes of a `config.json`, for people to read too."""
    from msgspec import json

    return json.format(json.encode(config), indent=2) + b"\n"


_HINT = "give the config.json of a bundle, such as `runc spec` writes"

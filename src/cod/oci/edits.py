"""Container edits as plain data, as objects with the attributes that `cod.cdi.inject` reads.

They stand for the Structs of `cod.cdi.spec`, which take 30 ms to import. Only what has been checked before
comes here: edits that the careful way has kept, or a claim's spec that COD wrote. What is not of the expected
shape is `Unusual`, and then the careful way decides.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as in cod.errors
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


class Unusual(Exception):
    """Data that only the careful way can judge."""


class Part:
    """A value with some attributes: edits, a node, a mount, a hook."""

    def __init__(self, **attributes: Any) -> None:
        self.__dict__ = attributes

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...


_Fields = dict[str, "tuple[str, type, Any]"]

# By the name in a file: the attribute, the type, and what counts where nothing is given.
_NODE: _Fields = {
    "path": ("path", str, ""),
    "hostPath": ("host_path", str, ""),
    "type": ("type", str, ""),
    "major": ("major", int, None),
    "minor": ("minor", int, None),
    "fileMode": ("file_mode", int, None),
    "permissions": ("permissions", str, ""),
    "uid": ("uid", int, None),
    "gid": ("gid", int, None),
}
_NET_DEVICE: _Fields = {"hostInterfaceName": ("host_interface_name", str, ""), "name": ("name", str, "")}
_HOOK: _Fields = {
    "hookName": ("hook_name", str, ""),
    "path": ("path", str, ""),
    "args": ("args", list, ()),
    "env": ("env", list, ()),
    "timeout": ("timeout", int, None),
}
_MOUNT: _Fields = {
    "hostPath": ("host_path", str, ""),
    "containerPath": ("container_path", str, ""),
    "options": ("options", list, ()),
    "type": ("type", str, ""),
}
_RDT: _Fields = {
    "closID": ("clos_id", str, ""),
    "l3CacheSchema": ("l3_cache_schema", str, ""),
    "memBwSchema": ("mem_bw_schema", str, ""),
    "schemata": ("schemata", list, None),
    "enableMonitoring": ("enable_monitoring", bool, False),
}
_LISTS: dict[str, tuple[str, _Fields]] = {
    "deviceNodes": ("device_nodes", _NODE),
    "netDevices": ("net_devices", _NET_DEVICE),
    "hooks": ("hooks", _HOOK),
    "mounts": ("mounts", _MOUNT),
}


def join_edits(parts: Iterable[Any]) -> Part:
    """All these edits, in their order: lists are joined, a later `intelRdt` replaces an earlier one."""
    env: list[str] = []
    gids: list[int] = []
    lists: dict[str, list[Part]] = {attribute: [] for attribute, _ in _LISTS.values()}
    rdt = None
    for data in parts:
        for key, value in _object(data).items():
            if key in _LISTS:
                attribute, fields = _LISTS[key]
                lists[attribute] += [_part(item, fields) for item in _list(value)]
            elif key == "env":
                env += _texts(value)
            elif key == "additionalGids":
                gids += _numbers(value)
            elif key == "intelRdt":
                rdt = _part(value, _RDT)
            else:
                raise Unusual(key)
    return Part(env=tuple(env), additional_gids=tuple(gids), intel_rdt=rdt, **lists)


def _part(data: Any, fields: _Fields) -> Part:
    attributes = {attribute: default for attribute, _, default in fields.values()}
    for key, value in _object(data).items():
        if key not in fields or type(value) is not fields[key][1]:
            raise Unusual(key)
        attributes[fields[key][0]] = _texts(value) if type(value) is list else value
    return Part(**attributes)


def _object(value: Any) -> dict[str, Any]:
    if type(value) is not dict:
        raise Unusual(value)
    return value


def _list(value: Any) -> list[Any]:
    if type(value) is not list:
        raise Unusual(value)
    return value


def _texts(value: Any) -> list[str]:
    if any(type(item) is not str for item in _list(value)):
        raise Unusual(value)
    return _list(value)


def _numbers(value: Any) -> list[int]:
    if any(type(item) is not int for item in _list(value)):
        raise Unusual(value)
    return _list(value)

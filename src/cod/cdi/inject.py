"""Edits into an OCI runtime spec that is held as plain data.

`inject` never changes what it is given: the result is a new configuration that shares what stayed the same,
so an error leaves nothing half done. What the configuration has beyond the edits survives, known or not; the
order of every list is the reference's. Device numbers are read from the host each time.

Source: CDI SPEC.md § OCI Edits; the reference's `ContainerEdits.Apply` and `DeviceNode.fillMissingInfo`.
"""

from __future__ import annotations

import os
import posixpath
import stat

from cod.cdi.config import Config, InvalidConfig
from cod.cdi.names import HOOK_NAMES
from cod.cdi.quote import quote
from cod.errors import Refused

TYPE_CHECKING = False  # as in cod.errors
if TYPE_CHECKING:
    from typing import Any

    from cod.cdi.spec import ContainerEdits, DeviceNode, Hook, IntelRdt, Mount


class InjectionFailed(Refused):
    """A device of the host is not what its CDI spec says."""


def inject(config: Config, edits: ContainerEdits, *, map_owners: bool = True) -> Config:
    """A configuration as `config`, with `edits` made.

    `map_owners` is whether bind mounts get the owners of the container's user namespace, if it has one: so
    the reference has it, and no runtime can do it without root.

    Cost: about 10 µs for a device with two nodes and a mount.

    Raises:
        InvalidConfig: if a part of `config` that the edits touch has the wrong type.
        InjectionFailed: if a device node of the host is missing or of another type.
    """
    if not isinstance(config, dict):
        raise InvalidConfig("can't edit nil OCI Spec" if config is None else "the OCI spec is no JSON object")
    new = dict(config)
    if edits.env:
        process = _own_object(new, "process")
        process["env"] = _with_env(_own_list(process, "env", str), edits.env)
    if edits.device_nodes:
        _add_devices(new, edits.device_nodes)
    if edits.net_devices:
        net = _own_object(_own_object(new, "linux"), "netDevices")
        for device in edits.net_devices:
            net[device.host_interface_name] = {"name": device.name}
    if edits.mounts:
        _add_mounts(new, edits.mounts, map_owners)
    if edits.hooks:
        hooks = _own_object(new, "hooks")
        for hook in edits.hooks:
            if hook.hook_name not in HOOK_NAMES:
                raise InjectionFailed(f"unknown hook name {quote(hook.hook_name)}")
            _own_list(hooks, hook.hook_name, dict).append(_oci_hook(hook))
    if edits.intel_rdt is not None:
        _own_object(new, "linux")["intelRdt"] = _oci_rdt(edits.intel_rdt)
    if any(edits.additional_gids):
        user = _own_object(_own_object(new, "process"), "user")
        gids = _own_list(user, "additionalGids", int)
        gids += dict.fromkeys(gid for gid in edits.additional_gids if gid and gid not in gids)
    return new


def _own_object(parent: Config, key: str) -> Config:
    """The object at `key`, as a copy that `parent` now holds and that may be changed."""
    value = parent.get(key)
    if value is not None and not isinstance(value, dict):
        raise InvalidConfig(f"the OCI spec's {quote(key)} is no JSON object", hint="is this a config.json?")
    parent[key] = copy = dict(value or ())
    return copy


def _own_list(parent: Config, key: str, item_type: type) -> list[Any]:
    """The list at `key`, as a copy that `parent` now holds and that may be changed."""
    value = parent.get(key)
    if value is not None and not (isinstance(value, list) and all(isinstance(i, item_type) for i in value)):
        kind = {str: "strings", int: "numbers", dict: "objects"}[item_type]
        raise InvalidConfig(
            f"the OCI spec's {quote(key)} is no list of {kind}", hint="is this a config.json?"
        )
    parent[key] = copy = list(value or ())
    return copy


def _with_env(env: list[str], variables: tuple[str, ...]) -> list[str]:
    """Variables in place of those of the same name, of several the last; others at the end."""
    places = {variable.partition("=")[0]: index for index, variable in enumerate(env)}
    for variable in variables:
        name = variable.partition("=")[0]
        if name in places:
            env[places[name]] = variable
        else:
            places[name] = len(env)
            env.append(variable)
    return env


def _add_devices(new: Config, nodes: tuple[DeviceNode, ...]) -> None:
    uid, gid = _process_ids(new)
    linux = _own_object(new, "linux")
    devices = _own_list(linux, "devices", dict)
    paths = _texts(devices, "path")
    rules: list[Config] = []
    for node in nodes:
        device = _oci_device(node, uid, gid)
        if node.path in paths:
            _drop_first(devices, "path", node.path)
            _replace_or_add(devices, device)
        else:
            paths.add(node.path)
            devices.append(device)
        if device["type"] in ("b", "c"):
            rules.append(_device_rule(device, node.permissions))
    if rules:
        _own_list(_own_object(linux, "resources"), "devices", dict).extend(rules)


def _device_rule(device: Config, permissions: str) -> Config:
    """What the device cgroup lets the container do with a node: with `none`, nothing."""
    rule = {"allow": True, "type": device["type"], "major": device["major"], "minor": device["minor"]}
    if permissions != "none":
        rule["access"] = permissions or "rwm"
    return rule


def _texts(entries: list[Config], key: str) -> set[str]:
    """The texts that entries have at a key: what is new among them needs no search."""
    return {value for entry in entries if isinstance(value := entry.get(key), str)}


def _drop_first(entries: list[Config], key: str, value: str) -> None:
    """Take out the first entry that has the value at the key."""
    for index, entry in enumerate(entries):
        if entry.get(key) == value:
            del entries[index]
            return


def _replace_or_add(devices: list[Config], device: Config) -> None:
    """Put a device in place of another of the same path, or at the end."""
    for index, other in enumerate(devices):
        if other.get("path") == device["path"]:
            devices[index] = device
            return
    devices.append(device)


def _process_ids(new: Config) -> tuple[int, int]:
    """The user and group that the process runs as; 0 where it does not say."""
    process = new.get("process") or {}
    user = process.get("user") or {} if isinstance(process, dict) else None
    if not isinstance(user, dict):
        raise InvalidConfig("the OCI spec's process.user is no JSON object", hint="is this a config.json?")
    ids = user.get("uid") or 0, user.get("gid") or 0
    if not all(isinstance(number, int) for number in ids):
        raise InvalidConfig("the OCI spec's process.user.uid and gid are no numbers")
    return ids


def _oci_device(node: DeviceNode, uid: int, gid: int) -> Config:
    kind, major, minor, mode = _node_facts(node)
    device: Config = {"path": node.path, "type": kind, "major": major, "minor": minor}
    if mode is not None:
        device["fileMode"] = mode
    if node.uid is not None:
        device["uid"] = node.uid
    elif uid > 0:
        device["uid"] = uid
    if node.gid is not None:
        device["gid"] = node.gid
    elif gid > 0:
        device["gid"] = gid
    return device


def _node_facts(node: DeviceNode) -> tuple[str, int, int, int | None]:
    """Type, numbers and mode of a node: as the spec gives them, else as the host has them."""
    kind, major, minor, mode = node.type, node.major or 0, node.minor or 0, node.file_mode
    # What says its own type and number does without the host, which only adds the mode.
    is_complete = bool(kind) and (major != 0 or kind == "p")
    if is_complete and mode is not None:
        return kind, major, minor, mode
    host_path = node.host_path or node.path
    try:
        host_kind, host_major, host_minor, host_mode = _host_node(host_path)
    except OSError as error:
        if is_complete:
            return kind, major, minor, mode
        reason = (error.strerror or str(error)).lower()
        raise InjectionFailed(
            f"failed to stat CDI host device {quote(host_path)}: {reason}",
            where=host_path,
            hint="is the driver loaded, and the CDI spec newer than the last reboot?",
        ) from None
    if mode is None:
        mode = host_mode
    if is_complete:
        return kind, major, minor, mode
    if kind and kind != host_kind:
        raise InjectionFailed(
            f"CDI device ({quote(node.path)}, {quote(host_path)}), host type mismatch ({kind}, {host_kind})",
            where=host_path,
            hint="the CDI spec is older than the node; generate it again",
        )
    if host_kind != "p" and major == 0:
        major, minor = host_major, host_minor
    return host_kind, major, minor, mode


def _host_node(path: str) -> tuple[str, int, int, int]:
    """Type, major, minor and mode of a device node of the host; links are not followed."""
    if "\0" in path:
        raise OSError(0, "invalid argument")
    found = os.lstat(path)
    for kind, is_kind in (("c", stat.S_ISCHR), ("b", stat.S_ISBLK), ("p", stat.S_ISFIFO)):
        if is_kind(found.st_mode):
            return kind, os.major(found.st_rdev), os.minor(found.st_rdev), stat.S_IMODE(found.st_mode)
    raise OSError(0, "not a device node")


def _add_mounts(new: Config, added: tuple[Mount, ...], map_owners: bool) -> None:
    """Mounts in place of those at the same destination, and all of them by depth, so that none is hidden."""
    mounts = _own_list(new, "mounts", dict)
    is_mapped = map_owners and has_user_namespace(new)
    destinations = _texts(mounts, "destination")
    for mount in added:
        if mount.container_path in destinations:
            _drop_first(mounts, "destination", mount.container_path)
        destinations.add(mount.container_path)
        mounts.append(_oci_mount(mount, is_mapped))
    mounts.sort(key=_depth)


def _depth(mount: Config) -> int:
    destination = mount.get("destination") or ""
    if not isinstance(destination, str):
        raise InvalidConfig("the OCI spec has a mount whose destination is no string")
    if destination[:1] == "/" and "/." not in destination and "//" not in destination:
        return destination.rstrip("/").count("/") or 1
    path = posixpath.normpath(destination)
    return path.count("/") - path.startswith("//")


def has_user_namespace(config: Config) -> bool:
    """Whether a configuration gives its container users of its own."""
    linux = config.get("linux")
    namespaces = linux.get("namespaces") if isinstance(linux, dict) else None
    return isinstance(namespaces, list) and any(
        isinstance(namespace, dict) and namespace.get("type") == "user" for namespace in namespaces
    )


def bind_moved_nodes(config: Config, edits: ContainerEdits) -> Config:
    """A configuration that has these edits, changed to what runtimes can do in a user namespace.

    There runc makes no node, and binds the host's node of the same path instead: one of another path than on
    the host it would look for in vain, as crun does without root. Such a node becomes a bind mount, and its
    rule of the device cgroup stays. Tried with runc 1.1 to 1.3, and crun 1.28.
    """
    moved = {
        node.path: node.host_path for node in edits.device_nodes if node.host_path not in ("", node.path)
    }
    if not moved:
        return config
    new = dict(config)
    linux = _own_object(new, "linux")
    linux["devices"] = [each for each in linux["devices"] if each.get("path") not in moved]
    mounts = _own_list(new, "mounts", dict)
    mounts[:] = [each for each in mounts if each.get("destination") not in moved]
    for path, host_path in moved.items():
        options = ["bind", "nosuid", "noexec", "rprivate"]
        mounts.append({"destination": path, "type": "bind", "source": host_path, "options": options})
    return new


def _oci_mount(mount: Mount, is_mapped: bool) -> Config:
    options = [*mount.options]
    if is_mapped and not {"idmap", "ridmap"}.intersection(options):
        binds = [option for option in options if option in ("bind", "rbind")]
        if binds or mount.type == "bind":
            options.append("ridmap" if binds and binds[-1] == "rbind" else "idmap")
    made: Config = {"destination": mount.container_path}
    if mount.type:
        made["type"] = mount.type
    if mount.host_path:
        made["source"] = mount.host_path
    if options:
        made["options"] = options
    return made


def _oci_hook(hook: Hook) -> Config:
    made = _without_empty({"path": hook.path, "args": [*hook.args], "env": [*hook.env]})
    if hook.timeout is not None:
        made["timeout"] = hook.timeout
    return made


def _oci_rdt(rdt: IntelRdt) -> Config:
    return _without_empty(
        {
            "closID": rdt.clos_id,
            "schemata": [*(rdt.schemata or ())],
            "l3CacheSchema": rdt.l3_cache_schema,
            "memBwSchema": rdt.mem_bw_schema,
            "enableMonitoring": rdt.enable_monitoring,
        }
    )


def _without_empty(values: Config) -> Config:
    return {key: value for key, value in values.items() if value}

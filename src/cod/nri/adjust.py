"""The answer of the plugin: what changes in a container that is being made.

A runtime that takes the names of CDI devices gets these, and finds their edits itself. For others the
edits are made here, into an OCI configuration that has of the container only what they depend on, and what
came into it becomes the answer. What NRI has no field for is refused, all of it in one error: a container is
made whole, or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from cod.cdi import ContainerEdits, inject
from cod.errors import Refused
from cod.nri.carries import Carries
from cod.nri.messages import ContainerAdjustment

_HOOKS = {
    "prestart": "prestart",
    "createRuntime": "create_runtime",
    "createContainer": "create_container",
    "startContainer": "start_container",
    "poststart": "poststart",
    "poststop": "poststop",
}

_CLOSED = "ask for the devices in the CDI_devices field of CRI, or start the container with cod-runtime"


class NriCannot(Refused):
    """Devices need what this runtime's NRI cannot carry; nothing of them is given."""


def by_names(names: Iterable[str]) -> Any:
    """The adjustment that names CDI devices."""
    adjustment = ContainerAdjustment()
    for name in names:
        adjustment.CDI_devices.add(name=name)
    return adjustment


def by_edits(edits: ContainerEdits, container: Any, carried: Carries) -> Any:
    """The adjustment that has the edits themselves, without what the container has already.

    Raises NriCannot, or InjectionFailed for a device node that is not as the spec says.
    """
    problems = [*_problems(edits, carried)]
    if problems:
        raise NriCannot(
            f"NRI of {carried.runtime} cannot carry {', '.join(problems)}",
            causes=tuple(problems),
            hint=_CLOSED,
        )
    namespaces = [{"type": each.type} for each in container.linux.namespaces]
    user = {"uid": container.user.uid, "gid": container.user.gid}  # 0 before NRI 0.11
    config = inject({"process": {"user": user}, "linux": {"namespaces": namespaces}}, edits)
    adjustment = ContainerAdjustment()
    _add_env(adjustment, config, {*container.env})
    _add_mounts(adjustment, config, container.mounts)
    _add_devices(adjustment, config, container.linux.devices)
    _add_hooks(adjustment, config, container.hooks)
    return adjustment


def is_there(edits: ContainerEdits, container: Any, is_asked_of_cri: bool) -> bool:
    """Whether a container has a device already, since CRI has given it.

    That CRI was asked does not say that it gives: CDI may be switched off. And a runtime before NRI 0.10 does
    not say what it was asked. So what the container has counts: anything of the device if CRI was asked for
    it, else all of it. Variables alone may come from elsewhere, and groups given twice are there once.
    """
    devices = {each.path for each in container.linux.devices}
    mounts = {(each.destination, each.source) for each in container.mounts}
    hooks = {
        (name, each.path, tuple(each.args))
        for name, field in _HOOKS.items()
        for each in getattr(container.hooks, field)
    }
    has = [
        *(each.path in devices for each in edits.device_nodes),
        *((each.container_path, each.host_path) in mounts for each in edits.mounts),
        *((each.hook_name, each.path, each.args) in hooks for each in edits.hooks),
        *(each.host_interface_name in container.linux.net_devices for each in edits.net_devices),
    ]
    if is_asked_of_cri:
        return any(has)
    return bool(has) and all(has) and {*edits.env} <= {*container.env}


def _problems(edits: ContainerEdits, carried: Carries) -> Iterator[str]:
    """What cannot be carried, in words."""
    if any(edits.additional_gids):
        yield f"additional groups ({', '.join(map(str, edits.additional_gids))})"
    if not carried.nodes:
        yield from (f"the device node {node.path}" for node in edits.device_nodes)
        yield from (f"the {hook.hook_name} hook {hook.path}" for hook in edits.hooks)
    else:
        for node in edits.device_nodes:
            if node.type not in ("", "b", "c"):
                yield f"the node {node.path} of type {node.type}"
            # NRI gives rwm. The m is no more than rw where the node is there, anything less is.
            elif node.permissions and not {"r", "w"} <= {*node.permissions}:
                yield f"permissions {node.permissions} of {node.path} (it would be rwm)"
    yield from (f"the network device {each.host_interface_name}" for each in edits.net_devices)
    if edits.intel_rdt is not None:
        yield "intelRdt"
    # A key with a dash in front asks NRI to remove something.
    keys = [each.partition("=")[0] for each in edits.env]
    keys += [each.container_path for each in edits.mounts]
    keys += [each.path for each in edits.device_nodes]
    yield from (f"the name {key}" for key in keys if key.startswith("-"))


def _add_env(adjustment: Any, config: dict[str, Any], there: set[str]) -> None:
    for variable in config.get("process", {}).get("env", ()):
        if variable not in there:
            key, _, value = variable.partition("=")
            adjustment.env.add(key=key, value=value)


def _add_mounts(adjustment: Any, config: dict[str, Any], there: Any) -> None:
    have = {(each.destination, each.source): {*each.options} for each in there}
    for mount in config.get("mounts", ()):
        destination, source = mount["destination"], mount.get("source", "")
        options = mount.get("options", [])
        if have.get((destination, source)) != {*options}:
            adjustment.mounts.add(
                destination=destination, source=source, type=mount.get("type", ""), options=options
            )


def _add_devices(adjustment: Any, config: dict[str, Any], there: Any) -> None:
    have = {(each.path, each.type, each.major, each.minor) for each in there}
    for device in config.get("linux", {}).get("devices", ()):
        if (device["path"], device["type"], device["major"], device["minor"]) in have:
            continue
        if device["type"] not in ("b", "c"):
            raise NriCannot(
                f"NRI cannot carry the node {device['path']} of type {device['type']}", hint=_CLOSED
            )
        node = adjustment.linux.devices.add(
            path=device["path"], type=device["type"], major=device["major"], minor=device["minor"]
        )
        for key, field in (("fileMode", node.file_mode), ("uid", node.uid), ("gid", node.gid)):
            if key in device:
                field.value = device[key]


def _add_hooks(adjustment: Any, config: dict[str, Any], there: Any) -> None:
    for name, hooks in config.get("hooks", {}).items():
        field = _HOOKS[name]
        have = [(each.path, [*each.args], [*each.env]) for each in getattr(there, field)]
        for hook in hooks:
            args, env = hook.get("args", []), hook.get("env", [])
            if (hook["path"], args, env) in have:
                continue
            made = getattr(adjustment.hooks, field).add(path=hook["path"], args=args, env=env)
            if "timeout" in hook:
                made.timeout.value = hook["timeout"]

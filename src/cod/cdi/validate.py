"""The rules of CDI: everything that is wrong with a spec, in the reference's words and order.

The reference stops at the first flaw; the first problem here is that one, the others follow.
A sound device costs about 2 µs. Source: CDI SPEC.md; the reference's `newSpec` and `ContainerEdits.Validate`.
"""

from __future__ import annotations

from collections.abc import Iterator

from cod.cdi.names import class_problem, device_name_problem, vendor_problem
from cod.cdi.problem import Path, Problem
from cod.cdi.quote import quote
from cod.cdi.spec import HOOK_NAMES, NODE_TYPES, ContainerEdits, Device, Hook, NetDevice, Spec
from cod.cdi.version import version_problem

_COMMON_PERMISSIONS = frozenset(("", "rwm", "rw", "r", "w", "rm", "wm", "m", "none"))
_LONGEST_CLOS_ID = 4095


def problems(spec: Spec) -> list[Problem]:
    """Everything that is wrong with a spec, the reference's first complaint first."""
    found: list[Problem] = []
    if text := version_problem(spec):
        rule = "version-unknown" if text.startswith("invalid") else "version-too-low"
        found.append(Problem(text, ("cdiVersion",), rule=rule))
    if text := vendor_problem(spec.vendor):
        found.append(Problem(text, ("kind",), rule="vendor"))
    if spec.vendor and (text := class_problem(spec.class_)):
        found.append(Problem(text, ("kind",), rule="class"))
    for problem in edits_problems(spec.container_edits):
        found.append(_below(problem, ("containerEdits",), ""))
    _check_devices(spec.devices, found)
    return found


def edits_problems(edits: ContainerEdits) -> list[Problem]:
    """Everything that is wrong with edits; paths begin at the edits. No edits at all are fine here."""
    found: list[Problem] = []
    for index, variable in enumerate(edits.env):
        if variable.find("=") <= 0:
            text = f"invalid container edits: invalid environment variable {quote(variable)}"
            found.append(Problem(text, ("env", index), rule="env"))
    for index, node in enumerate(edits.device_nodes):
        if not node.path or node.type not in NODE_TYPES or node.permissions not in _COMMON_PERMISSIONS:
            found.extend(_node_problems(index, node.path, node.type, node.permissions))
    for index, hook in enumerate(edits.hooks):
        if not hook.path or hook.hook_name not in HOOK_NAMES or hook.env:
            found.extend(_hook_problems(index, hook))
    for index, mount in enumerate(edits.mounts):
        if not mount.host_path:
            path: Path = ("mounts", index, "hostPath")
            found.append(Problem("invalid mount, empty host path", path, rule="mount-path"))
        if not mount.container_path:
            path = ("mounts", index, "containerPath")
            found.append(Problem("invalid mount, empty container path", path, rule="mount-path"))
    if edits.intel_rdt is not None and not _is_clos_id(edits.intel_rdt.clos_id):
        found.append(Problem("invalid ClosID", ("intelRdt", "closID"), rule="clos-id"))
    if edits.net_devices:
        found.extend(_net_problems(edits.net_devices))
    return found


def _check_devices(devices: tuple[Device, ...], found: list[Problem]) -> None:
    names = set()
    for index, device in enumerate(devices):
        name = device.name
        if text := device_name_problem(name):
            path: Path = ("devices", index, "name")
            found.append(Problem(f"failed add device {quote(name)}: {text}", path, rule="device-name"))
        if not device.container_edits:
            text = f"failed add device {quote(name)}: invalid device, empty device edits"
            path = ("devices", index, "containerEdits")
            found.append(Problem(text, path, rule="device-empty"))
        elif flaws := edits_problems(device.container_edits):
            prefix = f"failed add device {quote(name)}: invalid device {quote(name)}: "
            path = ("devices", index, "containerEdits")
            found.extend(_below(flaw, path, prefix) for flaw in flaws)
        if name in names:
            path = ("devices", index, "name")
            found.append(Problem(f"invalid spec, multiple device {quote(name)}", path, rule="device-twice"))
        names.add(name)
    if not devices:
        found.append(Problem("invalid spec, no devices", ("devices",), rule="no-devices"))


def _node_problems(index: int, node_path: str, kind: str, permissions: str) -> Iterator[Problem]:
    if not node_path:
        yield Problem("invalid (empty) device path", ("deviceNodes", index, "path"), rule="node-path")
    subject = f"device {quote(node_path)}: "
    if kind not in NODE_TYPES:
        path: Path = ("deviceNodes", index, "type")
        yield Problem(f"{subject}invalid type {quote(kind)}", path, rule="node-type")
    if permissions not in _COMMON_PERMISSIONS and permissions.strip("rwm"):
        path = ("deviceNodes", index, "permissions")
        yield Problem(f"{subject}invalid permissions {quote(permissions)}", path, rule="node-permissions")


def _hook_problems(index: int, hook: Hook) -> Iterator[Problem]:
    name = quote(hook.hook_name)
    if hook.hook_name not in HOOK_NAMES:
        yield Problem(f"invalid hook name {name}", ("hooks", index, "hookName"), rule="hook-name")
    if not hook.path:
        yield Problem(f"invalid hook {name} with empty path", ("hooks", index, "path"), rule="hook-path")
    for number, variable in enumerate(hook.env):
        if variable.find("=") <= 0:
            text = f"invalid hook {name}: invalid environment variable {quote(variable)}"
            yield Problem(text, ("hooks", index, "env", number), rule="env")


def _net_problems(net_devices: tuple[NetDevice, ...]) -> Iterator[Problem]:
    by_host_name: dict[str, str] = {}
    by_name: dict[str, str] = {}
    for index, net in enumerate(net_devices):
        host_path: Path = ("netDevices", index, "hostInterfaceName")
        path: Path = ("netDevices", index, "name")
        if not net.host_interface_name:
            yield Problem("invalid linux net device, empty HostInterfaceName", host_path, rule="net-name")
        if not net.name:
            yield Problem("invalid linux net device, empty Name", path, rule="net-name")
        if (other := by_host_name.get(net.host_interface_name)) is not None:
            names = f"{quote(net.host_interface_name)} with names {quote(net.name)} and {quote(other)}"
            text = f"invalid linux net device, duplicate HostInterfaceName {names}"
            yield Problem(text, host_path, rule="net-twice")
        if (other := by_name.get(net.name)) is not None:
            hosts = f"{quote(net.host_interface_name)} and {quote(other)}"
            text = (
                f"invalid linux net device, duplicate Name {quote(net.name)} with HostInterfaceName {hosts}"
            )
            yield Problem(text, path, rule="net-twice")
        by_host_name[net.host_interface_name] = net.name
        by_name[net.name] = net.host_interface_name


def _is_clos_id(text: str) -> bool:
    """Whether resctrl can have a directory of that name; "" and "/" stand for its root."""
    if text in ("", "/"):
        return True
    is_one_name = text not in (".", "..") and "/" not in text and "\n" not in text
    return is_one_name and len(text.encode("utf-8", "replace")) <= _LONGEST_CLOS_ID


def _below(problem: Problem, path: Path, prefix: str) -> Problem:
    return Problem(prefix + problem.message, path + problem.path, rule=problem.rule)

"""What `cod-runtime` does as a hook, started by the files that `cod runtime install hooks` writes.

`cod-precreate` is Podman's own stage before a container is made: the whole configuration comes in and goes
out, so that everything can be injected. `cod-hook` is OCI's `createRuntime`: the container is made already,
and only mounts and the spec's own early hooks, such as those that make links, can still be added. What it
cannot add is refused.
"""

from __future__ import annotations

import os
import sys

from cod.errors import Refused
from cod.oci.bundle import MOST_BYTES, ConfigFile
from cod.oci.door import Door, read_config
from cod.oci.main import environment
from cod.oci.plain_json import encode

TYPE_CHECKING = False  # as in cod.errors
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from cod.oci.edits import Part

PRECREATE = "cod-precreate"
CREATE_RUNTIME = "cod-hook"

_EARLY = ("prestart", "createRuntime", "createContainer")
_INSTEAD = (
    "use Podman's precreate hook (Podman 4.3 or newer), or cod-runtime as the runtime: cod runtime install"
)


class HookCannot(Refused):
    """Something that no hook can give to a container that is made already."""


def serve(arguments: Sequence[str], settings: str) -> None:
    """Be the hook that the arguments name. Raises as injecting does."""
    door = Door(environment(), settings)
    if arguments[-1:] == [PRECREATE]:
        precreate(door)
    else:
        create_runtime(door)


def precreate(door: Door) -> None:
    """A configuration from stdin to stdout, with the devices in it that it asks for."""
    config = read_config(_standard_input(), "stdin")
    names = door.wishes(config)
    data = memoryview(encode(door.with_devices(config, names) if names else config))
    while data:
        data = data[os.write(1, data) :]


def create_runtime(door: Door) -> None:
    """Mounts, and the early hooks of specs, into the container whose state is on stdin."""
    state = read_config(_standard_input(), "the state on stdin")
    bundle, pid = state.get("bundle"), state.get("pid")
    if type(bundle) is not str or type(pid) is not int:
        raise HookCannot(
            "the state on stdin names no bundle and process", hint="this is an OCI hook: createRuntime"
        )
    with ConfigFile(bundle) as file:
        config = read_config(file.read(), file.path)
    names = door.wishes(config)
    if not names:
        return
    edits = door.resolve(names)
    if door.injected(config, edits) == config:
        return  # an engine that knows CDI has been here before
    if problems := [*beyond_hooks(edits)]:
        what = f"a hook cannot give {', '.join(names)} to a container"
        raise HookCannot(what, causes=tuple(problems), hint=_INSTEAD)
    from cod.oci.mounts import inside

    with inside(pid, _root(config, bundle)) as container:
        for mount in edits.mounts:
            container.mount(mount.host_path, mount.container_path, mount.options)
        for hook in edits.hooks:
            container.run(hook, encode(state))


def beyond_hooks(edits: Part) -> Iterator[str]:
    """What of these edits only a container's configuration can carry, a line each."""
    for node in edits.device_nodes:
        yield f"device node {node.path}: on cgroup v2 nothing can let a made container open it"
    for variable in edits.env:
        yield f"variable {variable.partition('=')[0]}: the process has its variables already"
    for gid in edits.additional_gids:
        yield f"group {gid}: the process has its groups already"
    for device in edits.net_devices:
        yield f"network device {device.host_interface_name}"
    if edits.intel_rdt is not None:
        yield "intelRdt"
    for mount in edits.mounts:
        if mount.type not in ("", "bind"):
            yield f"mount {mount.container_path} of type {mount.type}: only what the host has can be bound"
    for hook in edits.hooks:
        if hook.hook_name not in _EARLY:
            yield f"hook {hook.hook_name} {hook.path}: its time comes later"


def _root(config: dict[str, Any], bundle: str) -> str:
    root = config.get("root")
    path = root.get("path") if type(root) is dict else None
    if type(path) is not str or not path:
        raise HookCannot("the OCI spec names no root", where=bundle)
    return os.path.join(bundle, path)  # noqa: PTH118 - pathlib takes 9 ms to import


def _standard_input() -> bytes:
    data = sys.stdin.buffer.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise HookCannot(f"more than {MOST_BYTES >> 20} MiB on stdin")
    return data

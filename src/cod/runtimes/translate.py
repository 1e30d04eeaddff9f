"""Edits into the flags of a runtime that knows neither CDI nor an OCI configuration.

A `Way` says what a runtime can be told and in which words; `carried` gives the parts to tell, or refuses all
that would be lost. What a runtime gives by bind mounts shows the host's own node, so the host has to have it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from cod.cdi.inject import InjectionFailed, inject
from cod.cdi.spec import ContainerEdits, DeviceNode, Mount
from cod.errors import Refused

# The options of mounts, of which a runtime can be told some or all.
PRIVATE = ("private", "rprivate", "slave", "rslave")
PROPAGATION = (*PRIVATE, "shared", "rshared")
BIND = ("ro", "rw", "bind", "rbind")
SWITCHES = ("nosuid", "suid", "nodev", "dev", "noexec", "exec")
EVERY_OPTION = (*BIND, *SWITCHES, "noatime", "relatime", "strictatime", *PROPAGATION)

_EVERYTHING = "rwm"
_KINDS = {"c": stat.S_ISCHR, "b": stat.S_ISBLK, "p": stat.S_ISFIFO}
# What restricts a mounted tree and makes no difference to a file without these properties.
_IDLE_FOR_FILES = ("nosuid", "nodev", "bind", "rbind", *PRIVATE)


class NotCarried(Refused):
    """Devices that need more than a runtime can be told."""


class Node(Struct, frozen=True):
    """A device node as flags name it; `access` is what the device cgroup is to allow, of `rwm`.

    `kind` is `c`, `b` or `p`, of which a device cgroup knows the first two.
    """

    path: str
    host_path: str
    kind: str
    major: int
    minor: int
    access: str

    @property
    def is_moved(self) -> bool:
        """Whether the container has it at another path than the host."""
        return self.path != self.host_path

    @property
    def is_opened(self) -> bool:
        """Whether a device cgroup has to allow it."""
        return bool(self.access) and self.kind != "p"

    @property
    def rule(self) -> str:
        """The line for a device cgroup, such as `c 203:0 rwm`."""
        return f"{self.kind} {self.major}:{self.minor} {self.access}"

    @property
    def triple(self) -> str:
        """Host's path, container's path and access, as most runtimes take them."""
        return f"{self.host_path}:{self.path}:{self.access}"


class Parts(Struct, frozen=True):
    """What is to be told to a runtime: all that the edits have."""

    env: tuple[str, ...]
    nodes: tuple[Node, ...]
    mounts: tuple[Mount, ...]
    gids: tuple[int, ...]

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables as most runtimes take them: `--env NAME=VALUE` each."""
        return tuple(word for variable in self.env for word in ("--env", variable))

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups as Docker and Podman take them."""
        return group_words(self.gids)


class Way(Struct, frozen=True, kw_only=True):
    """One way in which a runtime takes devices: in which words it takes what; "" where it cannot.

    `when` says which versions or circumstances take it. `others` is whether devices that the container was
    not given stay closed. `limits_access` is whether a device cgroup keeps a node's `permissions`: without
    one its file mode alone counts. `opens` are those that it allows of every node. `elsewhere` is whether a
    node may have another path than on the host. `options` are those of mounts that are kept, said or not.
    `unsayable` are characters that its words cannot have in a path, `unsayable_env` those in a variable.
    """

    runtime: str
    when: str = ""
    env: str = ""
    nodes: str = ""
    mounts: str = ""
    gids: str = ""
    hooks: str = ""
    net_devices: str = ""
    intel_rdt: str = ""
    others: str = ""
    instead: str = "podman run or runc run, which take all of it"
    limits_access: bool = False
    opens: str = ""
    elsewhere: bool = True
    options: tuple[str, ...] = ()
    any_type: bool = False
    unsayable: str = ""
    unsayable_env: str = "\n"

    def carried(self, edits: ContainerEdits) -> Parts:
        """The parts of the edits.

        Raises:
            NotCarried: with everything that the runtime cannot be told.
        """
        nodes, problems = self._nodes(edits.device_nodes)
        problems += [*self._unknown(edits), *self._env(edits.env), *self._mounts(edits.mounts)]
        if problems:
            raise NotCarried(
                f"{self.runtime} cannot give a container all that these devices need",
                causes=tuple(problems),
                hint=f"use {self.instead}",
            )
        return Parts(edits.env, nodes, edits.mounts, edits.additional_gids)

    def _unknown(self, edits: ContainerEdits) -> Iterator[str]:
        if edits.additional_gids and not self.gids:
            yield f"the groups {', '.join(map(str, edits.additional_gids))}: it adds none to a process"
        if not self.hooks:
            for hook in edits.hooks:
                yield f"the hook {hook.path} ({hook.hook_name}): it runs no OCI hooks"
        if not self.net_devices:
            for device in edits.net_devices:
                yield f"the network interface {device.host_interface_name}: it moves none into a container"
        if edits.intel_rdt is not None and not self.intel_rdt:
            yield "classes of cache and memory bandwidth (intelRdt): it sets none"

    def _env(self, env: Sequence[str]) -> Iterator[str]:
        for variable in env:
            if found := [character for character in self.unsayable_env if character in variable]:
                yield f"the variable {variable.partition('=')[0]}: it has {found[0]!r}, which is lost there"

    def _nodes(self, wanted: Sequence[DeviceNode]) -> tuple[tuple[Node, ...], list[str]]:
        nodes, problems = [], []
        for each in wanted:
            try:
                node = host_node(each)
            except InjectionFailed as error:
                problems.append(error.what)
                continue
            problems += self._node(node)
            nodes.append(node)
        return tuple(nodes), problems

    def _node(self, node: Node) -> Iterator[str]:
        if not self.nodes:
            yield f"the device node {node.path}: it adds none"
        if node.is_moved and not self.elsewhere:
            yield f"{node.host_path} of the host as {node.path}: it shows devices at the host's paths only"
        if more := [each for each in self.opens if each not in node.access]:
            yield f"{node.path} with permissions {node.access or 'none'}: it would allow {''.join(more)}, too"
        elif not node.access and not self.limits_access:
            yield f"{node.path} with no access: it has no device cgroup to keep it closed"
        yield from self._path(node.path)
        yield from self._path(node.host_path)

    def _path(self, path: str) -> Iterator[str]:
        if found := [character for character in self.unsayable if character in path]:
            yield f"the path {path}: {found[0]!r} ends a path there"

    def _mounts(self, mounts: Sequence[Mount]) -> Iterator[str]:
        for mount in mounts:
            if not self.mounts:
                yield f"the mount {mount.container_path}: it adds none"
                continue
            if not is_bind(mount) and not self.any_type:
                yield f"the mount {mount.container_path} of type {mount.type}: it makes bind mounts only"
            for option in mount.options:
                if option not in self.options and not _is_idle(option, mount.host_path):
                    yield f"the option {option} of the mount {mount.container_path}"
            yield from self._path(mount.container_path)
            yield from self._path(mount.host_path)


def whole(runtime: str, when: str, word: str, others: str = "closed") -> Way:
    """A way that takes all there is, each part in the same words."""
    return Way(
        runtime=runtime,
        when=when,
        env=word,
        nodes=word,
        mounts=word,
        gids=word,
        hooks=word,
        net_devices=word,
        intel_rdt=word,
        others=others,
        limits_access=True,
        any_type=True,
    )


def is_bind(mount: Mount) -> bool:
    """Whether a mount shows a file or directory of the host, and makes no file system of its own."""
    return mount.type in ("", "none", "bind")


def options_of(mount: Mount) -> tuple[str, ...]:
    """The options of a mount, for a runtime that makes a bind mount of none that does not say so."""
    is_said = not is_bind(mount) or {"bind", "rbind"} & {*mount.options}
    return mount.options if is_said else (*mount.options, "rbind")


def volume(mount: Mount) -> str:
    """A bind mount as `--volume` takes it."""
    options = f":{','.join(mount.options)}" if mount.options else ""
    return f"{mount.host_path}:{mount.container_path}{options}"


def group_words(gids: Sequence[int]) -> tuple[str, ...]:
    """Groups as Docker and Podman take them: `--group-add GID` each."""
    return tuple(word for gid in gids for word in ("--group-add", str(gid)))


def csv_field(text: str) -> str:
    """A text as a field of CSV, which `--mount` of Docker and `--device` of Podman are."""
    return '"{}"'.format(text.replace('"', '""')) if {*text} & {*',"\n'} else text


def is_read_only(mount: Mount) -> bool:
    """Whether a mount is to be read only: the last of `ro` and `rw` counts."""
    return [each for each in ("rw", *mount.options) if each in ("ro", "rw")][-1] == "ro"


def host_node(node: DeviceNode) -> Node:
    """A node as the host has it, for a runtime that can show it and make no other.

    Raises InjectionFailed where the host has none, or not the one that is meant.
    """
    made = inject({}, ContainerEdits(device_nodes=(node,)))["linux"]["devices"][0]
    kind = "c" if made["type"] == "u" else made["type"]
    host_path = node.host_path or node.path
    try:
        status = os.lstat(host_path)
    except OSError as error:
        raise InjectionFailed(
            f"{host_path} of the host: {(error.strerror or '').lower()}", where=host_path
        ) from None
    numbers = (os.major(status.st_rdev), os.minor(status.st_rdev))
    is_meant = _KINDS[kind](status.st_mode) and (kind == "p" or numbers == (made["major"], made["minor"]))
    if not is_meant:
        raise InjectionFailed(
            f"the device node {node.path} is {kind} {made['major']}:{made['minor']}, "
            f"and {host_path} of the host is another",
            where=host_path,
        )
    _check_owner(node, host_path, status)
    access = "" if node.permissions == "none" else node.permissions or _EVERYTHING
    return Node(node.path, host_path, kind, *numbers, access)


def _check_owner(node: DeviceNode, host_path: str, status: os.stat_result) -> None:
    mode = stat.S_IMODE(status.st_mode)
    pairs = (
        ("mode", node.file_mode, mode),
        ("owner", node.uid, status.st_uid),
        ("group", node.gid, status.st_gid),
    )
    for what, wanted, there in pairs:
        if wanted is not None and wanted != there:
            shown = (oct(wanted)[2:], oct(there)[2:]) if what == "mode" else (wanted, there)
            raise InjectionFailed(
                f"{node.path} with the {what} {shown[0]}: {host_path} of the host has {shown[1]}, and it is "
                "shown as it is",
                where=host_path,
            )


def _is_idle(option: str, path: str) -> bool:
    """Whether an option makes no difference to what is mounted, or none that this user could tell."""
    if option == "rw":
        return True
    try:
        status = Path(path).stat()
    except (OSError, ValueError):
        return False
    if stat.S_ISDIR(status.st_mode):
        return option in ("bind", "rbind")
    if option == "ro":
        return not os.access(path, os.W_OK, effective_ids=True)
    has_no_power = stat.S_ISSOCK(status.st_mode) or stat.S_ISREG(status.st_mode)
    has_no_power = has_no_power and not status.st_mode & (stat.S_ISUID | stat.S_ISGID)
    return option in _IDLE_FOR_FILES and has_no_power

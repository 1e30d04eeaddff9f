"""What a container gets to use an NVIDIA device: as `nvidia-ctk cdi generate` writes it.

Links and the cache of the dynamic linker are made in the container by NVIDIA's hook program. A hook that
cannot be started keeps a container from starting, so that without the program there are none: the links
become mounts of the files that they lead to. Source: nvidia-container-toolkit `internal/discover`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from posixpath import basename, dirname, normpath

from msgspec import Struct

from cod.cdi.spec import ContainerEdits, Hook, Mount
from cod.drivers.nodes import device_node
from cod.drivers.nvidia.files import DriverFiles
from cod.host import Host, Node

VOID = "NVIDIA_VISIBLE_DEVICES=void"  # so that NVIDIA's own runtime adds nothing by itself

_PLACES = (
    "/usr/bin",
    "/usr/local/bin",
    "/usr/sbin",
    "/usr/local/sbin",
    "/usr/local/nvidia/toolkit",
    "/run/current-system/sw/bin",
)
_PROGRAMS = ("nvidia-cdi-hook", "nvidia-ctk")
_LINKS = "create-symlinks"
_MOST_STEPS = 8


class Hooks(Struct, frozen=True):
    """The hook program, "" where there is none, and the hooks that nobody wants; `all` is every one."""

    program: str = ""
    disabled: tuple[str, ...] = ()

    def make(self, name: str, *arguments: str) -> tuple[Hook, ...]:
        """A hook, or none."""
        if not self.program or name in self.disabled or "all" in self.disabled:
            return ()
        program = basename(self.program)
        start = (program, "hook") if program == "nvidia-ctk" else (program,)
        return (
            Hook(
                hook_name="createContainer",
                path=self.program,
                args=(*start, name, *arguments),
                env=("NVIDIA_CTK_DEBUG=false",),
            ),
        )

    def links(self, links: Iterable[tuple[str, str]]) -> tuple[Hook, ...]:
        """The hook that makes links: what each points to, and where it lies."""
        arguments = [word for target, path in links for word in ("--link", f"{target}::{path}")]
        return self.make(_LINKS, *arguments) if arguments else ()

    def mounts_instead(self, links: Iterable[tuple[str, str]], mounts: Iterable[Mount]) -> Iterator[Mount]:
        """Without a program, the files of `mounts` once more, where links to them would lie."""
        if self.program:
            return
        mounted = {each.container_path: each for each in mounts}
        targets = {path: normpath(f"{dirname(path)}/{target}") for target, path in links}
        for path in targets:
            end = path
            for _ in range(_MOST_STEPS):
                end = targets.get(end, end)
            if end in mounted and path not in mounted:
                yield Mount(mounted[end].host_path, path, mounted[end].options)


def find_hooks(host: Host, disabled: tuple[str, ...] = ()) -> Hooks:
    """The hook program of the machine. It runs on the machine, not below a driver root."""
    paths = (f"{place}/{program}" for program in _PROGRAMS for place in _PLACES)
    return Hooks(next(filter(host.exists, paths), ""), disabled)


def node_edits(nodes: Iterable[tuple[str, Node]], hooks: tuple[Hook, ...] = ()) -> ContainerEdits:
    """Device nodes by the path at which the container sees them, and the groups that may open them."""
    found = sorted(dict(nodes).items(), key=lambda each: _depth(each[0]))
    groups = {node.gid for _, node in found if node.gid and node.mode & 0o006 != 0o006}
    return ContainerEdits(
        device_nodes=tuple(device_node(node, "rwm", path=path) for path, node in found),
        hooks=hooks,
        additional_gids=tuple(sorted(groups)),
    )


def user_edits(files: DriverFiles, hooks: Hooks) -> ContainerEdits:
    """The driver's libraries and programs with all that makes them usable, graphics included."""
    links = (*files.graphics_links, *files.links)
    return _edits(
        files,
        [*files.mounts, *files.graphics_mounts],
        links,
        hooks,
        (
            *hooks.links(files.graphics_links),
            *_library_hooks(files, hooks),
            *hooks.make("disable-device-node-modification"),
            *hooks.make("update-application-profile"),
        ),
    )


def management_edits(files: DriverFiles, hooks: Hooks) -> ContainerEdits:
    """The same for a container that manages GPUs: no graphics, and it may make device nodes."""
    return _edits(files, files.mounts, files.links, hooks, _library_hooks(files, hooks))


def _library_hooks(files: DriverFiles, hooks: Hooks) -> tuple[Hook, ...]:
    folders = [word for folder in files.folders for word in ("--folder", folder)]
    return (
        *hooks.links(files.links),
        *hooks.make("enable-cuda-compat", f"--host-driver-version={files.version}"),
        *hooks.make("update-ldcache", *folders),
    )


def _edits(
    files: DriverFiles,
    mounts: Iterable[Mount],
    links: Iterable[tuple[str, str]],
    hooks: Hooks,
    made: tuple[Hook, ...],
) -> ContainerEdits:
    by_path = {each.container_path: each for each in mounts}
    by_path |= {each.container_path: each for each in hooks.mounts_instead(links, by_path.values())}
    return ContainerEdits(
        env=(f"NVIDIA_CTK_LIBCUDA_DIR={files.directory}", VOID),
        mounts=tuple(by_path[path] for path in sorted(by_path, key=_depth)),
        hooks=made,
    )


def _depth(path: str) -> tuple[int, str]:
    """Shallow paths first, so that no mount hides an earlier one."""
    return path.count("/"), path

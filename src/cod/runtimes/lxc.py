"""`lxc-execute …` and `lxc-start -F …`: variables, mounts and rules of the device cgroup as configuration.

A configuration closes devices by `lxc.cgroup2.devices.deny = a` (`lxc.cgroup.` on version 1); ours is read
after it and opens the claim's. Source: lxc-execute(1), lxc.container.conf(5); tried with 5.0 and 7.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from cod.cdi.spec import Mount
from cod.errors import Misuse
from cod.prepare import Prepared
from cod.runtimes.asking import ask, version_in
from cod.runtimes.command import Launch
from cod.runtimes.first import inside
from cod.runtimes.options import permuted
from cod.runtimes.translate import EVERY_OPTION, Parts, Way, is_bind, options_of

WAY = Way(
    runtime="LXC",
    env="`lxc.environment`",
    nodes="`lxc.mount.entry`, `lxc.cgroup.devices.allow`, `lxc.cgroup2.devices.allow`",
    mounts="`lxc.mount.entry`",
    others="closed where your configuration has `lxc.cgroup2.devices.deny = a`",
    limits_access=True,
    any_type=True,
    options=EVERY_OPTION,
)

# Each is read where it is the one in use; from version 7 on the first is an error.
_HIERARCHIES = ("lxc.cgroup.devices", "lxc.cgroup2.devices")
_FIRST_WITHOUT_1 = (7,)
_SWITCHES = ("d", "daemon", "F", "foreground", "q", "quiet", "C", "close-all-fds", "help", "usage", "version")


class LxcRun(Struct, frozen=True):
    """An `lxc-execute` or `lxc-start` in the foreground; the program, and the words after it."""

    program: str
    after: tuple[str, ...]
    hierarchies: tuple[str, ...]

    def launch(self, prepared: Prepared, scratch: Path) -> Launch:  # noqa: ARG002
        """The command with the devices as definitions on top of its configuration."""
        defined = _definitions(WAY.carried(prepared.edits), self.hierarchies)
        words = [word for each in defined for word in ("-s", each)]
        return Launch((self.program, *words, *self.after), first=inside("pid"))


def _definitions(parts: Parts, hierarchies: tuple[str, ...]) -> list[str]:
    made = [f"lxc.environment={variable}" for variable in parts.env]
    made += [f"lxc.mount.entry={_entry(mount)}" for mount in parts.mounts]
    for node in parts.nodes:
        mount = Mount(node.host_path, node.path, ("bind",))
        made.append(f"lxc.mount.entry={_entry(mount)}")
        if node.is_opened:
            made += [f"{hierarchy}.allow={node.rule}" for hierarchy in hierarchies]
    return made


def _entry(mount: Mount) -> str:
    """A line of an fstab, whose second path is below the container's root."""
    kind = "none" if is_bind(mount) else mount.type
    is_file = is_bind(mount) and not Path(mount.host_path).is_dir()
    options = (*options_of(mount), "create=file" if is_file else "create=dir")
    source = _word(mount.host_path or kind)
    return f"{source} {_word(mount.container_path.lstrip('/'))} {kind} {','.join(options)} 0 0"


def _word(path: str) -> str:
    return "".join(f"\\{ord(each):03o}" if each in "\\ \t\n#" else each for each in path)


def read_lxc(argv: tuple[str, ...], environ: Mapping[str, str]) -> LxcRun:
    """Understand a command that begins with `lxc-execute` or `lxc-start`.

    Raises:
        Misuse: if it would not stay until its container has ended.
        RuntimeUnavailable: if it does not say its version.
    """
    name = Path(argv[0]).name
    given = [option.name for option in permuted(argv[1:], switches=_SWITCHES) if option.name]
    stays = name == "lxc-execute" or any(
        each == "F" or (each != "f" and "foreground".startswith(each)) for each in given
    )
    if not stays or any("daemon".startswith(each) for each in given):
        raise Misuse(
            "nobody would hold the devices of a container in the background",
            causes=(f"they are held while the command lives, and {name} would end at once",),
            hint="cod run … -- lxc-start -F … &" if name == "lxc-start" else "leave -d out",
        )
    is_newer = version_in(ask((argv[0], "--version"), environ)) >= _FIRST_WITHOUT_1
    return LxcRun(argv[0], argv[1:], _HIERARCHIES[is_newer:])

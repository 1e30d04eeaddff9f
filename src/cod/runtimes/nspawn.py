"""`systemd-nspawn …`: nodes and files are bind mounts, and the first process gets the variables.

Where it makes a scope for the machine, systemd's device policy opens what is bound and nothing else; with
`--keep-unit` that of its own unit counts. A `.nspawn` file and options do not add up: of binds, and of
variables, the ones drop the others without a word. Source: systemd-nspawn(1), systemd.nspawn(5), systemd's
nspawn-register.c; tried with 252 and 257.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from cod.errors import Misuse
from cod.prepare import Prepared
from cod.runtimes.asking import ask
from cod.runtimes.command import Launch
from cod.runtimes.first import inside
from cod.runtimes.options import Option, clustered, last_value
from cod.runtimes.translate import BIND, PRIVATE, Way, is_read_only

WAY = Way(
    runtime="systemd-nspawn",
    env="`--setenv`",
    nodes="`--bind`",
    mounts="`--bind`, `--bind-ro`",
    others="closed by systemd's scope; no device cgroup with `--keep-unit`, only an own `/dev`",
    options=(*BIND, *PRIVATE),
)


_IN_HELP = re.compile(r"^ +(?:-(\w) )?--([\w-]+)=", re.MULTILINE)  # the options that take a value
_DISPLACED = re.compile(
    r"^\s*(?:Bind|BindReadOnly|BindUser|Environment|Inaccessible|Overlay|OverlayReadOnly|TemporaryFileSystem)\s*=",
    re.MULTILINE,
)
_SETTINGS = (Path("/etc/systemd/nspawn"), Path("/run/systemd/nspawn"))


class NspawnRun(Struct, frozen=True):
    """A `systemd-nspawn`, whose options may stand in any order."""

    argv: tuple[str, ...]

    def launch(self, prepared: Prepared, scratch: Path) -> Launch:  # noqa: ARG002
        """The command with the devices as its first options."""
        parts = WAY.carried(prepared.edits)
        words = [f"--setenv={variable}" for variable in parts.env]
        for mount in parts.mounts:
            flag = "--bind-ro" if is_read_only(mount) else "--bind"
            end = "" if "rbind" in mount.options or "bind" not in mount.options else ":norbind"
            words.append(f"{flag}={_word(mount.host_path)}:{_word(mount.container_path)}{end}")
        words += [f"--bind={_word(node.host_path)}:{_word(node.path)}" for node in parts.nodes]
        return Launch((self.argv[0], *words, *self.argv[1:]), first=inside("pid"))


def _word(path: str) -> str:
    """A path as a part of its option: a colon would divide it."""
    return path.replace("\\", "\\\\").replace(":", "\\:")


def read_nspawn(argv: tuple[str, ...], environ: Mapping[str, str]) -> NspawnRun:
    """Understand a command that begins with `systemd-nspawn`, which stays until its container has ended.

    Raises:
        Misuse: if settings in a file would drop the devices, or the devices them.
        RuntimeUnavailable: if it does not tell its options.
    """
    found = _IN_HELP.findall(ask((argv[0], "--help"), environ))
    options = clustered(argv[1:], valued={name for names in found for name in names if name})[0]
    mode = last_value(options, "settings")
    if mode == "override":
        raise Misuse(
            "settings in a file would win over the devices (--settings=override)", hint="leave that out"
        )
    if mode not in ("no", "n", "false", "f", "off", "0"):
        _refuse_settings(options)
    return NspawnRun(argv)


def _refuse_settings(options: list[Option]) -> None:
    for path in _settings_files(options):
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        if found := _DISPLACED.search(text):
            raise Misuse(
                f"the devices would displace the settings of {path}",
                where=str(path),
                causes=(
                    f"with --bind and --setenv, systemd-nspawn drops {found.group().strip()} and the like",
                ),
                hint="give --settings=no, and say as options what the file says",
            )


def _settings_files(options: list[Option]) -> Iterator[Path]:
    """Where the settings of a machine may lie: by its name, or beside its image."""
    image = Path(last_value(options, "D", "directory", "i", "image"))
    machine = last_value(options, "M", "machine") or image.name.removesuffix(".raw")
    if image.name:
        yield image.with_name(f"{image.name.removesuffix('.raw')}.nspawn")
    elif machine:
        yield Path("/var/lib/machines", f"{machine}.nspawn")
    if machine:
        yield from (each / f"{machine}.nspawn" for each in _SETTINGS)

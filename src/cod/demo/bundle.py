"""A container's files made of nothing but busybox: a root file system and a minimal OCI configuration.

The configuration asks for nothing that a restricted root lacks (no rlimits, no oom score), works with cgroup
v1 and v2, and denies every device that it does not name, as `runc spec` does.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from cod.cdi.config import Config, write_config

_PLACES = ("/bin/busybox", "/usr/bin/busybox", "/bin/busybox.static", "/usr/local/bin/busybox")
_APPLETS = ("cat", "env", "grep", "head", "hexdump", "ls", "mknod", "sh", "sleep", "sort")
_CAPABILITIES = ["CAP_DAC_OVERRIDE", "CAP_KILL", "CAP_MKNOD"]
_PATH = "PATH=/bin"


def busybox() -> Path | None:
    """A busybox that needs no library, so that it runs in an empty root file system."""
    return next((Path(place) for place in _PLACES if Path(place).is_file() and _is_static(Path(place))), None)


def _is_static(program: Path) -> bool:
    """Whether an ELF program names no interpreter: none of its program headers is a PT_INTERP."""
    with program.open("rb") as file:
        header = file.read(64)
        if header[:4] != b"\x7fELF":
            return False
        order: Literal["little", "big"] = "little" if header[5] == 1 else "big"
        is_64 = header[4] == 2
        start, size, count = (32, 54, 56) if is_64 else (28, 42, 44)
        offset = int.from_bytes(header[start : start + (8 if is_64 else 4)], order)
        entry = int.from_bytes(header[size : size + 2], order)
        number = int.from_bytes(header[count : count + 2], order)
        file.seek(offset)
        table = file.read(entry * number)
    kinds = (int.from_bytes(table[place : place + 4], order) for place in range(0, len(table), entry or 1))
    return 3 not in kinds


def make_bundle(directory: Path, args: Sequence[str], program: Path) -> Path:
    """Make a bundle that runs `args` with the busybox `program`; its directory."""
    make_rootfs(directory / "rootfs", program)
    (directory / "config.json").write_bytes(write_config(config(args)))
    return directory


def make_rootfs(directory: Path, program: Path) -> Path:
    """Make a root file system of busybox alone; its directory."""
    for name in ("bin", "dev", "etc", "proc", "sys", "tmp"):
        (directory / name).mkdir(parents=True)
    shutil.copy(program, directory / "bin/busybox")
    for applet in _APPLETS:
        (directory / "bin" / applet).symlink_to("busybox")
    return directory


def config(args: Sequence[str]) -> Config:
    """A configuration that runs `args` in a container without network and without devices of the host."""
    return {
        "ociVersion": "1.0.2",
        "process": {
            "terminal": False,
            "user": {"uid": 0, "gid": 0},
            "args": [*args],
            "env": [_PATH],
            "cwd": "/",
            "capabilities": dict.fromkeys(("bounding", "effective", "permitted"), _CAPABILITIES),
            "noNewPrivileges": True,
        },
        "root": {"path": "rootfs", "readonly": True},
        "hostname": "container",
        "mounts": [
            _mount("/proc", "proc", "proc", "nosuid", "noexec", "nodev"),
            _mount("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
            _mount("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666"),
        ],
        "linux": {
            "resources": {"devices": [{"allow": False, "access": "rwm"}]},
            "namespaces": [{"type": kind} for kind in ("pid", "network", "ipc", "uts", "mount")],
            "maskedPaths": ["/proc/kcore", "/proc/keys", "/proc/timer_list"],
            "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
        },
    }


def _mount(destination: str, kind: str, source: str, *options: str) -> Config:
    return {"destination": destination, "type": kind, "source": source, "options": [*options]}

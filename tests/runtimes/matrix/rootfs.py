"""A root file system of busybox in a sandbox: as a directory, as an archive, and in a bundle."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from cod.cdi.config import Config, write_config
from cod.demo.bundle import busybox, config, make_rootfs
from tests.runtimes.matrix.sandbox import USER, Sandbox

ROOT, ARCHIVE, BUNDLES = "/srv/root", "/srv/root.tar", "/srv/bundles"

_DIRECTORIES = ("home", "opt", "run", "usr", "var")
_FILES = ("etc/passwd", "etc/group", "etc/hosts", "etc/resolv.conf", "opt/acme.txt")
_APPLETS = ("id", "test", "true", "wc")


def fill(root: Path) -> None:
    """Make a directory such as every runtime takes."""
    program = busybox()
    assert program is not None
    make_rootfs(root, program)
    for name in _DIRECTORIES:
        (root / name).mkdir()
    for name in _FILES:
        (root / name).touch()
    for name in _APPLETS:
        (root / "bin" / name).symlink_to("busybox")


def make_root(sandbox: Sandbox) -> None:
    """Make the directory of a sandbox, and its archive."""
    root = sandbox.path(ROOT)
    fill(root)
    subprocess.run(["tar", "-C", root, "-cf", sandbox.path(ARCHIVE), "."], check=True)


def bundle(sandbox: Sandbox, script: str, annotations: dict[str, str] | None = None) -> str:
    """Make a bundle on that root which runs a script; its directory."""
    path = f"{BUNDLES}/{os.urandom(4).hex()}"
    made = config(["/bin/sh", "-c", script])
    made["root"] = {"path": ROOT}
    if sandbox.has_user:
        _for_user(made)
    if annotations:
        made["annotations"] = annotations
    directory = sandbox.path(path)
    directory.mkdir(parents=True)
    (directory / "config.json").write_bytes(write_config(made))
    if sandbox.has_user:
        os.chown(directory, USER, USER)
        os.chown(directory / "config.json", USER, USER)
    return path


def _for_user(made: Config) -> None:
    """A user's container has users of its own, and no cgroup."""
    made["mounts"] = [mount for mount in made["mounts"] if mount["destination"] != "/dev/pts"]
    made["linux"]["namespaces"].append({"type": "user"})
    made["linux"] |= {
        f"{kind}Mappings": [{"containerID": 0, "hostID": USER, "size": 1}] for kind in ("uid", "gid")
    }
    del made["linux"]["resources"]


def shell(script: str) -> tuple[str, str, str]:
    """The words that run a script in that root."""
    return ("/bin/sh", "-c", f"PATH=/bin; {script}")

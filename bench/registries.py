"""Make CDI registries of any size for benchmarks: the same arguments always give the same files.

    python -m bench.registries DIRECTORY FILES DEVICES json|yaml

Every file has a kind of its own, 8 mounts and 2 hooks for all its devices; every device has 2 nodes, a mount
and a variable. YAML is written as vendors' tools write it: in blocks.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from cod.cdi.build import SpecBuilder, build
from cod.cdi.emit import to_data, to_yaml
from cod.cdi.spec import Spec

CONFIG = {
    "ociVersion": "1.2.0",
    "process": {
        "user": {"uid": 0, "gid": 0},
        "args": ["sh"],
        "env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm", "HOSTNAME=box"],
        "cwd": "/",
    },
    "root": {"path": "rootfs"},
    "mounts": [
        {"destination": "/proc", "type": "proc", "source": "proc"},
        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid"]},
        {"destination": "/dev/pts", "type": "devpts", "source": "devpts"},
        {"destination": "/sys", "type": "sysfs", "source": "sysfs"},
    ],
    "linux": {
        "resources": {"devices": [{"allow": False, "access": "rwm"}]},
        "namespaces": [{"type": "pid"}, {"type": "mount"}, {"type": "network"}],
    },
}


def kind_of(file: int) -> str:
    """The kind that a file is about."""
    return f"maker{file:04d}.example.org/npu"


def device_of(file: int, device: int) -> str:
    """A device's name in its file."""
    return f"npu{device}" if device % 2 else f"NPU-{file:04d}-{device:04d}-5a10c3f2"


def make_spec(file: int, devices: int) -> Spec:
    """The spec of one file."""
    spec = build(kind_of(file))
    spec.env("MAKER_CAPABILITIES", "compute")
    for library in range(8):
        path = f"/usr/lib64/libmaker{library}.so"
        spec.mount(f"{path}.{file}", f"{path}.1", options=("ro", "nosuid", "nodev", "rbind", "rprivate"))
    hook = "/usr/bin/maker-hook"
    spec.hook("createContainer", hook, "maker-hook", "links", "--link", f"../f{file}::/usr/lib/here")
    spec.hook("createContainer", hook, "maker-hook", "ldcache", "--folder", "/usr/lib64")
    for device in range(devices):
        _add_device(spec, file, device)
    return spec.spec()


def _add_device(spec: SpecBuilder, file: int, device: int) -> None:
    host = f"/dev/maker{file}"
    added = spec.device(device_of(file, device))
    added.env(f"MAKER_VISIBLE_{device}", f"NPU-{file:04d}-{device:04d}")
    added.node(
        f"/dev/maker-{device}",
        host_path=f"{host}/{device}",
        permissions="rw",
        type="c",
        major=240,
        minor=device,
    )
    render = f"renderD{128 + device}"
    added.node(f"/dev/dri/{render}", host_path=f"{host}/{render}", type="c", major=226, minor=128 + device)
    socket = f"/run/maker/{device}.sock"
    added.mount(f"/run/maker{file}/{device}.sock", socket, options=("rw", "nosuid", "nodev", "bind"))


def make_registry(directory: Path, files: int, devices: int, extension: str) -> list[Path]:
    """Write the files of a registry and return their paths."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for file in range(files):
        spec = make_spec(file, devices)
        data = to_yaml(spec) if extension == "yaml" else json.dumps(to_data(spec)).encode()
        paths.append(directory / f"{file:04d}.{extension}")
        paths[-1].write_bytes(data)
    return paths


if __name__ == "__main__":
    made = make_registry(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
    print(f"{len(made)} files, {sum(path.stat().st_size for path in made)} bytes")

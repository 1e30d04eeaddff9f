"""The MIG instances that are there.

    /proc/driver/nvidia/capabilities/gpu0/mig/gi1/access       the GPU instance
    /proc/driver/nvidia/capabilities/gpu0/mig/gi1/ci0/access   a compute instance in it: DeviceFileMinor: 13
    /proc/driver/nvidia-caps/mig-minors                        gpu0/gi1/ci0/access 13, made or not

`gpu0` is the GPU with that minor number. Who may open the device nodes of a compute instance and of its GPU
instance may use it. Source: NVIDIA MIG User Guide § Device Nodes and Capabilities.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from cod.host import Host

_CAPABILITIES = "/proc/driver/nvidia/capabilities"
_MINORS = "/proc/driver/nvidia-caps/mig-minors"
_ACCESS = re.compile(r"DeviceFileMinor:\s*(\d{1,7})\s")
_LINE = re.compile(r"(\S+) (\d{1,7})")


class Instance(Struct, frozen=True):
    """A compute instance: its number among those of its GPU, its ids, and the paths of its two nodes."""

    number: int
    gpu_instance: int
    compute_instance: int
    nodes: tuple[str, str]


def find_instances(host: Host, minor: int) -> Iterator[Instance]:
    """The instances of the GPU with a minor number, in the order of their ids."""
    top = f"{_CAPABILITIES}/gpu{minor}/mig"
    found = [
        (int(gpu[2:]), int(compute[2:]))
        for gpu in host.names(top)
        if re.fullmatch(r"gi\d{1,5}", gpu)
        for compute in host.names(f"{top}/{gpu}")
        if re.fullmatch(r"ci\d{1,5}", compute)
    ]
    listed = _minors(host) if found else {}
    for number, (gpu, compute) in enumerate(sorted(set(found))):
        first = _node(host, f"gpu{minor}/gi{gpu}/access", f"{top}/gi{gpu}/access", listed)
        second = _node(
            host, f"gpu{minor}/gi{gpu}/ci{compute}/access", f"{top}/gi{gpu}/ci{compute}/access", listed
        )
        yield Instance(number, gpu, compute, (first, second))


def is_cut(host: Host, minor: int) -> bool:
    """Whether the GPU with a minor number has instances, be it such that have no compute instance yet."""
    return bool(host.matching(f"{_CAPABILITIES}/gpu{minor}/mig", r"gi\d{1,5}"))


def _minors(host: Host) -> dict[str, str]:
    lines = map(_LINE.fullmatch, host.read(_MINORS).splitlines())
    return {line[1]: line[2] for line in lines if line}


def _node(host: Host, name: str, path: str, listed: dict[str, str]) -> str:
    """The path of the node that guards a capability; "" where nothing says its minor number."""
    access = _ACCESS.search(host.read(path) + "\n")
    minor = access[1] if access else listed.get(name, "")
    return f"/dev/nvidia-caps/nvidia-cap{int(minor)}" if minor else ""

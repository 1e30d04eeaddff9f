"""NVIDIA: GPUs, their MIG instances and vGPUs, IMEX channels, and what lies beside them.

Everything is read from files of the kernel, so that a machine's GPUs are seen without a program or library of
NVIDIA's. CDI names and edits are those of `nvidia-ctk cdi generate`: `nvidia.com/gpu=0` and
`nvidia.com/gpu=GPU-…`, `nvidia.com/gpu=0:1` for a MIG instance.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from cod.drivers.attributes import attribute_class, family_classes
from cod.drivers.protocol import FoundDevice, Skipped
from cod.host import Host
from cod.resource import CounterSet, DeviceClass

VENDOR = 0x10DE

_CLASSES = (
    "mig.nvidia.com",
    "vgpu.nvidia.com",
    "imex-channel.nvidia.com",
    "gds.nvidia.com",
    "gdrcopy.nvidia.com",
    "nvswitch.nvidia.com",
    "gpu.management.nvidia.com",
)


class Nvidia(Struct, frozen=True):
    """The driver of NVIDIA's devices.

    `root` is the directory with the driver's user space, such as `/run/nvidia/driver`; without one it is
    looked for. `disabled_hooks` are hooks that the machine's hook program is too old for, or `all`.
    """

    name: str = "nvidia.cod.dev"
    looks_for: str = "PCI functions of vendor 10de that the kernel driver nvidia has, and its device nodes"
    root: str = ""
    disabled_hooks: tuple[str, ...] = ()

    def classes(self) -> Iterable[DeviceClass]:
        """`gpu.nvidia.com` and `gpu`, `mig.nvidia.com`, and one for each other sort."""
        return (*family_classes("gpu", "gpu.nvidia.com"), *map(attribute_class, _CLASSES))

    def discover(self, host: Host) -> Iterator[FoundDevice | CounterSet | Skipped]:
        """`gpu-0`, `gpu-1` … in the order of the bus, each followed by its parts."""
        functions = [each for each in host.pci.values() if each.vendor == VENDOR]
        if functions:
            from cod.drivers.nvidia.devices import (
                offer,
            )  # a machine without NVIDIA's devices needs none of it

            yield from offer(host, functions, self.root, self.disabled_hooks)

"""AMD GPUs, whole or in partitions, from files of the kernel alone.

CDI names are those of `amd-ctk cdi generate`: `amd.com/gpu=0`, `1` … in the order of render minors; a
partition counts as a GPU does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from cod.drivers.amd.family import CLASS, KERNEL_DRIVER, VENDOR
from cod.drivers.attributes import family_classes
from cod.drivers.protocol import FoundDevice, Skipped
from cod.host import Host
from cod.resource import DeviceClass

_GPUS = (0x0300, 0x0302, 0x0380, 0x1200)  # VGA, 3D and display controllers, processing accelerators


class Amd(Struct, frozen=True):
    """The driver of AMD's GPUs."""

    name: str = "amd.cod.dev"
    looks_for: str = (
        "PCI functions of vendor 1002 that the kernel driver amdgpu has, with a compute node of KFD"
    )

    def classes(self) -> Iterable[DeviceClass]:
        """`gpu.amd.com` and `gpu`."""
        return family_classes("gpu", CLASS)

    def discover(self, host: Host) -> Iterator[FoundDevice | Skipped]:
        """`gpu-0`, `gpu-1` … in the order of render minors; a divided GPU is followed by its partitions.

        The partitions of `gpu-1` are `gpu-1-0`, `gpu-1-1` …, so that no name means a GPU today and a
        partition of another one tomorrow.
        """
        functions = [
            each
            for each in host.pci.values()
            if each.vendor == VENDOR and (each.driver == KERNEL_DRIVER or each.base_class in _GPUS)
        ]
        if functions:
            from cod.drivers.amd.devices import offer  # a machine without AMD's GPUs needs none of it

            yield from offer(host, functions)

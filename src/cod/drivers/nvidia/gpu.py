"""NVIDIA GPUs as the kernel shows them, without NVIDIA's libraries.

    /proc/driver/nvidia/gpus/<address>/information   Model, GPU UUID, Device Minor …
    /proc/driver/nvidia/gpus/<address>/numa_status   of a coherent GPU: the NUMA node that its memory is
    /proc/driver/nvidia/version                      NVRM version: … 535.129.03 …

Their order, and with it their index, is that of their PCI addresses, as in NVML. Source: README of NVIDIA's
driver for Linux § Using the /proc File System Interface.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from cod.drivers.protocol import Skipped
from cod.host import Host, PciFunction

KERNEL_DRIVER = "nvidia"

_GPUS = "/proc/driver/nvidia/gpus"
_VGA, _3D = 0x0300, 0x0302
_UUID = re.compile(r"GPU-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # question marks before the first use
_VERSION = re.compile(r"\s(\d{1,4}(?:\.\d{1,5}){1,3})\s")


class Gpu(Struct, frozen=True):
    """A GPU that NVIDIA's driver has. Texts are "" where it does not say; `memory` is in bytes, 0 if unknown.

    `memory_node` is the NUMA node that its memory is, -1 where it is none.
    """

    function: PciFunction
    index: int
    minor: int
    model: str
    uuid: str
    bios: str
    firmware: str
    memory_node: int = -1
    memory: int = 0

    @property
    def name(self) -> str:
        """What the driver calls it."""
        return f"gpu-{self.index}"


def find_gpus(host: Host, functions: Iterable[PciFunction]) -> Iterator[Gpu | Skipped]:
    """The GPUs among NVIDIA's PCI functions. Virtual functions are none."""
    index = 0
    for function in functions:
        if function.base_class not in (_VGA, _3D) or function.physical:
            continue
        found = _gpu(host, function, index)
        index += isinstance(found, Gpu)
        yield found


def kernel_version(host: Host) -> str:
    """The version of the kernel module as it is written, `535.104.05`; "" where there is none."""
    heading = host.read("/proc/driver/nvidia/version").partition("\n")[0]
    version = _VERSION.search(f"{heading} ")
    if version:
        return version[1]
    text = host.value("/sys/module/nvidia/version")
    return text if _VERSION.fullmatch(f" {text} ") else ""


def _gpu(host: Host, function: PciFunction, index: int) -> Gpu | Skipped:
    if function.driver != KERNEL_DRIVER:
        if not function.driver:
            return Skipped(function.address, "no kernel driver has it")
        if "vfio" in function.driver:
            return Skipped(function.address, f"it is bound to {function.driver}: the driver of VFIO has it")
        return Skipped(function.address, f"it is bound to {function.driver}, not to nvidia")
    facts = _facts(host, f"{_GPUS}/{function.address}/information")
    minor = facts.get("Device Minor", "")
    if not (minor.isdecimal() and len(minor) < 7):
        return Skipped(function.address, f"{_GPUS} does not say which device node it has")
    if facts.get("GPU Excluded", "") == "Yes":
        return Skipped(function.address, "the kernel module excludes it (NVreg_ExcludedGpus)")
    node, memory = _coherent_memory(host, function.address)
    uuid = facts.get("GPU UUID", "")
    return Gpu(
        function=function,
        index=index,
        minor=int(minor),
        model=facts.get("Model", ""),
        uuid=uuid if _UUID.fullmatch(uuid) else "",
        bios=_known(facts.get("Video BIOS", "")),
        firmware=_known(facts.get("GPU Firmware", "")),
        memory_node=node,
        memory=memory,
    )


def _coherent_memory(host: Host, address: str) -> tuple[int, int]:
    facts = _facts(host, f"{_GPUS}/{address}/numa_status")
    text = facts.get("Node", "")
    if facts.get("Status", "") != "online" or not (text.isdecimal() and len(text) < 7):
        return -1, 0
    node = int(text)
    if node in host.numa and host.numa[node].memory:
        return node, host.numa[node].memory
    size = facts.get("Size", "")
    return node, int(size, 16) if re.fullmatch(r"[0-9a-f]{1,15}", size) else 0


def _facts(host: Host, path: str) -> dict[str, str]:
    """The lines of a file as `name: value`."""
    lines = (line.partition(":") for line in host.read(path).splitlines())
    return {name.strip(): value.strip() for name, colon, value in lines if colon}


def _known(text: str) -> str:
    return "" if text == "N/A" or "?" in text else text

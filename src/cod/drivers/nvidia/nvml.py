"""What NVIDIA's management library adds where it is installed: memory, NVLink, whether MIG is switched on.

Nothing of it is needed, and it can be asked on this machine only. Any failure means that it adds nothing. The
Python package is `nvidia-ml-py`, an extra.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from msgspec import Struct

from cod.drivers.nvidia.nvlink import links_of_counts
from cod.drivers.protocol import Link

_MOST_LINKS = 36  # of a GPU; a link that it lacks is an error, not the end
_UP = 1
_SWITCH = 2  # NVML_NVLINK_DEVICE_TYPE_SWITCH


class Management(Struct, frozen=True):
    """What the library says of one GPU: bytes of memory or 0, its links, whether it can only be cut."""

    memory: int = 0
    links: tuple[Link, ...] = ()
    mig: bool = False


def ask_management() -> dict[str, Management]:
    """The GPUs by PCI address. Loads the driver's library, which takes tens of milliseconds or more."""
    try:
        nvml: Any = import_module("pynvml")
        nvml.nvmlInit()
    except Exception:  # it is not installed, or finds no driver
        return {}
    try:
        return _ask(nvml)
    except Exception:  # a library of another version may lack what is asked for
        return {}
    finally:
        _or_none(nvml.nvmlShutdown)


def _ask(nvml: Any) -> dict[str, Management]:
    handles = [nvml.nvmlDeviceGetHandleByIndex(index) for index in range(nvml.nvmlDeviceGetCount())]
    addresses = [_address(nvml.nvmlDeviceGetPciInfo(handle)) for handle in handles]
    links = links_of_counts(_counts(nvml, handles, addresses))
    found = {}
    for index, (handle, address) in enumerate(zip(handles, addresses, strict=True)):
        memory = _or_none(nvml.nvmlDeviceGetMemoryInfo, handle)
        mode = _or_none(nvml.nvmlDeviceGetMigMode, handle)
        found[address] = Management(
            memory=int(memory.total) if memory else 0,
            links=links.get(index, ()),
            mig=bool(mode and mode[0]),
        )
    return found


def _counts(nvml: Any, handles: list[Any], addresses: list[str]) -> Iterator[tuple[int, int, int]]:
    """GPU, other GPU, how many links: direct ones, or by way of switches as many as both have to these."""
    direct: Counter[tuple[int, int]] = Counter()
    switched: Counter[int] = Counter()
    for index, handle in enumerate(handles):
        for number in range(_MOST_LINKS):
            if _or_none(nvml.nvmlDeviceGetNvLinkState, handle, number) != _UP:
                continue
            if _or_none(nvml.nvmlDeviceGetNvLinkRemoteDeviceType, handle, number) == _SWITCH:
                switched[index] += 1
                continue
            remote = _or_none(nvml.nvmlDeviceGetNvLinkRemotePciInfo, handle, number)
            if remote is not None and _address(remote) in addresses:
                direct[index, addresses.index(_address(remote))] += 1
    for index in range(len(handles)):
        for other in range(len(handles)):
            count = direct[index, other] + min(switched[index], switched[other])
            if other != index and count:
                yield index, other, count


def _address(pci: Any) -> str:
    """`00000000:07:00.0` as sysfs has it."""
    text = pci.busId.decode() if isinstance(pci.busId, bytes) else str(pci.busId)
    domain, _, rest = text.lower().partition(":")
    return f"{int(domain, 16):04x}:{rest}"


def _or_none(function: Any, *arguments: Any) -> Any:
    try:
        return function(*arguments)
    except Exception:
        return None

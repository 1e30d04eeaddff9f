"""SR-IOV: the virtual functions of a physical one.

PCI counts them from 0 (`virtfn0`), those who make them from 1: what Intel's drivers and the SR-IOV
specification call VF 1 is `virtfn0`. Source: Documentation/ABI/testing/sysfs-bus-pci of Linux.
"""

from __future__ import annotations

from collections.abc import Iterable

from cod.drivers.attributes import Plain
from cod.host import Host, PciFunction

_LINK = r"virtfn\d{1,5}"


def virtual_functions(host: Host, functions: Iterable[PciFunction]) -> dict[str, int]:
    """The virtual functions among these by address, with their numbers from 1, as far as these are known."""
    found: dict[str, int] = {}
    for address in {each.physical: None for each in functions if each.physical in host.pci}:
        path = host.pci[address].path
        found |= {host.target(f"{path}/{link}"): int(link[6:]) + 1 for link in host.matching(path, _LINK)}
    return found


def virtual_counts(host: Host, physical: PciFunction) -> dict[str, Plain]:
    """How many virtual functions there are and how many there can be; nothing where it can have none."""
    total = host.number(f"{physical.path}/sriov_totalvfs")
    if total is None or total <= 0:
        return {}
    return {"vfs": host.number(f"{physical.path}/sriov_numvfs") or 0, "totalVfs": total}

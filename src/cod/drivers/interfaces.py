"""Network interfaces of a machine: what each hangs on, and whether the host's own traffic goes through it.

An interface is in use if the host has a route or an address on it, or another interface on top of it: a
bridge, a bond, a VLAN, a tunnel endpoint. What only user space knows (a packet socket, a switch of DPDK) no
file tells. Source: `Documentation/ABI/testing/sysfs-class-net`; proc(5); `net/ipv6/addrconf.c` for if_inet6.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from cod.host import Host, SysDevice

Part = tuple[str, str]
"""What an interface belongs to: a PCI function, and the subfunction on it (`mlx5_core.sf.2`) or ""."""

_PROC = ("/proc/net", "/proc/1/net")  # ours, and the host's where we are in a container of it
_SUBFUNCTION = re.compile(r"/([^/]+\.sf\.\d{1,9})/")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,14}")
_REPRESENTOR = re.compile(r"(c\d+)?pf\d+((vf|sf)\d+)?")
_LINK_LOCAL_IPV4 = "0000FEA9"  # 169.254.0.0 as the kernel writes it
_LINK_LOCAL_IPV6 = "20"
_UP, _REJECT = 0x1, 0x200  # of an interface, and of a route


class Interfaces:
    """The network interfaces of one machine. What is read of it is read once."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def of(self, part: Part) -> tuple[SysDevice, ...]:
        """The interfaces of a function or subfunction that can be given away.

        Not so those by which a switch sees other functions (`pf0vf1`), which stay with the host.
        """
        return tuple(each for each in self._by_part.get(part, ()) if not self._is_representor(each))

    def is_used(self, interface: SysDevice) -> bool:
        """Whether the host's own traffic goes through an interface, or through another on top of it."""
        names = self._host.names(interface.path)
        on_top = any(each == "master" or each.startswith("upper_") for each in names)
        return on_top or interface.name in self._addressed

    def is_down(self, interface: SysDevice) -> bool:
        """Whether an interface that is switched on has nothing at its other end."""
        flags = self._host.number(f"{interface.path}/flags") or 0
        return bool(flags & _UP) and self._host.value(f"{interface.path}/carrier") == "0"

    def _is_representor(self, interface: SysDevice) -> bool:
        port = self._host.value(f"{interface.path}/phys_port_name")
        return _REPRESENTOR.fullmatch(port) is not None

    @cached_property
    def _by_part(self) -> dict[Part, list[SysDevice]]:
        found = parts(self._host, "net")
        return {
            part: [each for each in devices if _NAME.fullmatch(each.name)] for part, devices in found.items()
        }

    @cached_property
    def _addressed(self) -> frozenset[str]:
        return frozenset(name for directory in _PROC for name in _addressed(self._host, directory))


def parts(host: Host, class_: str) -> dict[Part, list[SysDevice]]:
    """The devices of a class by what they belong to; those on no PCI function are left out."""
    found: dict[Part, list[SysDevice]] = {}
    for each in host.class_devices(class_):
        if each.function:
            match = _SUBFUNCTION.search(each.path)
            found.setdefault((each.function, match[1] if match else ""), []).append(each)
    return found


def _addressed(host: Host, directory: str) -> Iterator[str]:
    """The interfaces with a route of IPv4, an address of IPv6 or a default route; local ones do not count."""
    for line in host.read(f"{directory}/route").splitlines()[1:]:
        words = line.split()
        if len(words) > 3 and words[1] != _LINK_LOCAL_IPV4:
            yield words[0]
    for line in host.read(f"{directory}/if_inet6").splitlines():
        words = line.split()
        if len(words) == 6 and words[3] != _LINK_LOCAL_IPV6:
            yield words[5]
    for line in host.read(f"{directory}/ipv6_route").splitlines():
        words = line.split()
        if len(words) == 10 and words[1] == "00" and not words[0].strip("0") and not _rejects(words[8]):
            yield words[9]


def _rejects(flags: str) -> bool:
    try:
        return bool(int(flags, 16) & _REJECT)
    except ValueError:
        return False

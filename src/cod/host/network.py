"""The network interfaces that a machine uses itself.

An interface counts as used if

* a route leads over it, whether or not it has carrier; of IPv6 not those that every interface has that is up,
* another interface is on top of it: a bond, a bridge, a VLAN,
* it is in another network than those whose routes can be read: a container with the machine's /sys and a
  /proc of its own sees none of the machine's routes.

Of a route over several interfaces the kernel's file names the first only. Source: Linux
`net/ipv4/fib_trie.c` and `net/ipv6/route.c`; proc_pid_net(5).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cod.host.machine import Host, SysDevice

_NETWORKS = ("/proc/net", "/proc/1/net")  # of this process, and of the machine
_LOCAL = 0x80000000  # RTF_LOCAL: the machine's own address
_ON_EVERY_LINK = ("fe8", "fe9", "fea", "feb", "ff")  # link-local and multicast


def used_interfaces(host: Host, interfaces: list[SysDevice]) -> frozenset[str]:
    """The names of those that carry the machine's own traffic, or may."""
    routed, listed = {*_routed(host)}, {*_listed(host)}
    return frozenset(
        each.name
        for each in interfaces
        if each.name in routed or (listed and each.name not in listed) or _is_below(host, each)
    )


def _is_below(host: Host, interface: SysDevice) -> bool:
    """Whether another interface is on top of it: the kernel links each of them as `upper_NAME`."""
    names = host.unsorted_names(interface.path)
    return any(name == "master" or name.startswith("upper_") for name in names)


def _routed(host: Host) -> Iterator[str]:
    """The interfaces over which routes lead."""
    for net in _NETWORKS:
        for line in host.read(f"{net}/route").splitlines()[1:]:
            yield from line.split()[:1]
        for line in host.read(f"{net}/ipv6_route").splitlines():
            fields = line.split()
            if len(fields) == 10 and not fields[0].startswith(_ON_EVERY_LINK) and not _is_local(fields[8]):
                yield fields[9]


def _listed(host: Host) -> Iterator[str]:
    """The interfaces whose routes are seen; none where nothing says, or only /sys is simulated."""
    for net in _NETWORKS if host.simulation is None else ():
        for line in host.read(f"{net}/dev").splitlines()[2:]:
            yield line.rpartition(":")[0].strip()


def _is_local(flags: str) -> bool:
    try:
        return bool(int(flags, 16) & _LOCAL)
    except ValueError:
        return False

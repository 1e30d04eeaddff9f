"""NVMe disks: each namespace is a device, by its block device `/dev/nvme0n1`.

A controller's own node (`/dev/nvme0`) formats, deletes and updates: no container is given it. A namespace
that the machine itself uses, or may use, is tainted: one that is mounted, swapped to or part of another disk,
one that has partitions (who gets the whole disk gets them all), and a member of a pool, of which no file says
whether it is in use (ZFS, LVM, RAID, Ceph).

With multipath a namespace belongs to its subsystem, and hidden devices `nvme0c1n1` are the ways to it.
Source: Linux `drivers/nvme/host/{sysfs,multipath}.c`; `Documentation/ABI/stable/sysfs-block`; blkid's names
of file systems, as udev keeps them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from cod.cdi.names import is_qualified_name
from cod.cdi.spec import ContainerEdits
from cod.drivers.attributes import attribute_class, attributes, family, place
from cod.drivers.nodes import device_node
from cod.drivers.protocol import FoundDevice, Skipped
from cod.drivers.taints import IN_USE, unready
from cod.host import Host, Node, PciFunction
from cod.resource import Attribute, Capacity, Device, DeviceClass

CLASS = "nvme"
KIND = "cod.dev/nvme"
BLOCK = "/sys/class/block"

_NAMESPACE = r"nvme\d{1,9}n\d{1,9}"
_WAY = r"nvme(\d{1,9})c\d{1,9}n(\d{1,9})"
_CONTROLLER = r"nvme\d{1,9}"
_PARTITION = r"nvme\d{1,9}n\d{1,9}p\d{1,9}"
_SECTOR = 512  # the unit of sizes in sysfs, whatever the disk's own is
_POOL = r".+_member|bcache|ceph_bluestore|drbd"


class _Namespace(Struct, frozen=True):
    """A namespace: its directory in sysfs, its node, and the directories of its controllers.

    `others` are nodes and directories of the same namespace where there is no multipath: the machine may use
    it by any of them.
    """

    name: str
    directory: str
    node: Node
    controllers: tuple[str, ...]
    others: tuple[tuple[Node, str], ...] = ()


class Nvme(Struct, frozen=True):
    """The driver of NVMe namespaces."""

    name: str = "nvme.cod.dev"
    looks_for: str = f"block devices nvmeXnY in {BLOCK}"

    def classes(self) -> Iterable[DeviceClass]:
        """`nvme`."""
        return (attribute_class(CLASS),)

    def discover(self, host: Host) -> Iterator[FoundDevice | Skipped]:
        """`nvme0n1`, `nvme1n1` … as the kernel and nvme-cli call them."""
        if names := host.matching(BLOCK, _NAMESPACE):
            yield from _Disks(host).devices(names)


class _Disks:
    """The namespaces of one machine. What is read of it is read once."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def devices(self, names: Iterable[str]) -> Iterator[FoundDevice | Skipped]:
        host = self._host
        first: dict[str, str] = {}  # by the identity that all ways to a namespace have in common
        disks: dict[str, tuple[_Namespace, str]] = {}
        for name in names:
            directory = host.resolve(f"{BLOCK}/{name}") or ""
            node = host.node_of(directory)
            wwid = host.value(f"{directory}/wwid")
            if host.value(f"{directory}/hidden") == "1":
                continue
            if node is None or node.kind != "b":
                yield Skipped(name, f"it has no node in /dev with the numbers of {directory}/dev")
            elif wwid and first.setdefault(wwid, name) != name:
                disk = disks[first[wwid]][0]
                disks[disk.name] = replace(disk, others=(*disk.others, (node, directory))), wwid
                yield Skipped(name, f"it is another way to {first[wwid]}: both are {wwid}")
            else:
                disks[name] = _Namespace(name, directory, node, self._controllers(name, directory)), wwid
        for disk, wwid in disks.values():
            yield self._device(disk, wwid)

    def _controllers(self, name: str, directory: str) -> tuple[str, ...]:
        """Those that lead to a namespace: by its ways, else its own one, else all of its subsystem."""
        if ways := self._ways.get(name):
            return tuple(ways)
        above = self._host.resolve(f"{directory}/device") or directory.rpartition("/")[0]
        if re.fullmatch(_CONTROLLER, above.rpartition("/")[2]):
            return (above,)
        members = (self._host.resolve(f"{above}/{each}") for each in self._host.matching(above, _CONTROLLER))
        return tuple(filter(None, members))

    @cached_property
    def _ways(self) -> dict[str, list[str]]:
        """The controllers by the namespaces to which they are one way of several."""
        found: dict[str, list[str]] = {}
        for name in self._host.matching(BLOCK, _WAY):
            match, way = re.fullmatch(_WAY, name), self._host.resolve(f"{BLOCK}/{name}")
            if match and way:
                found.setdefault(f"nvme{match[1]}n{match[2]}", []).append(way.rpartition("/")[0])
        return found

    def _device(self, disk: _Namespace, wwid: str) -> FoundDevice:
        functions = self._functions(disk)
        sectors = self._host.number(f"{disk.directory}/size") or 0
        alias = wwid if is_qualified_name(f"{KIND}={wwid}") else ""
        return FoundDevice(
            device=Device(
                disk.name,
                attributes=family(CLASS)
                | (place(functions[0]) if functions else {})
                | self._facts(disk, wwid),
                capacity={"size": Capacity(str(sectors * _SECTOR))} if sectors > 0 else {},
                taints=unready(self._reason(disk, sectors)),
            ),
            kind=KIND,
            cdi_name=disk.name,
            edits=ContainerEdits(device_nodes=(device_node(disk.node),)),
            aliases=(alias,) if alias else (),
            functions=tuple(each.address for each in functions) if len(functions) > 1 else (),
        )

    def _functions(self, disk: _Namespace) -> list[PciFunction]:
        """The PCI functions that lead to a namespace; none where it is reached over a network."""
        pci = self._host.pci
        ways = (reversed(path.split("/")) for path in disk.controllers or (disk.directory,))
        innermost = (next((step for step in way if step in pci), "") for way in ways)
        return [pci[each] for each in dict.fromkeys(innermost) if each]

    def _facts(self, disk: _Namespace, wwid: str) -> dict[str, Attribute]:
        host = self._host
        controller = disk.controllers[0] if disk.controllers else f"{disk.directory}/device"
        return attributes(
            {
                "model": host.value(f"{controller}/model"),
                "serial": host.value(f"{controller}/serial"),
                "firmware": host.value(f"{controller}/firmware_rev"),
                "transport": host.value(f"{controller}/transport"),
                "address": host.value(f"{controller}/address"),
                "wwid": wwid,
                "namespaceId": host.number(f"{disk.directory}/nsid"),
                "blockSize": host.number(f"{disk.directory}/queue/logical_block_size"),
                "readOnly": host.value(f"{disk.directory}/ro") == "1",
                "paths": len(disk.controllers),
                "fileSystem": self._file_system(disk),
            }
        )

    def _reason(self, disk: _Namespace, sectors: int) -> str:
        """Why nobody is given a namespace, or ""."""
        states = [self._host.value(f"{each}/state") for each in disk.controllers]
        ways = ((disk.node, disk.directory), *disk.others)
        if any(self._host.in_use.why(node, directory) for node, directory in ways):
            return IN_USE
        if any(self._host.matching(directory, _PARTITION) for _, directory in ways):
            return "partitioned"
        if re.fullmatch(_POOL, self._file_system(disk)):
            return "member-of-a-pool"
        if states and not any(state in ("", "live") for state in states):
            return "not-live"  # resetting, connecting, dead …
        return "" if sectors > 0 else "no-size"

    def _file_system(self, disk: _Namespace) -> str:
        """What udev has seen on a disk: `ext4`, `zfs_member` …, or ""."""
        text = self._host.read(f"/run/udev/data/b{disk.node.major}:{disk.node.minor}")
        match = re.search(r"^E:ID_FS_TYPE=(\S+)$", text, re.MULTILINE)
        return match[1] if match else ""

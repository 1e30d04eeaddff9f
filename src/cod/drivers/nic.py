"""Network functions: their interfaces, and their RDMA devices.

An interface moves into the container (CDI 1.1) and is the host's no more while the container lives; so one
that the host uses is nobody's to have, nor is a function while virtual functions or subfunctions of it are
there: it sets their addresses and sees their traffic. RDMA comes as device nodes, and `rdma_cm` beside them;
a container that registers much memory needs its memlock limit raised (or CAP_IPC_LOCK). The nodes for
management are a device of another class. Source: the kernel's `Documentation/ABI/testing/sysfs-class-net`,
`sysfs-bus-pci` § virtfn; the SR-IOV device plugin, which leaves out what is in use, too.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property

from msgspec import Struct

from cod.cdi.spec import ContainerEdits, NetDevice
from cod.drivers.attributes import (
    PARENT_ATTRIBUTE,
    Plain,
    attribute_class,
    attributes,
    family,
    family_classes,
    place,
)
from cod.drivers.interfaces import Interfaces
from cod.drivers.names import dashed
from cod.drivers.nodes import device_node
from cod.drivers.protocol import FoundDevice, Skipped
from cod.drivers.rdma import MANAGER, Rdma, read_rdma
from cod.drivers.taints import IN_USE, unready
from cod.drivers.vfio_group import is_vfio
from cod.host import Host, PciFunction, SysDevice
from cod.resource import Device, DeviceClass

VENDORS = {
    0x15B3: "mellanox.com",
    0x8086: "intel.com",
    0x14E4: "broadcom.com",
    0x1425: "chelsio.com",
    0x177D: "marvell.com",
}
MANAGEMENT_CLASS = "nic-management"
MANAGEMENT_KIND = "cod.dev/nic-management"

_NETWORK = 0x02
_SUBFUNCTION = re.compile(r"[^/]+\.sf\.\d{1,9}")
_VIRTUAL = re.compile(r"virtfn(\d{1,5})")


class Nic(Struct, frozen=True):
    """The driver of network functions, physical and virtual, and of subfunctions."""

    name: str = "nic.cod.dev"
    looks_for: str = "PCI functions of class 02 with a network interface or an RDMA device"

    def classes(self) -> Iterable[DeviceClass]:
        """`nic.mellanox.com` and its like, and `nic` for any vendor's; `nic-management` for fabrics."""
        classes = family_classes("nic", *(f"nic.{vendor}" for vendor in VENDORS.values()))
        return *classes, attribute_class(MANAGEMENT_CLASS)

    def discover(self, host: Host) -> Iterator[FoundDevice | Skipped]:
        """A device a function, named after its address: `nic-0000-5e-00-0`, `nic-0000-5e-00-0-sf88`."""
        functions = [each for each in host.pci.values() if each.class_ >> 16 == _NETWORK]
        if functions:
            yield from _Network(host).devices(functions)


class _Part(Struct, frozen=True):
    """A function, or a subfunction of one, with its interfaces and its RDMA; `is_parted` if it has parts."""

    function: PciFunction
    subfunction: str
    interfaces: tuple[SysDevice, ...]
    rdma: Rdma
    is_parted: bool


class _Network:
    """The network functions of one machine. What is read of it is read once."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._interfaces = Interfaces(host)
        self._rdma = read_rdma(host)
        self._virtual: dict[str, list[PciFunction]] = defaultdict(list)  # by their physical function
        for each in host.pci.values():
            self._virtual[each.physical].append(each)

    def devices(self, functions: Iterable[PciFunction]) -> Iterator[FoundDevice | Skipped]:
        for function in functions:
            if is_vfio(function.driver):
                why = f"it is bound to {function.driver}: the driver of VFIO offers it"
                yield Skipped(function.address, why)
                continue
            for part in self._parts(function):
                if part.interfaces or part.rdma.devices:
                    yield from self._devices(part)
                else:
                    driver = function.driver or "no driver"
                    what = part.subfunction or function.address
                    yield Skipped(what, f"{driver} gives it no interface here")

    def _parts(self, function: PciFunction) -> Iterator[_Part]:
        """A function itself, then its subfunctions."""
        subfunctions = self._host.matching(function.path, _SUBFUNCTION) if function.driver else []
        for each in ("", *subfunctions):
            key = (function.address, each)
            is_parted = not each and bool(subfunctions or self._virtual.get(function.address))
            yield _Part(function, each, self._interfaces.of(key), self._rdma.get(key, Rdma()), is_parted)

    def _devices(self, part: _Part) -> Iterator[FoundDevice]:
        """What computes with a part, and what manages the fabric through it, if anything does."""
        facts = self._facts(part)
        name = _name(part.function.address)
        name += f"-sf{facts['subfunction']}" if part.subfunction else ""
        vendor = VENDORS.get(part.function.vendor, "")
        manager = self._host.node(MANAGER) if part.rdma.verbs else None
        yield FoundDevice(
            device=Device(
                name=name,
                attributes=family("nic", f"nic.{vendor}" if vendor else "nic")
                | place(part.function)
                | attributes(facts),
                taints=unready(self._reason(part)),
            ),
            kind=f"{vendor or 'cod.dev'}/nic",
            cdi_name=name,
            aliases=tuple(each.name for each in part.interfaces),
            edits=ContainerEdits(
                device_nodes=tuple(map(device_node, part.rdma.verbs)),
                net_devices=tuple(NetDevice(each.name, each.name) for each in part.interfaces),
            ),
            common=ContainerEdits(device_nodes=(device_node(manager),) if manager else ()),
        )
        if part.rdma.management:
            yield self._management(part, name)

    def _management(self, part: _Part, parent: str) -> FoundDevice:
        name = f"{parent}-management"
        facts = {PARENT_ATTRIBUTE: parent, "rdmaDevice": part.rdma.devices[0].name}
        return FoundDevice(
            device=Device(
                name=name,
                attributes=family(MANAGEMENT_CLASS) | place(part.function) | attributes(facts),
                taints=unready(IN_USE if self._is_used(part) else ""),
            ),
            kind=MANAGEMENT_KIND,
            cdi_name=name,
            edits=ContainerEdits(device_nodes=tuple(map(device_node, part.rdma.management))),
        )

    def _is_used(self, part: _Part) -> bool:
        return any(map(self._interfaces.is_used, part.interfaces))

    def _reason(self, part: _Part) -> str:
        """Why nobody is given a part, or ""."""
        if self._is_used(part):
            return IN_USE
        if part.is_parted:
            return "partitioned"
        if part.interfaces:
            return "port-is-down" if all(map(self._interfaces.is_down, part.interfaces)) else ""
        if not part.rdma.verbs:
            return "no-device-node"
        return "port-is-down" if part.rdma.is_down(self._host) else ""

    def _facts(self, part: _Part) -> dict[str, Plain]:
        function = part.function
        return {
            **(self._subfunction_facts(part) if part.subfunction else self._function_facts(function)),
            "kernelDriver": function.driver,
            "productName": self._host.pci_names.device(function.vendor, function.device),
            **(_interface_facts(self._host, part.interfaces[0]) if part.interfaces else {}),
            **part.rdma.facts(self._host),
        }

    def _function_facts(self, function: PciFunction) -> dict[str, Plain]:
        total = self._host.number(f"{function.path}/sriov_totalvfs")
        return {
            PARENT_ATTRIBUTE: _name(function.physical) if function.physical else "",
            "virtualFunction": self._numbers.get(function.address),
            "sriovTotalVfs": total,
            "sriovVfs": None if total is None else len(self._virtual.get(function.address, ())),
        }

    def _subfunction_facts(self, part: _Part) -> dict[str, Plain]:
        """The number that its maker gave it, else the kernel's."""
        number = self._host.number(f"{part.function.path}/{part.subfunction}/sfnum")
        own = int(part.subfunction.rpartition(".")[2])
        return {
            PARENT_ATTRIBUTE: _name(part.function.address),
            "subfunction": own if number is None or not 0 <= number < 2**32 else number,
        }

    @cached_property
    def _numbers(self) -> dict[str, int]:
        """Which virtual function of its physical one each is, as that one's links say."""
        found: dict[str, int] = {}
        for address in self._virtual.keys() & self._host.pci.keys():
            path = self._host.pci[address].path
            for name in self._host.matching(path, _VIRTUAL):
                found[self._host.target(f"{path}/{name}")] = int(name.removeprefix("virtfn"))
        return found


def _interface_facts(host: Host, interface: SysDevice) -> dict[str, Plain]:
    speed = host.number(f"{interface.path}/speed")
    return {
        "interface": interface.name,
        "address": host.value(f"{interface.path}/address"),
        "operState": host.value(f"{interface.path}/operstate"),
        "mtu": host.number(f"{interface.path}/mtu"),
        "speedMbps": speed if speed and speed > 0 else None,
        "physPortName": host.value(f"{interface.path}/phys_port_name"),
        "physSwitchId": host.value(f"{interface.path}/phys_switch_id"),
    }


def _name(address: str) -> str:
    return f"nic-{dashed(address)}"

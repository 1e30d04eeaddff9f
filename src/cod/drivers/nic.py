"""Network functions of PCI: their interfaces, and RDMA where they have it; SR-IOV's virtual functions, too.

An interface moves into the container under its own name and leaves the host for that time (`netDevices` of
CDI 1.1). So what the host itself uses is tainted. An interface counts as used if

* the host's own traffic goes over it (`cod.host.network`),
* its function is divided: it has virtual functions, or interfaces of subfunctions or representors.

An address alone brings a route with it. What a program holds open without a route, such as a packet capture,
cannot be seen.

Programs use RDMA by `uverbsN` and `rdma_cm`. With `umadN` and `issmN` one sends management datagrams and can
become the manager of the subnet, so that these are a device of their own and come with no function. In the
exclusive mode of `rdma system` RDMA devices would have to change namespaces as well, which no container
runtime does. To pin memory a container needs a large `memlock` limit. Source: Documentation/ABI/testing/
sysfs-class-net and stable/sysfs-class-infiniband, Documentation/infiniband/user_mad.rst of Linux.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from cod.cdi.names import is_qualified_name
from cod.cdi.spec import NO_EDITS, ContainerEdits, NetDevice
from cod.drivers.attributes import (
    PARENT_ATTRIBUTE,
    Plain,
    attribute_class,
    attributes,
    family,
    family_classes,
    place,
)
from cod.drivers.names import dashed
from cod.drivers.nodes import device_node
from cod.drivers.protocol import FoundDevice
from cod.drivers.taints import IN_USE, unready
from cod.drivers.vfio_group import is_vfio
from cod.drivers.virtual_functions import virtual_counts, virtual_functions
from cod.host import Host, Node, PciFunction, SysDevice
from cod.resource import Device, DeviceClass

VENDORS = {
    0x15B3: "mellanox.com",
    0x8086: "intel.com",
    0x14E4: "broadcom.com",
    0x1425: "chelsio.com",
    0x177D: "marvell.com",
}
TYPE = "nic"
MANAGEMENT = "nic-management"

_NETWORK, _INFINIBAND = 0x02, 0x0C06  # a class of PCI; a subclass of serial buses, in which older cards are
_INTERFACE = r"[!-.0-9;-~]{1,15}"  # dev_valid_name() of the kernel, as far as it is ASCII
_REPRESENTOR = r"(c\d+)?pf\d+((vf|sf)\d+)?"  # `pf0`: of the host, as a DPU sees it
_SUBFUNCTION = r"/[a-z0-9_]+\.sf\.\d+/"
_UNKNOWN_SPEED = 2**31 - 1


class Nic(Struct, frozen=True):
    """The driver of network functions."""

    name: str = "nic.cod.dev"
    looks_for: str = "PCI functions of class 02 (network) or 0c06 (InfiniBand), not bound to vfio-pci"

    def classes(self) -> Iterable[DeviceClass]:
        """`nic.<vendor>` for the vendors that have one, and `nic`; one for what manages a fabric."""
        classes = family_classes(TYPE, *(f"{TYPE}.{vendor}" for vendor in VENDORS.values()))
        return *classes, attribute_class(MANAGEMENT)

    def discover(self, host: Host) -> Iterator[FoundDevice]:
        """One device for each function, named after its address: functions come and go with SR-IOV."""
        functions = {
            address: function
            for address, function in host.pci.items()
            if _is_network(function) and not is_vfio(function.driver) and not _goes_with_vfio(host, function)
        }
        if not functions:
            return
        machine = _Machine.read(host)
        for function in functions.values():
            parent = device_name(function.physical) if function.physical in functions else ""
            nic = machine.nic(function)
            yield nic.found(host, parent)
            if nic.management:
                yield nic.found_management()


def _is_network(function: PciFunction) -> bool:
    return function.class_ >> 16 == _NETWORK or function.base_class == _INFINIBAND


def _goes_with_vfio(host: Host, function: PciFunction) -> bool:
    """Whether a function that nobody drives shares its IOMMU group with one of VFIO, and is handed out so."""
    if function.driver not in ("", "pci-stub") or not function.iommu_group:
        return False
    others = (each for each in host.pci.values() if each.iommu_group == function.iommu_group)
    return any(is_vfio(each.driver) for each in others)


class _Machine(Struct, frozen=True):
    """What is read once for all functions: class devices by function, and what the host uses."""

    interfaces: dict[str, list[SysDevice]]
    rdma: dict[str, list[SysDevice]]
    verbs: dict[str, list[Node]]
    management: dict[str, list[Node]]
    numbers: dict[str, int]
    used: frozenset[str]
    divided: frozenset[str]

    def nic(self, function: PciFunction) -> _Nic:
        """A function with its part of it all."""
        address = function.address
        return _Nic(
            function=function,
            interfaces=tuple(self.interfaces.get(address, ())),
            rdma=tuple(self.rdma.get(address, ())),
            verbs=tuple(self.verbs.get(address, ())),
            management=tuple(self.management.get(address, ())),
            number=self.numbers.get(address),
            used=self.used,
            divided=address in self.divided,
        )

    @classmethod
    def read(cls, host: Host) -> _Machine:
        """Look at all of it."""
        net = [each for each in host.class_devices("net") if re.fullmatch(_INTERFACE, each.name)]
        parts = [each for each in net if _is_part(host, each)]
        rdma = [each for each in host.class_devices("infiniband") if not _is_part(host, each)]
        virtual = {each.physical for each in host.pci.values()}
        return cls(
            interfaces=_by_function(each for each in net if each not in parts),
            rdma=_by_function(rdma),
            verbs=_rdma_nodes(host, "infiniband_verbs"),
            management=_rdma_nodes(host, "infiniband_mad"),
            numbers=virtual_functions(host, host.pci.values()),
            used=frozenset(host.in_use.interfaces),
            divided=frozenset(virtual.union(each.function for each in parts)),
        )


class _Nic(Struct, frozen=True):
    """One function, and its part of what the machine has."""

    function: PciFunction
    interfaces: tuple[SysDevice, ...]
    rdma: tuple[SysDevice, ...]
    verbs: tuple[Node, ...]
    management: tuple[Node, ...]
    number: int | None
    used: frozenset[str]
    divided: bool

    def found(self, host: Host, parent: str) -> FoundDevice:
        """The function as a device; `parent` is the device name of the function it is a virtual one of."""
        vendor = VENDORS.get(self.function.vendor)
        facts = attributes(self._facts(host)) | attributes({PARENT_ATTRIBUTE: parent})
        shared = host.node("/dev/infiniband/rdma_cm") if self.verbs else None
        reason = self._reason(host)
        kind = f"{vendor or 'cod.dev'}/{TYPE}"
        return FoundDevice(
            device=Device(
                device_name(self.function.address),
                family(TYPE, f"{TYPE}.{vendor}" if vendor else "") | place(self.function) | facts,
                taints=unready(reason),
            ),
            kind=kind,
            cdi_name=self.function.address,
            aliases=tuple(name for name in self._names if is_qualified_name(f"{kind}={name}")),
            edits=ContainerEdits(
                device_nodes=tuple(map(device_node, self.verbs)),
                net_devices=tuple(NetDevice(host_interface_name=name, name=name) for name in self._names),
            ),
            common=ContainerEdits(device_nodes=(device_node(shared),)) if shared else NO_EDITS,
        )

    def found_management(self) -> FoundDevice:
        """What manages the fabric through the function's port, and is not given with it."""
        parent = device_name(self.function.address)
        facts = {PARENT_ATTRIBUTE: parent, "rdmaDevice": self.rdma[0].name if self.rdma else ""}
        return FoundDevice(
            device=Device(
                f"{parent}-management",
                family(MANAGEMENT) | place(self.function) | attributes(facts),
                taints=unready(IN_USE if self._is_used else ""),
            ),
            kind=f"cod.dev/{MANAGEMENT}",
            cdi_name=self.function.address,
            edits=ContainerEdits(device_nodes=tuple(map(device_node, self.management))),
        )

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.interfaces)

    def _reason(self, host: Host) -> str:
        """Why nobody can have it now, or ""."""
        if self.divided or self._is_used:
            return IN_USE
        if not self.interfaces and not self.verbs:
            return "no-interface" if self.function.driver else "no-driver"
        if any(host.exists(f"{each.path}/phy80211") for each in self.interfaces):
            return "wireless"  # the kernel moves such an interface with its radio only, no runtime does
        if self.rdma and all(_is_down(host, each) for each in self.rdma):
            return "port-down"
        return ""

    @property
    def _is_used(self) -> bool:
        """Whether the host's own traffic goes through it."""
        return any(each.name in self.used for each in self.interfaces)

    def _facts(self, host: Host) -> dict[str, Plain]:
        """What its directory, its first interface and its first RDMA device say."""
        facts: dict[str, Plain] = {
            "vendorId": f"{self.function.vendor:04x}",
            "deviceId": f"{self.function.device:04x}",
            "driver": self.function.driver,
            "rdma": bool(self.verbs),
            "vfIndex": None if self.number is None else self.number - 1,  # as `ip link` counts them
            **virtual_counts(host, self.function),
        }
        for each in self.interfaces[:1]:
            facts |= _interface_facts(host, each)
        for each in self.rdma[:1]:
            facts |= _rdma_facts(host, each)
        return facts


def device_name(address: str) -> str:
    """The device name of a function: `nic-0000-3b-00-1` of `0000:3b:00.1`."""
    return f"{TYPE}-{dashed(address)}"


def _interface_facts(host: Host, interface: SysDevice) -> dict[str, Plain]:
    """The interface's own words; the kernel refuses to say what a device does not know."""
    path = interface.path
    speed = host.number(f"{path}/speed")
    return {
        "interface": interface.name,
        "address": host.value(f"{path}/address"),
        "operstate": host.value(f"{path}/operstate"),
        "speedMbps": speed if speed and 0 < speed < _UNKNOWN_SPEED else None,
        "physPortName": host.value(f"{path}/phys_port_name"),
        "physSwitchId": host.value(f"{path}/phys_switch_id"),
    }


def _rdma_facts(host: Host, device: SysDevice) -> dict[str, Plain]:
    """The RDMA device's own words, and those of its first port; `state` is `4: ACTIVE` in the file."""
    ports = host.names(f"{device.path}/ports")
    port = f"{device.path}/ports/{ports[0]}" if ports else ""
    return {
        "rdmaDevice": device.name,
        "nodeGuid": host.value(f"{device.path}/node_guid"),
        "firmware": host.value(f"{device.path}/fw_ver"),
        "ports": len(ports),
        "linkLayer": host.value(f"{port}/link_layer") if port else None,
        "state": host.value(f"{port}/state").rpartition(":")[2].strip() if port else None,
        "rate": host.value(f"{port}/rate") if port else None,
    }


def _is_down(host: Host, device: SysDevice) -> bool:
    """Whether it has InfiniBand ports, and none is active; Ethernet's follow their interface, up or not."""
    ports = [f"{device.path}/ports/{port}" for port in host.names(f"{device.path}/ports")]
    fabric = [port for port in ports if host.value(f"{port}/link_layer") == "InfiniBand"]
    states = [host.value(f"{port}/state") for port in fabric]
    return any(states) and len(fabric) == len(ports) and not any("ACTIVE" in state for state in states)


def _rdma_nodes(host: Host, class_: str) -> dict[str, list[Node]]:
    """The nodes of a class of RDMA, by function."""
    found: dict[str, list[Node]] = {}
    for device in host.class_devices(class_):
        node = host.node_of(device.path) if device.function and not _is_part(host, device) else None
        if node:
            found.setdefault(device.function, []).append(node)
    return found


def _by_function(devices: Iterable[SysDevice]) -> dict[str, list[SysDevice]]:
    found: dict[str, list[SysDevice]] = {}
    for device in devices:
        found.setdefault(device.function, []).append(device)
    return found


def _is_part(host: Host, device: SysDevice) -> bool:
    """Whether it is of a subfunction, or stands for another function, and is not the function's own."""
    return bool(
        re.search(_SUBFUNCTION, device.path)
        or re.fullmatch(_REPRESENTOR, host.value(f"{device.path}/phys_port_name"))
    )

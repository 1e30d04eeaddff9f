"""Network functions: their interfaces, and their RDMA devices.

An interface moves into the container (CDI 1.1) and is the host's no more while the container lives; so one
that the host uses is nobody's to have: one with a route, one that is part of a bridge, a bond or a VLAN, and
a physical function that has virtual ones. RDMA comes as device nodes, and `rdma_cm` beside them; a container
that registers much memory needs its memlock limit raised. Source: the kernel's
`Documentation/ABI/testing/sysfs-class-net` and `stable/sysfs-class-infiniband`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from cod.cdi.spec import ContainerEdits, NetDevice
from cod.drivers.attributes import PARENT_ATTRIBUTE, Plain, attributes, family, family_classes, place
from cod.drivers.names import dashed
from cod.drivers.nodes import device_node
from cod.drivers.protocol import FoundDevice, Skipped
from cod.drivers.taints import IN_USE, unready
from cod.drivers.vfio_group import is_vfio
from cod.host import Host, Node, PciFunction, SysDevice
from cod.resource import Device, DeviceClass

VENDORS = {
    0x15B3: "mellanox.com",
    0x8086: "intel.com",
    0x14E4: "broadcom.com",
    0x1425: "chelsio.com",
    0x177D: "marvell.com",
}
_NETWORK = 0x02
_DEFAULT_IPV6 = "0" * 32


class Nic(Struct, frozen=True):
    """The driver of network functions, physical and virtual."""

    name: str = "nic.cod.dev"
    looks_for: str = "PCI functions of class 02 with a network interface or an RDMA device"

    def classes(self) -> Iterable[DeviceClass]:
        """`nic.mellanox.com` and its like, and `nic` for any vendor's."""
        return family_classes("nic", *(f"nic.{vendor}" for vendor in VENDORS.values()))

    def discover(self, host: Host) -> Iterator[FoundDevice | Skipped]:
        """A device a function, named after its address: `nic-0000-5e-00-0`."""
        functions = [each for each in host.pci.values() if each.class_ >> 16 == _NETWORK]
        if not functions:
            return
        network = _Network(
            interfaces=_by_function(host, "net"),
            rdma=_by_function(host, "infiniband"),
            nodes={**_nodes(host)},
            routed=frozenset(_routed(host)),
        )
        for each in functions:
            if each.address in network.interfaces or each.address in network.rdma:
                yield network.device(host, each)
            elif is_vfio(each.driver):
                yield Skipped(each.address, f"it is bound to {each.driver}: the driver of VFIO offers it")
            else:
                yield Skipped(each.address, f"{each.driver or 'no driver'} gives it no interface here")


class _Network(Struct, frozen=True):
    """What a machine has by PCI function: interfaces, RDMA devices, their nodes; and who has a route."""

    interfaces: Mapping[str, list[SysDevice]]
    rdma: Mapping[str, list[SysDevice]]
    nodes: Mapping[str, list[Node]]
    routed: frozenset[str]

    def device(self, host: Host, function: PciFunction) -> FoundDevice:
        """The device of a function that has an interface or RDMA."""
        interfaces = self.interfaces.get(function.address, [])
        nodes = self.nodes.get(function.address, [])
        vendor = VENDORS.get(function.vendor, "")
        name = _name(function.address)
        virtual = [each for each in host.pci.values() if each.physical == function.address]
        is_used = bool(virtual) or any(self._is_used(host, each) for each in interfaces)
        facts = {
            **_function_facts(host, function, len(virtual)),
            **(_interface_facts(host, interfaces[0]) if interfaces else {}),
            **self._rdma_facts(host, function.address),
        }
        manager = host.node("/dev/infiniband/rdma_cm") if nodes else None
        return FoundDevice(
            device=Device(
                name=name,
                attributes=family("nic", f"nic.{vendor}" if vendor else "nic")
                | place(function)
                | attributes(facts),
                taints=unready(IN_USE if is_used else ""),
            ),
            kind=f"{vendor or 'cod.dev'}/nic",
            cdi_name=name,
            aliases=tuple(each.name for each in interfaces),
            edits=ContainerEdits(
                device_nodes=tuple(device_node(node) for node in nodes),
                net_devices=tuple(NetDevice(each.name, each.name) for each in interfaces),
            ),
            common=ContainerEdits(device_nodes=(device_node(manager),) if manager else ()),
        )

    def _is_used(self, host: Host, interface: SysDevice) -> bool:
        """Whether the host's own traffic goes through an interface, or through another on top of it."""
        names = host.names(interface.path)
        return interface.name in self.routed or any(
            each == "master" or each.startswith("upper_") for each in names
        )

    def _rdma_facts(self, host: Host, address: str) -> dict[str, Plain]:
        """What the first RDMA device of a function says of itself and of its first port."""
        for each in self.rdma.get(address, []):
            port = f"{each.path}/ports/1"
            return {
                "rdma": True,
                "rdmaDevice": each.name,
                "nodeGuid": host.value(f"{each.path}/node_guid"),
                "linkLayer": host.value(f"{port}/link_layer"),
                "portState": host.value(f"{port}/state").rpartition(" ")[2],
                "portRate": host.value(f"{port}/rate"),
                "ports": len(host.names(f"{each.path}/ports")),
            }
        return {"rdma": False}


def _function_facts(host: Host, function: PciFunction, virtual: int) -> dict[str, Plain]:
    total = host.number(f"{function.path}/sriov_totalvfs")
    return {
        PARENT_ATTRIBUTE: _name(function.physical) if function.physical else "",
        "kernelDriver": function.driver,
        "productName": host.pci_names.device(function.vendor, function.device),
        "sriovTotalVfs": total,
        "sriovVfs": virtual if total is not None else None,
    }


def _interface_facts(host: Host, interface: SysDevice) -> dict[str, Plain]:
    speed = host.number(f"{interface.path}/speed")
    return {
        "interface": interface.name,
        "address": host.value(f"{interface.path}/address"),
        "operState": host.value(f"{interface.path}/operstate"),
        "speedMbps": speed if speed and speed > 0 else None,
        "physPortName": host.value(f"{interface.path}/phys_port_name"),
        "physSwitchId": host.value(f"{interface.path}/phys_switch_id"),
    }


def _by_function(host: Host, class_: str) -> dict[str, list[SysDevice]]:
    found: dict[str, list[SysDevice]] = {}
    for each in host.class_devices(class_):
        if each.function:
            found.setdefault(each.function, []).append(each)
    return found


def _nodes(host: Host) -> dict[str, list[Node]]:
    """The nodes of RDMA devices by function: for programs (`uverbs`), for management (`umad`, `issm`)."""
    found: dict[str, list[Node]] = {}
    for each in (*host.class_devices("infiniband_verbs"), *host.class_devices("infiniband_mad")):
        if each.function and (node := host.node_of(each.path)):
            found.setdefault(each.function, []).append(node)
    return found


def _routed(host: Host) -> Iterator[str]:
    """The interfaces that the host has a route over: any of IPv4, the default ones of IPv6."""
    for line in host.read("/proc/net/route").splitlines()[1:]:
        yield line.partition("\t")[0].strip()
    for line in host.read("/proc/net/ipv6_route").splitlines():
        words = line.split()
        if len(words) == 10 and words[0] == _DEFAULT_IPV6 and words[1] == "00":
            yield words[9]


def _name(address: str) -> str:
    return f"nic-{dashed(address)}"

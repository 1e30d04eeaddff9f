"""RDMA devices: their nodes for programs and for management, and what their ports say.

Programs use `uverbsN`, and `rdma_cm` to connect. With `umadN` and `issmN` one sends management datagrams and
becomes the subnet's manager: that is power over the fabric, and not for whoever computes on it. Source: the
kernel's `Documentation/infiniband/{user_verbs,user_mad}.rst`, `ABI/stable/sysfs-class-infiniband`.
"""

from __future__ import annotations

from msgspec import Struct

from cod.drivers.attributes import Plain
from cod.drivers.interfaces import Part, parts
from cod.host import Host, Node, SysDevice

MANAGER = "/dev/infiniband/rdma_cm"


class Rdma(Struct, frozen=True):
    """The RDMA of one function or subfunction: its devices, and their nodes that are there."""

    devices: tuple[SysDevice, ...] = ()
    verbs: tuple[Node, ...] = ()
    management: tuple[Node, ...] = ()

    def facts(self, host: Host) -> dict[str, Plain]:
        """What the first device says of itself and of its first port."""
        if not self.devices:
            return {"rdma": False}
        first = self.devices[0]
        ports = host.names(f"{first.path}/ports")
        port = f"{first.path}/ports/{ports[0] if ports else 1}"
        return {
            "rdma": bool(self.verbs),
            "rdmaDevice": first.name,
            "nodeGuid": host.value(f"{first.path}/node_guid"),
            "firmware": host.value(f"{first.path}/fw_ver"),
            "linkLayer": host.value(f"{port}/link_layer"),
            "portState": host.value(f"{port}/state").rpartition(" ")[2],
            "portRate": host.value(f"{port}/rate"),
            "ports": len(ports),
        }

    def is_down(self, host: Host) -> bool:
        """Whether no port of InfiniBand is wired; of Ethernet the interface knows more."""
        ports = [
            f"{each.path}/ports/{name}" for each in self.devices for name in host.names(f"{each.path}/ports")
        ]
        layers = {host.value(f"{port}/link_layer") for port in ports}
        return layers == {"InfiniBand"} and all(
            host.value(f"{port}/state").endswith("DOWN") for port in ports
        )


def read_rdma(host: Host) -> dict[Part, Rdma]:
    """The RDMA devices of a machine, and their nodes, by what they belong to."""
    devices, verbs, mad = (parts(host, each) for each in ("infiniband", "infiniband_verbs", "infiniband_mad"))
    return {
        part: Rdma(tuple(found), _nodes(host, verbs.get(part, [])), _nodes(host, mad.get(part, [])))
        for part, found in devices.items()
    }


def _nodes(host: Host, listed: list[SysDevice]) -> tuple[Node, ...]:
    return tuple(node for each in listed if (node := host.node_of(each.path)))

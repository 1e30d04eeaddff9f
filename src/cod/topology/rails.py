"""Rails: which NIC is the way out for which accelerators.

In clusters built in rails the k-th NIC of every machine is on the k-th switch of the network, and an
accelerator talks through the NIC that is nearest to it. A NIC and an accelerator make a rail where they share
a switch, or at least the root complex; what is further off has no rail of its own.
"""

from __future__ import annotations

from msgspec import Struct

from cod.drivers.protocol import DeviceKey
from cod.topology.closeness import SAME_ROOT
from cod.topology.graph import Topology
from cod.topology.point import Point

NICS = ("nic", "rdma")
ACCELERATORS = ("gpu", "npu", "fpga")


class Rail(Struct, frozen=True):
    """A NIC, and the accelerators to which none is nearer."""

    nic: Point
    accelerators: tuple[Point, ...]


def rails(topology: Topology) -> list[Rail]:
    """The rails of a machine, in the order of its NICs; a NIC that is nobody's nearest is in none.

    An accelerator with several equally near NICs is on all their rails; its parts are where it is.
    """
    roots: dict[str, list[Point]] = {}
    for point in topology.devices:
        if point.root and point.type in NICS:
            roots.setdefault(point.root, []).append(point)
    served: dict[DeviceKey | None, list[Point]] = {}
    for point in topology.devices:
        if point.type in ACCELERATORS and not point.parent and (nics := roots.get(point.root)):
            near = [(topology.closeness(point, nic).key[:2], nic) for nic in nics]
            least = min(key for key, _ in near)
            for key, nic in near:
                if key == least and key[0] <= SAME_ROOT.rank:
                    served.setdefault(nic.key, []).append(point)
    everyone = [point for each in roots.values() for point in each]
    return [Rail(nic, tuple(served[nic.key])) for nic in everyone if nic.key in served]

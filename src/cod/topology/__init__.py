"""One graph of a machine: what hangs where, what is linked past PCI, and how close any two devices are."""

from cod.topology.closeness import (
    LEVELS,
    LINK,
    OTHER,
    SAME_DEVICE,
    SAME_NODE,
    SAME_ROOT,
    SAME_SWITCH,
    Closeness,
    Level,
)
from cod.topology.fabric import Fabric, fabrics
from cod.topology.graph import Topology, survey
from cod.topology.link import Connection
from cod.topology.point import Point
from cod.topology.rails import Rail, rails
from cod.topology.tree import Branch

__all__ = [
    "LEVELS",
    "LINK",
    "OTHER",
    "SAME_DEVICE",
    "SAME_NODE",
    "SAME_ROOT",
    "SAME_SWITCH",
    "Branch",
    "Closeness",
    "Connection",
    "Fabric",
    "Level",
    "Point",
    "Rail",
    "Topology",
    "fabrics",
    "rails",
    "survey",
]

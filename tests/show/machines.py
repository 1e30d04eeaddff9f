"""Machines to draw: with parts, a mesh that lacks links, states, and names that nobody should have."""

from __future__ import annotations

from pathlib import Path

from cod.drivers import Link, discover
from cod.drivers.protocol import DeviceKey
from cod.drivers.sim import Sim
from cod.host import open_host
from cod.topology import Topology, survey
from tests.machines.found import found, inventory
from tests.machines.tree import Tree

NODES = "/sys/devices/system/node"


def simulated(name: str) -> Topology:
    host = open_host(name)
    return survey(host, discover(host, [Sim()]))


def held(topology: Topology, **claims: str) -> dict[DeviceKey, str]:
    """Devices by name, each with the claim that holds it."""
    keys = {point.name: point.key for point in topology.devices if point.key}
    return {keys[name.replace("_", "-")]: claim for name, claim in claims.items()}


def divided(directory: Path) -> Topology:
    """A GPU in parts, a whole one that is unready, and a NIC with two functions."""
    tree = Tree(directory)
    tree.file(f"{NODES}/online", "0\n")
    tree.file(f"{NODES}/node0/cpulist", "0-7\n")
    for address in ("0000:01:00.0", "0000:02:00.0", "0000:03:00.0", "0000:03:00.1"):
        tree.pci(address, 1, 2, 0x030200, numa=0)
    host = tree.host
    return survey(
        host,
        inventory(
            [
                found(host, "gpu0", "0000:01:00.0", unready="partitioned", model="Big <&> Fast"),
                *(found(host, f"gpu0-part{n}", "0000:01:00.0", parent="gpu0") for n in range(7)),
                found(host, "gpu1", "0000:02:00.0", unready="ecc-error"),
                found(host, "nic0", "0000:03:00.0", type_="nic"),
                found(host, "nic1", "0000:03:00.1", type_="nic"),
            ]
        ),
    )


def ring(directory: Path, members: int = 6) -> Topology:
    """GPUs in a ring of NVLinks, every second one twice as wide."""
    host = Tree(directory).host
    links = [
        Link(f"gpu{(n + 1) % members}", "nvlink", 1 + n % 2, 25_000 * (1 + n % 2)) for n in range(members)
    ]
    return survey(host, inventory(found(host, f"gpu{n}", links=[links[n]]) for n in range(members)))

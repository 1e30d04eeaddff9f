"""A machine's graph as plain data, for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cod.drivers.protocol import DeviceKey
from cod.host.numa import format_list
from cod.show.state import BARE, state_of
from cod.topology import LEVELS, Point, Topology, fabrics, rails


def graph_data(
    topology: Topology, held: Mapping[DeviceKey, str], name: str, *, is_all: bool = False
) -> dict[str, Any]:
    """The machine, its NUMA nodes, devices, links, rails, and how close any two devices are.

    `closeness` has a row a device, in the order of `devices`: the letters of the matrix, divided by blanks.
    Bandwidths are in MB/s in one direction; what is unknown is left out.
    """
    points = [*topology.devices, *(topology.bare_functions if is_all else ())]
    return {
        "machine": name,
        "numaNodes": [
            _known(
                number=node.number,
                cpus=format_list(node.cpus),
                memoryBytes=node.memory or None,
                distances={str(other): distance for other, distance in node.distances.items()},
            )
            for node in topology.host.numa.values()
        ],
        "devices": [_point(topology, point, held) for point in points],
        "links": [
            _known(
                devices=[each.members[a].name, each.members[b].name],
                kind=link.kind,
                count=link.count,
                mbPerSecond=link.mb_s or None,
            )
            for each in fabrics(topology)
            for (a, b), link in each.edges.items()
        ],
        "rails": [
            {"nic": rail.nic.name, "accelerators": [point.name for point in rail.accelerators]}
            for rail in rails(topology)
        ],
        "levels": [level.name for level in LEVELS],
        "closeness": [" ".join(each.letters for each in row) for row in topology.matrix(points)],
    }


def _point(topology: Topology, point: Point, held: Mapping[DeviceKey, str]) -> dict[str, Any]:
    state = state_of(point, held)
    driver, pool, _ = point.key or ("", "", "")
    return _known(
        name=point.name,
        driver=driver,
        pool=pool,
        type=point.type,
        state="" if state.word == BARE else state.word.replace(" ", "-"),
        detail=state.detail,
        numaNode=point.numa if point.numa >= 0 else None,
        pcieRoot=point.root,
        bridges=[*point.bridges],
        pciBusID=point.function,
        physicalDevice=point.physical,
        mbPerSecond=topology.lanes.mb_s(point.function) or None,
    )


def _known(**facts: Any) -> dict[str, Any]:
    """The facts that are known."""
    return {name: value for name, value in facts.items() if value not in ("", None, [], {})}

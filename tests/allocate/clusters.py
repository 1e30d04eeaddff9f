"""Small random clusters whose nodes are alike, nearly alike, or not at all: are they told apart?

    python -m tests.allocate.clusters --seconds 600 [--seed 0]

Each node has the slices of one of a few models, under names of its own, and perhaps something else besides:
pools put together or apart, an older generation, values by other names, devices in use.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple

from msgspec.structs import replace

from cod.allocate import Allocator, Node, NoFit, Use, allocate
from cod.allocate.alike import alike
from cod.drivers.protocol import DeviceKey
from cod.resource import (
    Attribute,
    ClaimStatus,
    Device,
    DeviceClass,
    ResourceClaim,
    ResourceSlice,
)
from tests.allocate.instances import EVERYTHING
from tests.allocate.random_claims import random_claims, random_classes, random_use
from tests.allocate.random_slices import random_slices

LABELS: tuple[dict[str, str], ...] = (
    {"zone": "z0", "cards": "2"},
    {"zone": "z0", "cards": "2"},
    {"zone": "z1"},
)
_OTHER = {"p": "q", "q": "r", "r": "p"}


class Cluster(NamedTuple):
    """Nodes, their slices, what is in use, and questions."""

    nodes: list[Node]
    slices: list[ResourceSlice]
    in_use: dict[DeviceKey, tuple[Use, ...]]
    classes: list[DeviceClass]
    questions: list[list[ResourceClaim]]


def random_cluster(random: Random) -> Cluster:
    """A cluster of two to five nodes, and three questions."""
    features = frozenset(each for each in sorted(EVERYTHING) if random.random() < 0.35) | {"counters"}
    if random.random() < 0.6:
        features -= {"nodes"}
    models = [random_slices(random, features) for _ in range(random.choice((1, 1, 2)))]
    nodes = [Node(f"n{number}", random.choice(LABELS)) for number in range(random.randint(2, 5))]
    slices = [each for node in nodes for each in _of_node(random, node, random.choice(models))]
    classes = random_classes(random, features)
    used = random_use(random, slices) if random.random() < 0.6 else {}
    gone = random.choice(nodes).name
    if random.random() < 0.3:
        used["a.example.com", f"n0-{gone}", "gone"] = (Use("other"),)
    claims = [random_claims(random, features, classes) for _ in range(3)]
    return Cluster(nodes, slices, used, classes, claims)


def _of_node(random: Random, node: Node, model: list[ResourceSlice]) -> Iterator[ResourceSlice]:
    spans, turns = random.random() < 0.1, random.random() < 0.5
    joins = random.random() < 0.2
    for each in model:
        spec = each.spec
        pool = "n0" if joins else spec.pool.name
        changes: dict[str, Any] = {
            "pool": replace(spec.pool, name=pool if spans else f"{pool}-{node.name}"),
            "devices": tuple(_of_its_own(random, device, turns) for device in spec.devices),
        }
        if spec.node_name == "n0":
            changes["node_name"] = node.name
        yield _named(each, f"{each.metadata.name}-{node.name}", changes)
    chosen = random.choice(model).spec
    if random.random() < 0.2 and chosen.devices and chosen.node_name:
        old = replace(
            chosen.pool, name=f"{chosen.pool.name}-{node.name}", generation=chosen.pool.generation - 1
        )
        gone = replace(chosen.devices[-1], name="gone")
        changes = {"pool": old, "devices": (*chosen.devices[:-1], gone), "node_name": node.name}
        yield _named(random.choice(model), f"former-{node.name}", {**changes, "shared_counters": ()}, chosen)


def _named(each: ResourceSlice, name: str, changes: dict[str, Any], spec: Any = None) -> ResourceSlice:
    return replace(
        each, metadata=replace(each.metadata, name=name), spec=replace(spec or each.spec, **changes)
    )


def _of_its_own(random: Random, device: Device, turns: bool) -> Device:
    """The device with its texts called otherwise, and now and then with something else changed."""
    if turns:
        attributes = {name: _turned(each) for name, each in device.attributes.items()}
        device = replace(device, attributes=attributes)
    if random.random() < 0.05:
        device = replace(device, name=f"{device.name}x")
    if random.random() < 0.04:
        device = replace(device, taints=())
    if random.random() < 0.04:
        device = replace(device, attributes=dict([*device.attributes.items()][1:]))
    return device


def _turned(each: Attribute) -> Attribute:
    if each.string is not None:
        return Attribute(string=_OTHER.get(each.string, each.string))
    if each.strings is not None:
        return Attribute(strings=tuple(_OTHER[one] for one in each.strings))
    return each


def wrong(cluster: Cluster, random: Random) -> Iterator[str]:
    """Where an allocator that is kept says of many nodes what it does not say of one; claims come and go."""
    nodes, slices, _, classes, questions = cluster
    allocator = Allocator(slices, classes, cluster.in_use)
    held: list[list[ResourceClaim]] = []
    for turn in range(6):
        claims = questions[turn % 3]
        uses = dict(allocator.in_use)
        fits = [_allocated(cluster, uses, claims, node) for node in nodes]
        found = list(allocator.fitting(claims, nodes))
        if found != [each is not None for each in fits]:
            yield f"turn {turn}: {found}, and one by one {[each is not None for each in fits]}"
        for group in alike(allocator, claims, nodes):
            verdicts = {found[nodes.index(each)] for each in group}
            if len(verdicts) > 1:
                yield f"turn {turn}: {[each.name for each in group]} are said to be alike"
        done = [each for each in fits if each is not None]
        if done and random.random() < 0.7:
            held.append(_as_of(random.choice(done), turn))
            allocator.take(held[-1])
        elif held:
            allocator.give_back(held.pop(random.randrange(len(held))))


def _allocated(
    cluster: Cluster, uses: dict[DeviceKey, tuple[Use, ...]], claims: list[ResourceClaim], node: Node
) -> list[ResourceClaim] | None:
    try:
        results = allocate(claims, cluster.classes, cluster.slices, uses, node=node)
    except NoFit:
        return None
    return [
        replace(each, status=ClaimStatus(allocation=result))
        for each, result in zip(claims, results, strict=True)
    ]


def _as_of(claims: list[ResourceClaim], turn: int) -> list[ResourceClaim]:
    return [replace(each, metadata=replace(each.metadata, name=f"{each.name}-{turn}")) for each in claims]


def main() -> int:
    """Run until the time is over; the exit status is 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0, help="the number of the first cluster")
    chosen = parser.parse_args()
    number, bad, end = chosen.seed, 0, time.monotonic() + chosen.seconds
    while time.monotonic() < end:
        random = Random(f"cluster {number}")
        for each in wrong(random_cluster(random), random):
            bad += 1
            print(f"{number}: {each}", flush=True)
        number += 1
    print(f"clusters {chosen.seed} to {number - 1}: {bad} wrong")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())

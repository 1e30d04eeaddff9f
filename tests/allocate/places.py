"""Random machines to choose in: where devices are, what links them, and what claims prefer.

`preferring` adds preferences to the claims of an instance, and places to its devices.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from itertools import combinations
from random import Random
from typing import Any

from hypothesis import strategies as st
from msgspec.structs import replace

from cod.drivers.protocol import DeviceKey
from cod.resource import (
    NUMA_NODE,
    PCIE_ROOT,
    Attribute,
    ClaimConfig,
    Device,
    OpaqueConfig,
    ResourceClaim,
    ResourceSlice,
)
from cod.topology import Connection
from tests.allocate.instances import EVERYTHING, NODE, Instance, random_instance
from tests.allocate.random_slices import STANDARD, Features
from tests.allocate.short import CLASSES, ask, mem, shared, slice_
from tests.allocate.short import claim as claim_of

LEVEL = 100_000
SELECTORS = (
    f'device.attributes["{STANDARD}"].y == 0',
    f'device.attributes["{STANDARD}"].x == "p"',
    'device.driver == "a.example.com"',
)
ATTRIBUTES = (f"{STANDARD}/x", f"{STANDARD}/y", NUMA_NODE, "example.com/none")


class Places:
    """Where the devices of a random machine are: any two at any level, or as a tree; some are linked."""

    def __init__(self, places: Mapping[DeviceKey, tuple[int, ...]], seed: int, levels: int = 0) -> None:
        """Take the way down to each device; seed 0 is a tree, another mixes the distances up, of so many."""
        self._places = places
        self._seed = seed
        self._levels = levels
        self.links: dict[tuple[DeviceKey, DeviceKey], Connection] = {}

    def distance(self, one: tuple[DeviceKey, Device], other: tuple[DeviceKey, Device]) -> int:
        a, b = sorted((one[0], other[0]))
        if a == b:
            return 0
        if self._seed:
            chance = Random(f"{self._seed} {a} {b}")
            if self._levels:
                return chance.randint(1, self._levels) * LEVEL
            return chance.randint(1, 5) * LEVEL + chance.randint(0, 3)
        depth = 0
        while depth < 3 and self._places.get(a, a)[depth] == self._places.get(b, b)[depth]:
            depth += 1
        return LEVEL if (a, b) in self.links else (5 - depth) * LEVEL

    def switch(self, one: tuple[DeviceKey, Device]) -> Hashable:
        return {0: "up", 1: "left", 2: "right"}.get(sum(self._places.get(one[0], ())))

    def join(self, one: DeviceKey, other: DeviceKey, link: Connection) -> None:
        self.links[one, other] = self.links[other, one] = link


Preferred = tuple[Instance, Places]


def preferring(random: Random, features: Features, *, linked: bool = False) -> Preferred:
    """An instance whose claims prefer some devices to others, and where its devices are."""
    claims, classes, slices, in_use, node = random_instance(random, features)
    slices = [_placed(each, random) for each in slices]
    keys = sorted(
        {(each.spec.driver, each.spec.pool.name, one.name) for each in slices for one in each.spec.devices}
    )
    ways = {key: tuple(random.randint(0, 1) for _ in range(3)) for key in keys}
    places = Places(ways, random.choice((0, random.randint(1, 10**6))))
    for one, other in combinations(keys, 2):
        if random.random() < (0.6 if linked else 0.2):
            kind = random.choice(("nvlink", "nvlink", "xgmi"))
            places.join(one, other, Connection(kind, mb_s=random.choice((0, 100, 1000))))
    claims = [_prefers(each, random, linked=linked) for each in claims]
    return Instance(claims, classes, slices, in_use, node), places


def preferred(*, linked: bool = False) -> st.SearchStrategy[Preferred]:
    """Instances with some of all features whose claims prefer something."""

    def one(random: Random) -> Preferred:
        features = frozenset(each for each in sorted(EVERYTHING) if random.random() < 0.25)
        return preferring(random, features, linked=linked)

    return st.builds(one, st.randoms(use_true_random=False))


def preferences(claim: ResourceClaim, requests: tuple[str, ...] = (), **wanted: Any) -> ResourceClaim:
    """The claim with preferences about these requests, added to those that it has."""
    parameters = {"apiVersion": "cod.dev/v1", "kind": "Preferences", **wanted}
    config = ClaimConfig(requests, OpaqueConfig("cod.dev", parameters))
    devices = claim.spec.devices
    return replace(
        claim, spec=replace(claim.spec, devices=replace(devices, config=(*devices.config, config)))
    )


def _prefers(claim: ResourceClaim, random: Random, *, linked: bool) -> ResourceClaim:
    names = [each.name for each in claim.requests]
    for _ in range(random.choice((1, 1, 2))):
        requests = tuple(random.sample(names, random.randint(1, len(names)))) if random.random() < 0.4 else ()
        wanted: dict[str, Any] = {"closest": True} if random.random() < 0.6 else {}
        if random.random() < 0.7:
            wanted["prefer"] = [_soft(random) for _ in range(random.choice((1, 1, 2)))]
        claim = preferences(claim, requests, **wanted)
    if linked and len(names) > 1:
        one, other = random.sample(names, 2)
        tie = {"from": one, "to": other}
        tie |= random.choice(({}, {"kind": "nvlink"}, {"minBandwidth": "100M"}, {"minBandwidth": "101M"}))
        claim = preferences(claim, connected=[tie])
    return claim


def _soft(random: Random) -> dict[str, Any]:
    wish: dict[str, Any] = random.choice(
        (
            {"same": random.choice(ATTRIBUTES)},
            {"spread": random.choice(ATTRIBUTES)},
            {"least": random.choice(("mem", f"{STANDARD}/y"))},
            {"fewest": "switches"},
            {"selector": random.choice(SELECTORS)},
        )
    )
    return wish | ({"weight": random.choice((2, 3, 10))} if random.random() < 0.5 else {})


def _placed(slice_: ResourceSlice, random: Random) -> ResourceSlice:
    """The slice with some of its devices on NUMA nodes and below root complexes."""
    devices = []
    for each in slice_.spec.devices:
        more = {}
        if random.random() < 0.6:
            more[NUMA_NODE] = Attribute(int_=random.randint(0, 1))
        if random.random() < 0.4:
            more[PCIE_ROOT] = Attribute(string=random.choice("ab"))
        devices.append(replace(each, attributes={**each.attributes, **more}))
    return replace(slice_, spec=replace(slice_.spec, devices=tuple(devices)))


def alike(random: Random) -> Preferred:
    """An instance of devices that differ in little but where they are, and of requests that are alike."""
    names = [f"x{number}" for number in range(random.randint(4, 7))]
    is_shared = random.random() < 0.5
    devices = [shared(each, "2") if is_shared and random.random() < 0.7 else {"name": each} for each in names]
    count = random.randint(2, 3)
    amount = mem("1") if all("capacity" in each for each in devices) else {}
    wanted = claim_of(*(ask(f"r{number}", random.randint(1, 2), **amount) for number in range(count)))
    wanted = preferences(wanted, closest=True)
    if random.random() < 0.5:
        wanted = preferences(wanted, ("r0",), prefer=[_soft(random)])
    if random.random() < 0.5:
        wanted = preferences(wanted, connected=[{"from": "r0", "to": "r1"}])
    ways = {("d", "p", each): tuple(random.randint(0, 1) for _ in range(3)) for each in names}
    places = Places(ways, random.choice((0, random.randint(1, 10**6))), levels=random.randint(1, 2))
    for one, other in combinations(ways, 2):
        if random.random() < 0.6:
            places.join(one, other, Connection("nvlink"))
    return Instance([wanted], CLASSES, [slice_(*devices)], {}, NODE), places

"""Small instances of the allocator's question, with each of its features alone, and with many at once.

`random_instance` makes one of a `random.Random`; `instances` is the same as a hypothesis strategy.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import NamedTuple

from hypothesis import strategies as st

from cod.allocate.in_use import InUse
from cod.resource import DeviceClass, ResourceClaim, ResourceSlice
from tests.allocate.random_claims import random_claims, random_classes, random_use
from tests.allocate.random_slices import Features, random_slices

ALONE: dict[str, Features] = {
    "plain": frozenset({"claims"}),
    "pools": frozenset({"pools"}),
    "nodes": frozenset({"nodes"}),
    "selectors": frozenset({"selectors"}),
    "all": frozenset({"all", "claims"}),
    "alternatives": frozenset({"alternatives"}),
    "admin": frozenset({"admin", "claims", "in use"}),
    "match": frozenset({"match"}),
    "distinct": frozenset({"distinct"}),
    "types": frozenset({"match", "distinct", "types"}),
    "lists": frozenset({"match", "distinct", "lists"}),
    "taints": frozenset({"taints"}),
    "counters": frozenset({"counters", "in use"}),
    "capacity": frozenset({"capacity", "in use"}),
    "shared counters": frozenset({"capacity", "counters", "in use", "claims"}),
    "in use": frozenset({"in use"}),
    "binding": frozenset({"binding", "nodes"}),
    "config": frozenset({"config", "alternatives"}),
    "alternatives across claims": frozenset({"alternatives", "claims", "in use"}),
    "alternatives and constraints": frozenset({"alternatives", "match", "distinct"}),
    "pools of counters": frozenset({"pools", "counters", "in use"}),
    "counters on many nodes": frozenset({"pools", "nodes", "counters", "claims"}),
    "three with lists": frozenset({"match", "lists"}),
    "all and constraints": frozenset({"all", "match", "distinct", "selectors"}),
    "all of the shared": frozenset({"all", "capacity", "in use", "claims"}),
}
EVERYTHING: Features = frozenset().union(*ALONE.values())


class Place(NamedTuple):
    """A node."""

    name: str
    labels: Mapping[str, str]


class Instance(NamedTuple):
    """One question to the allocator."""

    claims: list[ResourceClaim]
    classes: list[DeviceClass]
    slices: list[ResourceSlice]
    in_use: InUse
    node: Place | None


NODE = Place("n0", {"zone": "z0", "cards": "2"})


def random_instance(random: Random, features: Features) -> Instance:
    """An instance with these features, each of which may show or not."""
    slices = random_slices(random, features)
    classes = random_classes(random, features)
    claims = random_claims(random, features, classes)
    used = random_use(random, slices) if "in use" in features else {}
    anywhere = "nodes" in features and random.random() < 0.1
    return Instance(claims, classes, slices, used, None if anywhere else NODE)


def mixed_instance(random: Random) -> Instance:
    """An instance with some of all features."""
    return random_instance(random, frozenset(each for each in sorted(EVERYTHING) if random.random() < 0.3))


def instances(features: Features) -> st.SearchStrategy[Instance]:
    """Instances with these features."""
    return st.builds(random_instance, st.randoms(use_true_random=False), st.just(features))


def mixed_instances() -> st.SearchStrategy[Instance]:
    """Instances with some of all features."""
    return st.builds(mixed_instance, st.randoms(use_true_random=False))

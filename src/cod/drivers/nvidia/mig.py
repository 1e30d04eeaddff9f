"""MIG: how a GPU can be cut into instances, and what of it each of them takes.

A GPU has memory slices. An instance of a profile (`1g.5gb`) occupies some that follow each other, from a
start where NVIDIA allows it, and takes engines from the GPU's stock. With a counter for each slice and each
sort of engine, any set of instances that fits the counters can be made.

Only for the models below is it public where instances may lie. Source: NVIDIA MIG User Guide § Supported MIG
Profiles; placements and sizes of memory as in NVIDIA's go-nvml (A100, A30).
"""

from __future__ import annotations

import re
from functools import cached_property

from msgspec import Struct

from cod.resource import Capacity, Counter, CounterConsumption, CounterSet


class Profile(Struct, frozen=True):
    """A size of instance: what it takes of each stock, how many memory slices, and where these may start."""

    name: str
    stock: dict[str, int]
    memory_mib: int
    slices: int
    starts: tuple[int, ...]


class Partition(Struct, frozen=True):
    """An instance that can be made: a profile at a start. Its label is unique on its GPU: `1g-5gb-0`.

    `capacity` is what it has, under names that capacities have in the API; `counters` is what it takes.
    """

    label: str
    profile: Profile
    start: int
    capacity: dict[str, Capacity]
    counters: dict[str, Counter]

    def takes(self, counter_set: str) -> CounterConsumption:
        """What it takes of its GPU's counters."""
        return CounterConsumption(counter_set, self.counters)


class Geometry(Struct, frozen=True, dict=True):
    """All instances that a model of GPU can have. The first profile is the whole GPU as one instance."""

    profiles: tuple[Profile, ...]

    @cached_property
    def whole(self) -> Partition:
        """The instance with everything. A GPU that is not cut has as much, and a little more memory."""
        return _partition(self.profiles[0], 0)

    @cached_property
    def partitions(self) -> tuple[Partition, ...]:
        """Every instance at every place, small ones first."""
        return tuple(_partition(each, start) for each in reversed(self.profiles) for start in each.starts)

    def counter_set(self, name: str) -> CounterSet:
        """The GPU's stock."""
        return CounterSet(name, self.whole.counters)


def geometry_of(model: str) -> Geometry | None:
    """The geometry of a GPU by its model, `NVIDIA A100-SXM4-40GB`; None where it is not known."""
    for pattern, geometry in _MODELS:
        if pattern.fullmatch(model):
            return geometry
    return None


_STOCK = ("multiprocessors", "compute-slices", "copy-engines", "decoders", "jpeg-engines", "ofa-engines")


def _partition(profile: Profile, start: int) -> Partition:
    label = f"{profile.name.replace('.', '-').replace('+', '-')}-{start}"
    return Partition(label, profile, start, _capacity(profile), _counters(profile, start))


def _counters(profile: Profile, start: int) -> dict[str, Counter]:
    amounts = {name: str(amount) for name, amount in profile.stock.items() if amount}
    amounts["memory"] = f"{profile.memory_mib}Mi"
    amounts |= {f"memory-slice-{number}": "1" for number in range(start, start + profile.slices)}
    return {name: Counter(amount) for name, amount in amounts.items()}


def _capacity(profile: Profile) -> dict[str, Capacity]:
    found = {"memory": Capacity(f"{profile.memory_mib}Mi")}
    for name, amount in profile.stock.items():
        first, *others = name.split("-")
        found[first + "".join(map(str.capitalize, others))] = Capacity(str(amount))
    return found


_Row = tuple[str, tuple[int, ...], int, tuple[int, ...]]
"""Compute slices and suffix, the stock, memory slices, starts."""

_A100: tuple[_Row, ...] = (
    ("7g", (98, 7, 7, 5, 1, 1), 8, (0,)),
    ("4g", (56, 4, 4, 2, 0, 0), 4, (0,)),
    ("3g", (42, 3, 3, 2, 0, 0), 4, (0, 4)),
    ("2g", (28, 2, 2, 1, 0, 0), 2, (0, 2, 4)),
    ("1g", (14, 1, 1, 1, 0, 0), 2, (0, 2, 4, 6)),
    ("1g+me", (14, 1, 1, 1, 1, 1), 1, (0, 1, 2, 3, 4, 5, 6)),
    ("1g", (14, 1, 1, 0, 0, 0), 1, (0, 1, 2, 3, 4, 5, 6)),
)
_A30: tuple[_Row, ...] = (
    ("4g", (56, 4, 4, 4, 1, 1), 4, (0,)),
    ("2g+me", (28, 2, 2, 2, 1, 1), 2, (0, 2)),
    ("2g", (28, 2, 2, 2, 0, 0), 2, (0, 2)),
    ("1g+me", (14, 1, 1, 1, 1, 1), 1, (0, 1, 2, 3)),
    ("1g", (14, 1, 1, 0, 0, 0), 1, (0, 1, 2, 3)),
)


def _geometry(rows: tuple[_Row, ...], gb_of_slice: int, mib: dict[int, int]) -> Geometry:
    """A table as profiles; `mib` is how much memory so many slices have."""
    profiles = []
    for size, stock, slices, starts in rows:
        compute, plus, suffix = size.partition("+")
        name = f"{compute}.{slices * gb_of_slice}gb{plus}{suffix}"
        profiles.append(Profile(name, dict(zip(_STOCK, stock, strict=True)), mib[slices], slices, starts))
    return Geometry(tuple(profiles))


A100_40GB = _geometry(_A100, 5, {1: 4864, 2: 9856, 4: 19968, 8: 40192})
A100_80GB = _geometry(_A100, 10, {1: 9856, 2: 19968, 4: 40192, 8: 80384})
A30_24GB = _geometry(_A30, 6, {1: 5836, 2: 11672, 4: 23344})

_MODELS = (
    (re.compile(r"(NVIDIA )?A100[- ](SXM4-|PCIE-)?40GB( PCIe)?"), A100_40GB),
    (re.compile(r"(NVIDIA )?A100[- ](SXM4-|PCIE-)?80GB( PCIe)?"), A100_80GB),
    (re.compile(r"(NVIDIA )?A30(-PCIE-24GB)?"), A30_24GB),
)

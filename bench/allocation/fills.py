"""Fills: pods that come one after the other, each of which takes what it is given."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from bench.allocation.clusters import big_h200, node_names, servers
from bench.allocation.partitions import CLASSES, MEMORY, PROFILES, cut_server, of_profile
from bench.allocation.words import DRIVER, GPU, NODE, NUMA, Input, Pod, match, pod, request


def cluster_fill(count: int = 100, pods: int = 820) -> Input:
    """One-GPU pods into servers of eight until they are full, and 20 too many."""
    return Input(
        title=f"{pods} pods of 1 into {count} nodes of 8",
        slices=servers(count),
        classes=GPU,
        nodes=node_names(count),
        pods=tuple(pod(f"p{number}", [request("r", 1, big_h200(0))]) for number in range(pods)),
        fits=min(pods, count * 8),
    )


def packing() -> Iterator[Input]:
    """Where to take the first device that fits leaves pods without one that could have had it."""
    for order in ("3g 4g", "2g 4g", "1g 4g", "1g 2g 4g", "2g 1g 1g 3g", "3g 1g 1g 1g 1g"):
        yield _partition_fill(f"1 GPU: {order}", 1, [_PROFILE[each] for each in order.split()])
    yield _partition_fill("8 GPUs: 8× 1g, then 7× 7g", 8, ["1g.5gb"] * 8 + ["7g.40gb"] * 7)
    for seed in range(6):
        yield _partition_fill(f"8 GPUs: random {seed}", 8, _random_profiles(seed))
    yield _numa_fill("numa 4 and 1 free: 1, 4", [1, 4], taken=(5, 6, 7))
    yield _numa_fill("numa 4 and 4 free: 1, 4, 1, 1, 1", [1, 4, 1, 1, 1])
    yield _numa_fill("numa 4 and 4 free: 1, 3, 1, 2, 1", [1, 3, 1, 2, 1])
    yield _numa_fill("numa 4 and 4 free: 2, 1, 4, 1", [2, 1, 4, 1])


_PROFILE = {name.partition(".")[0]: name for name in PROFILES if name != "1g.10gb"}


def _partition_fill(title: str, gpus: int, profiles: Sequence[str]) -> Input:
    pods = tuple(
        pod(f"p{number}-{profile.partition('.')[0]}", [of_profile("r", 1, profile)])
        for number, profile in enumerate(profiles)
    )
    return Input(title=title, slices=cut_server(gpus), classes=CLASSES, pods=pods)


def _random_profiles(seed: int) -> list[str]:
    """Partitions that have, added up, as many memory slices as there are in eight GPUs."""
    chance = random.Random(seed)
    wanted = []
    left = 8 * MEMORY
    while left:
        profile = chance.choice(list(_PROFILE.values()))
        if PROFILES[profile][1] > left:
            profile = "1g.5gb"
        wanted.append(profile)
        left -= PROFILES[profile][1]
    return wanted


def _numa_fill(title: str, counts: Sequence[int], taken: Sequence[int] = ()) -> Input:
    """Pods that want all their GPUs at one NUMA node, on a server with four at each."""
    return Input(
        title=title,
        slices=servers(1),
        classes=GPU,
        pods=tuple(_numa_pod(f"p{number}-{count}", count) for number, count in enumerate(counts)),
        allocated=tuple((DRIVER, NODE, f"gpu-{index}") for index in taken),
        fits=len(counts),
    )


def _numa_pod(name: str, count: int) -> Pod:
    return pod(name, [request("r", count)], [match(NUMA)] if count > 1 else [])

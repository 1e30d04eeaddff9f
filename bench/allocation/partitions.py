"""GPUs that can be cut into partitions, each with its place; all draw on the counters of their GPU.

As NVIDIA's A100 with 40 GB: seven compute slices, eight memory slices; a partition begins only at certain
memory slices.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from bench.allocation.words import (
    DRIVER,
    NODE,
    Input,
    attribute_is,
    claim,
    device,
    device_class,
    request,
)
from cod.resource import (
    Counter,
    CounterConsumption,
    CounterSet,
    Device,
    DeviceRequest,
    ResourceSlice,
    resource_slices,
)

COMPUTE = 7
MEMORY = 8  # slices of 5 Gi

PROFILES = {
    "1g.5gb": (1, 1, range(7)),
    "1g.10gb": (1, 2, range(0, 8, 2)),
    "2g.10gb": (2, 2, (0, 2, 4)),
    "3g.20gb": (3, 4, (0, 4)),
    "4g.20gb": (4, 4, (0,)),
    "7g.40gb": (7, 8, (0,)),
}
"""Compute slices, memory slices, and where a partition may begin."""

SMALL_FIRST = tuple(PROFILES)
LARGE_FIRST = ("7g.40gb", "4g.20gb", "3g.20gb", "2g.10gb", "1g.10gb", "1g.5gb")
CLASSES = (device_class("mig"),)


def partitions(gpu: int, order: tuple[str, ...] = SMALL_FIRST) -> list[Device]:
    """All partitions that a GPU can be cut into."""
    return [_partition(gpu, profile, start) for profile in order for start in PROFILES[profile][2]]


def _partition(gpu: int, profile: str, start: int) -> Device:
    compute, memory, _ = PROFILES[profile]
    size = f"{memory * 5}Gi"
    counters = {"sm": str(compute), "mem": size, **{f"slice-{n}": "1" for n in range(start, start + memory)}}
    plain = device(
        f"gpu-{gpu}-mig-{profile.replace('.', '-')}-{start}",
        {"profile": profile, "parent": gpu, "type": "mig"},
        {"memory": size},
    )
    takes = CounterConsumption(counter_set=f"gpu-{gpu}", counters=_counters(counters))
    return replace(plain, consumes_counters=(takes,))


def _counters(amounts: dict[str, str]) -> dict[str, Counter]:
    return {name: Counter(value=amount) for name, amount in amounts.items()}


def _counter_set(gpu: int) -> CounterSet:
    amounts = {"sm": str(COMPUTE), "mem": f"{MEMORY * 5}Gi", **{f"slice-{n}": "1" for n in range(MEMORY)}}
    return CounterSet(name=f"gpu-{gpu}", counters=_counters(amounts))


def cut_server(gpus: int, order: tuple[str, ...] = SMALL_FIRST) -> tuple[ResourceSlice, ...]:
    """The slices of one node whose GPUs can be cut."""
    devices = [each for gpu in range(gpus) for each in partitions(gpu, order)]
    return resource_slices(DRIVER, NODE, devices, [_counter_set(gpu) for gpu in range(gpus)])


def of_profile(name: str, count: int, profile: str) -> DeviceRequest:
    return request(name, count, attribute_is("profile", profile), of="mig")


def _large(name: str, count: int) -> DeviceRequest:
    enough = f'device.capacity["{DRIVER}"].memory.compareTo(quantity("20Gi")) >= 0'
    return request(name, count, enough, of="mig")


def partition_cases() -> Iterator[Input]:
    """Whole servers, in both orders of the devices; then two GPUs that have too little."""
    there = (
        ("1× 1g", [of_profile("a", 1, "1g.5gb")]),
        ("8× 7g", [of_profile("a", 8, "7g.40gb")]),
        ("16× 3g", [of_profile("a", 16, "3g.20gb")]),
        ("any 8", [request("a", 8, of="mig")]),
        ("8× 20 Gi or more", [_large("a", 8)]),
        ("8× 4g, 8× 3g", [of_profile("a", 8, "4g.20gb"), of_profile("b", 8, "3g.20gb")]),
        ("8× 3g, 8× 4g", [of_profile("b", 8, "3g.20gb"), of_profile("a", 8, "4g.20gb")]),
    )
    too_much = (
        ("3× 4g", [of_profile("a", 3, "4g.20gb")]),
        ("15× 1g", [of_profile("a", 15, "1g.5gb")]),
        ("5× 3g", [of_profile("a", 5, "3g.20gb")]),
        ("any 15", [request("a", 15, of="mig")]),
        ("3+2 of 20 Gi or more", [_large("a", 3), _large("b", 2)]),
    )
    for order, which in ((SMALL_FIRST, "small first"), (LARGE_FIRST, "large first")):
        for title, requests in there:
            yield _cut(f"8 GPUs {which}: {title}", 8, order, requests, fits=True)
    for title, requests in too_much:
        yield _cut(f"2 GPUs: {title}", 2, SMALL_FIRST, requests, fits=False)


def _cut(
    title: str, gpus: int, order: tuple[str, ...], requests: list[DeviceRequest], *, fits: bool
) -> Input:
    return Input(
        title=title,
        slices=cut_server(gpus, order),
        classes=CLASSES,
        claims=(claim("c", requests),),
        fits=int(fits),
    )

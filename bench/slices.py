"""How fast slices are built, encoded and decoded, against `json` over the same data in the same run.

    python -m bench.slices [QUICK]

20,000 nodes with 8 devices each, every device with seven attributes and a capacity; QUICK has 1,000 nodes.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable
from typing import TypeVar

import msgspec

from cod.resource import (
    NUMA_NODE,
    PCI_BUS_ID,
    PCIE_ROOT,
    Attribute,
    Capacity,
    Device,
    ResourceSlice,
    decode,
    encode,
    problems,
    resource_slices,
)

NODES = 1_000 if len(sys.argv) > 1 else 20_000
DEVICES = 8
DRIVER = "gpu.example.com"

T = TypeVar("T")


def timed(action: Callable[[], T], rounds: int = 3) -> tuple[float, T]:
    """The shortest of some times, in seconds, that an action takes, and what it gave last."""
    times = []
    for _ in range(rounds):
        given = None
        gc.collect()
        start = time.perf_counter()
        given = action()
        times.append(time.perf_counter() - start)
    assert given is not None
    return min(times), given


def row(what: str, seconds: float, yardstick: float, goal: str) -> None:
    print(f"{what:<58} {seconds:>7.2f} s {seconds / yardstick:>6.2f}   {goal}")


def device(node: int, index: int) -> Device:
    numa = index // (DEVICES // 2)
    return Device(
        f"gpu-{index}",
        {
            "model": Attribute(string="Example H100"),
            "uuid": Attribute(string=f"GPU-{node:08x}-{index:04x}"),
            "driverVersion": Attribute(version="570.86.15"),
            "healthy": Attribute(bool_=True),
            PCI_BUS_ID: Attribute(string=f"0000:{0x17 + index:02x}:00.0"),
            PCIE_ROOT: Attribute(string=f"pci0000:{0x16 + index:02x}"),
            NUMA_NODE: Attribute(int_=numa),
        },
        {"memory": Capacity("80Gi")},
    )


def build() -> list[ResourceSlice]:
    return [
        each
        for node in range(NODES)
        for each in resource_slices(DRIVER, f"node-{node}", [device(node, index) for index in range(DEVICES)])
    ]


def main() -> None:
    building, slices = timed(build)
    encoding, texts = timed(lambda: [encode(each) for each in slices])
    whole, document = timed(lambda: encode(slices))
    decoding, again = timed(lambda: [each for text in texts for each in decode(text)])
    assert again == slices
    del again
    of_list, again = timed(lambda: decode(document))
    assert again == slices
    checking, flaws = timed(lambda: [flaw for each in slices for flaw in problems(each)])
    assert not flaws
    del again
    plain = [msgspec.to_builtins(each) for each in slices]
    dumping, _ = timed(lambda: [json.dumps(each) for each in plain])
    loading, _ = timed(lambda: [json.loads(text) for text in texts])
    size = sum(map(len, texts)) / 1e6
    print(f"{NODES} nodes x {DEVICES} devices, {size:.0f} MB; seconds, and the ratio to json of the same")
    row("build and encode / json.dumps", building + encoding, dumping, "under 10 s")
    row("encode alone / json.dumps", encoding, dumping, "")
    row("encode as one list / json.dumps", whole, dumping, "")
    row("decode each / json.loads", decoding, loading, "under 1 s")
    row("decode one list / json.loads", of_list, loading, "under 1 s")
    row("check by all rules / json.loads", checking, loading, "")


if __name__ == "__main__":
    main()

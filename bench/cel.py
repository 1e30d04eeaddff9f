"""How fast selectors are compiled, and evaluated for one device and for many.

    python -m bench.cel [DEVICES]

100,000 devices unless another number is given; each figure stands beside its goal.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from cod.cel import DeviceTable, compile_selector
from cod.resource import Attribute, Capacity, Device

DEVICES = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
DRIVER = "gpu.example.com"
MODELS = ("A100", "H100", "H200", "B200", "L40S")
A, C = f'device.attributes["{DRIVER}"]', f'device.capacity["{DRIVER}"]'
TYPICAL = f'{A}.model == "H200" && {C}.memory.compareTo(quantity("80Gi")) >= 0'
MANY = {
    "model and memory": TYPICAL,
    "one uuid, different on each device": f'{A}.uuid == "GPU-00000011"',
    "the start of each uuid": f'{A}.uuid.startsWith("GPU-")',
    "a guard, and a number": f'"{DRIVER}" in device.attributes && {A}.numaNode == 1',
    "a loop over all names": f'{A}.exists(name, name == "model")',
}


def shortest(action: Callable[[], object], count: int, rounds: int = 7) -> float:
    """The shortest of some times that an action takes, in µs, of `count` each."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(count):
            action()
        times.append((time.perf_counter() - start) / count)
    return min(times) * 1e6


def row(what: str, microseconds: float, goal: str = "") -> None:
    print(f"{what:<62} {microseconds:>9.4f} µs   {goal}")


def device(index: int) -> Device:
    return Device(
        f"gpu-{index % 8}",
        {
            "model": Attribute(string=MODELS[index % len(MODELS)]),
            "uuid": Attribute(string=f"GPU-{index:08x}"),
            "driverVersion": Attribute(version="570.86.15"),
            "numaNode": Attribute(int_=index % 8 // 4),
        },
        {"memory": Capacity("141Gi" if index % 3 else "80Gi")},
    )


def main() -> None:
    compiled = compile_selector.__wrapped__
    selector = compiled(TYPICAL)
    one = device(2)
    row("compile a typical selector", shortest(lambda: compiled(TYPICAL), 200), "under 150 µs")
    row("and estimate its cost, before it first runs", shortest(lambda: compiled(TYPICAL).estimate, 200))
    row("evaluate it for a device", shortest(lambda: selector.matches(DRIVER, one), 5000), "under 2 µs")
    row("count what that cost", shortest(lambda: selector.cost(DRIVER, one), 200))
    devices = [(DRIVER, device(index)) for index in range(DEVICES)]
    print(f"{DEVICES} devices, times for each of them")
    DeviceTable(devices[:1]).codes(DRIVER, "model")  # NumPy is imported here
    for name in ("model", "uuid"):
        table = DeviceTable(devices)
        made = shortest(lambda table=table, name=name: table.codes(DRIVER, name), 1, 1)  # type: ignore[misc]
        row(f"make the column of {name}", made / DEVICES, "about 1 µs")
    table = DeviceTable(devices)
    for what, expression in MANY.items():
        selector = compile_selector(expression)
        goal = "" if "each uuid" in what or "loop" in what else "under 0.1 µs"
        selector.column(table)
        row(what, shortest(lambda selector=selector: selector.column(table), 1) / DEVICES, goal)  # type: ignore[misc]


if __name__ == "__main__":
    main()

"""What discovery costs: whole processes, and each driver where there is nothing for it.

    python -m bench.discover

Figures are CPU time, user and system; the yardstick is a Python that imports what every command does and asks
nothing. Measure in an environment with the package alone: one with `typing_extensions` starts 10 ms slower.
A driver's first discovery includes what it imports and compiles then; `again` is the best of the later ones.
"""

from __future__ import annotations

import subprocess
import sys
import time
from compileall import compile_dir
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from tempfile import TemporaryDirectory

import cod
from cod.drivers import Driver, FoundDevice
from cod.drivers.installed import BUILT_IN
from cod.host import Host, open_host

RUNS = 15
PROCESSES = {
    "python, nothing imported": ("-c", "pass"),
    "python, with cod's modules": (
        "-c",
        "import gc; gc.disable(); import cod.cli.main, cod.drivers, cod.host.simulate; gc.freeze()",
    ),
    "cod device list": ("-m", "cod", "device", "list"),
    "cod --host sim:8gpu device list": ("-m", "cod", "--host", "sim:8gpu", "device", "list"),
    "cod --host sim:8gpu topology -o svg": ("-m", "cod", "--host", "sim:8gpu", "topology", "-o", "svg"),
}


def main() -> None:
    compile_dir(
        Path(cod.__file__).parent, quiet=1
    )  # as an installed package is; else each start compiles anew
    print(f"{'whole process':<40}{'CPU ms: least':>15}{'median':>8}{'modules':>9}")
    for name, words in PROCESSES.items():
        times = sorted(cpu_ms(words) for _ in range(RUNS))
        print(f"{name:<40}{times[0]:>15.0f}{times[len(times) // 2]:>8.0f}{modules(words):>9}")
    heads = f"{'/: first':>9}{'again':>7}{'sim:8gpu':>10}{'nothing':>9}{'devices of /':>14}"
    print(f"\n{'driver: ms on':<18}{heads}")
    with TemporaryDirectory() as empty:
        here, *others = (open_host(name) for name in ("/", "sim:8gpu", empty))
        here.pci  # noqa: B018 - read once for all drivers
        for driver in BUILT_IN:
            first, again = driver_ms(driver, here, 1), driver_ms(driver, here)
            found = sum(isinstance(each, FoundDevice) for each in driver.discover(here))
            rest = [driver_ms(driver, host) for host in others]
            print(f"{driver.name:<18}{first:>9.2f}{again:>7.2f}{rest[0]:>10.2f}{rest[1]:>9.2f}{found:>14}")


def cpu_ms(words: tuple[str, ...]) -> float:
    """The CPU time of one process, started and waited for."""
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
    )
    after = getrusage(RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def modules(words: tuple[str, ...]) -> int:
    """How many modules a process imports, those of Python itself among them."""
    run = subprocess.run(
        [sys.executable, "-X", "importtime", *words], capture_output=True, text=True, check=False
    )
    return run.stderr.count("import time:") - 1  # the first line is a heading


def driver_ms(driver: Driver, host: Host, runs: int = RUNS) -> float:
    """The best of so many discoveries in this process, with what the host has read already."""
    best = float("inf")
    for _ in range(runs):
        start = time.perf_counter()
        list(driver.discover(host))
        best = min(best, time.perf_counter() - start)
    return 1000 * best


if __name__ == "__main__":
    main()

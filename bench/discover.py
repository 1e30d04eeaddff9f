"""What discovery costs: whole processes, and each driver where there is nothing for it.

    python -m bench.discover

Figures are CPU time, user and system; the yardstick is a Python that imports what every command does and asks
nothing. Measure in an environment with the package alone: one with `typing_extensions` starts 10 ms slower.
"""

from __future__ import annotations

import subprocess
import sys
import time
from compileall import compile_dir
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import cod
from cod.drivers import Driver
from cod.drivers.installed import BUILT_IN
from cod.host import Host, open_host

RUNS = 15
PROCESSES = {
    "python, nothing imported": ("-c", "pass"),
    "python, with cod's modules": ("-c", "import cod.cli.main, cod.drivers, cod.host.simulate"),
    "cod device list": ("-m", "cod", "device", "list"),
    "cod --host sim:8gpu device list": ("-m", "cod", "--host", "sim:8gpu", "device", "list"),
    "cod --host sim:8gpu topology -o svg": ("-m", "cod", "--host", "sim:8gpu", "topology", "-o", "svg"),
}


def main() -> None:
    compile_dir(
        Path(cod.__file__).parent, quiet=1
    )  # as an installed package is; else each start compiles anew
    print(f"{'whole process':<40}{'CPU ms: least':>15}{'median':>8}")
    for name, words in PROCESSES.items():
        times = sorted(cpu_ms(words) for _ in range(RUNS))
        print(f"{name:<40}{times[0]:>15.0f}{times[len(times) // 2]:>8.0f}")
    print(f"\n{'driver, on this machine and on sim:8gpu':<40}{'ms':>15}{'ms':>8}")
    here, simulated = open_host("/"), open_host("sim:8gpu")
    for driver in BUILT_IN:
        figures = [driver_ms(driver, host) for host in (here, simulated)]
        print(f"{driver.name:<40}{figures[0]:>15.2f}{figures[1]:>8.2f}")


def cpu_ms(words: tuple[str, ...]) -> float:
    """The CPU time of one process, started and waited for."""
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
    )
    after = getrusage(RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def driver_ms(driver: Driver, host: Host) -> float:
    """The best of several discoveries in this process, with what the host has read already."""
    best = float("inf")
    for _ in range(RUNS):
        start = time.perf_counter()
        list(driver.discover(host))
        best = min(best, time.perf_counter() - start)
    return 1000 * best


if __name__ == "__main__":
    main()

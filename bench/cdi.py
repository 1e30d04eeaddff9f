"""How fast `cod.cdi` is, against yardsticks of the same run. `make bench` prints this.

    python -m bench.cdi [QUICK]

Loading is compared with `json.loads` (JSON) and with PyYAML's C loader (YAML) over the same files, reading
included. Times in process are the best of some rounds, CPU of whole processes is the median of some runs. The
tools for tests bring typing_extensions into an environment, and with it msgspec starts up to 10 ms later: for
whole processes as users have them, run this in an environment that has the package alone.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from bench.registries import CONFIG, device_of, kind_of, make_registry
from cod.cdi.cache import SpecCache
from cod.cdi.files import SETTLING_NS
from cod.cdi.registry import Registry

QUICK = len(sys.argv) > 1
ROUNDS = 3 if QUICK else 7
RUNS = 5 if QUICK else 15


def best(action: Callable[[], object], rounds: int = ROUNDS) -> float:
    """The shortest of some runs, in seconds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def row(what: str, value: str, goal: str) -> None:
    print(f"{what:<58} {value:>12}   {goal}")


def settle() -> None:
    """Wait until files just written count as unchanged: before, the cache does not trust their times."""
    time.sleep(SETTLING_NS / 1e9 + 0.1)


def loading(root: Path) -> None:
    print("\nloading and checking a registry, as a ratio")
    for files, devices in ((100, 100), (1000, 8)):
        directory = root / f"json-{files}-{devices}"
        paths = make_registry(directory, files, devices, "json")
        settle()
        yardstick = best(lambda paths=paths: [json.loads(path.read_bytes()) for path in paths])  # type: ignore[misc]
        cold = best(lambda directory=directory: Registry([directory]))  # type: ignore[misc]
        warm, every = warm_times(root, directory)
        name = f"{files} x {devices} JSON"
        row(f"{name}, cold / json.loads ({yardstick * 1e3:.0f} ms)", f"{cold / yardstick:.2f}", "at most 2.0")
        row(f"{name}, warm / json.loads", f"{warm / yardstick:.2f}", "at most 0.3")
        row(f"{name}, warm, then every spec decoded / json.loads", f"{every / yardstick:.2f}", "")
    directory = root / "yaml"
    paths = make_registry(directory, 10 if QUICK else 100, 8, "yaml")
    settle()
    yardstick = best(lambda: [yaml.load(path.read_bytes(), yaml.CSafeLoader) for path in paths], 3)
    cold = best(lambda: Registry([directory]), 3)
    warm, _ = warm_times(root, directory)
    row(
        f"{len(paths)} x 8 YAML, cold / PyYAML's C loader ({yardstick * 1e3:.0f} ms)",
        f"{cold / yardstick:.2f}",
        "at most 1.2",
    )
    row(f"{len(paths)} x 8 YAML, warm / PyYAML's C loader", f"{warm / yardstick:.3f}", "")


def warm_times(root: Path, directory: Path) -> tuple[float, float]:
    """Seconds to open a registry whose cache is on disk, and to decode all of its specs, too."""

    def opened() -> Registry:
        return Registry([directory], cache=SpecCache(str(root / "cache"), [str(directory)]))

    def decoded() -> None:
        registry = opened()
        for file in registry.files:
            registry.spec(file)

    opened()
    return best(opened), best(decoded)


def injecting(root: Path) -> None:
    print("\ninjecting in process, from a loaded registry")
    registry = Registry([root / "json-100-100"])
    for count, goal in ((1, "at most 30 µs"), (8, "at most 120 µs")):
        names = [f"{kind_of(7)}={device_of(7, device)}" for device in range(count)]
        registry.inject(CONFIG, names)
        seconds = best(lambda names=names: [registry.inject(CONFIG, names) for _ in range(200)]) / 200  # type: ignore[misc]
        row(f"{count} device{'s' if count > 1 else ''}", f"{seconds * 1e6:.1f} µs", goal)


def processes(root: Path) -> None:
    print("\nwhole processes with a warm cache, CPU (user + system)")
    cod = str(Path(sys.executable).with_name("cod"))
    config = root / "config.json"
    config.write_text(json.dumps(CONFIG))
    for files in (1, 10, 100, 1000):
        directory = root / f"process-{files}"
        make_registry(directory, files, 8, "json")
        settle()
        environ = os.environ | {"COD_SPEC_DIRS": str(directory), "COD_CACHE": str(root / "cache")}
        name = f"{kind_of(files - 1)}={device_of(files - 1, 1)}"
        inject = cpu([cod, "spec", "inject", str(config), name], environ)
        listed = cpu([cod, "spec", "devices", "-o", "json"], environ)
        row(f"cod spec inject, {files} x 8", f"{inject * 1e3:.0f} ms", "at most 90 ms")
        row(f"cod spec devices -o json, {files} x 8", f"{listed * 1e3:.0f} ms", "start-up at most 90 ms")
    row(
        "python -c pass, for comparison",
        f"{cpu([sys.executable, '-c', 'pass'], dict(os.environ)) * 1e3:.0f} ms",
        "",
    )


def cpu(command: list[str], environ: dict[str, str]) -> float:
    """The median CPU seconds of a command's runs after a first one, which fills the cache."""
    times = []
    for _ in range(RUNS + 1):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, env=environ, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    return statistics.median(times[1:])


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        loading(root)
        injecting(root)
        processes(root)


if __name__ == "__main__":
    main()

"""How much `cod-runtime` adds to a container's start. `make bench` prints this.

    python -m bench.front [QUICK]

CPU (user and system) of whole processes, the least of many runs: an engine calls its runtime three to six
times for a container, and all but one call only pass through. The wrapper for comparison does the same work,
which is also that of nvidia-container-runtime: look for the bundle among the arguments, read settings, read
the configuration and one spec, write the configuration anew, become the real runtime. It is written as one
would write it in Python at first.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from bench.registries import CONFIG, device_of, kind_of, make_registry
from cod.cdi.files import SETTLING_NS
from cod.oci.engines import PROGRAM, Order

QUICK = len(sys.argv) > 1
RUNS = 8 if QUICK else 40
GLOBAL = ("--root", "/run/x", "--log", "/dev/null", "--log-format", "json")

WRAPPER = """\
import json, os, sys, tomllib
real, settings, spec, *words = sys.argv[1:]
tomllib.load(open(settings, "rb"))
if "create" in words:
    path = os.path.join(words[words.index("--bundle") + 1], "config.json")
    config = json.load(open(path))
    devices = {each["name"]: each for each in json.load(open(spec))["devices"]}
    name = next(iter(config["annotations"].values())).partition("=")[2]
    config["process"]["env"] += devices[name]["containerEdits"].get("env", [])
    json.dump(config, open(path, "w"))
os.execv(real, [real, *words])
"""


def row(what: str, seconds: float, goal: str = "") -> None:
    print(f"{what:<66} {seconds * 1e3:>7.2f} ms   {goal}".rstrip())


def cpu(words: list[str], environ: Mapping[str, str], before: Callable[[], object] = lambda: None) -> float:
    """The least CPU seconds of some runs; `before` prepares each, uncounted."""
    times = []
    for _ in range(RUNS + 1):
        before()
        start = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(words, env=environ, check=True, stdout=subprocess.DEVNULL)
        end = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(end.ru_utime - start.ru_utime + end.ru_stime - start.ru_stime)
    return min(times[1:])


class Place:
    """A door, ten specs and a bundle that asks for one device, before a real runtime."""

    def __init__(self, root: Path, real: str) -> None:
        root.mkdir()
        self.real = real
        self.settings = root / "runtime.toml"
        self.settings.write_text(f'runtimes = ["{real}"]\nspec-dirs = ["{root / "cdi"}"]\n')
        self.specs = make_registry(root / "cdi", 10, 8, "json")
        self.door = root / "cod-runtime"
        self.door.write_bytes(PROGRAM.added(None, Order(settings=self.settings)))
        self.door.chmod(0o755)
        self.cache = root / "cache"
        self.environ = {**os.environ, "COD_CACHE": str(self.cache)}
        self.config = root / "bundle/config.json"
        self.config.parent.mkdir()
        self.wrapper = root / "wrapper.py"
        self.wrapper.write_text(WRAPPER)

    def ask(self) -> None:
        """A configuration that asks for a device, as an engine has just written it."""
        name = f"{kind_of(7)}={device_of(7, 1)}"
        self.config.write_text(json.dumps({**CONFIG, "annotations": {"cdi.k8s.io/x": name}}))

    def ask_for_nothing(self) -> None:
        """One that asks for none."""
        self.config.write_text(json.dumps(CONFIG))

    def forget(self) -> None:
        """One that asks, and no answer at hand."""
        self.ask()
        shutil.rmtree(self.cache, ignore_errors=True)


def passing(root: Path) -> None:
    print("\npassing through")
    real = shutil.which("runc") or "/bin/true"
    place = Place(root / "pass", real)
    bare = cpu([real, "--version"], place.environ)
    door = cpu([str(place.door), "--version"], place.environ)
    row(f"{Path(real).name} --version", bare)
    row("cod-runtime --version, more than that", door - bare, "at most 2 ms")
    place = Place(root / "true", "/bin/true")
    words = [*GLOBAL, "state", "id"]
    added = cpu([str(place.door), *words], place.environ) - cpu(["/bin/true", *words], place.environ)
    row("cod-runtime … state id, more than true", added, "at most 2 ms")


def injecting(root: Path) -> None:
    print("\ncreate, ten spec files with 8 devices each, less the real runtime")
    place = Place(root / "inject", "/bin/true")
    time.sleep(SETTLING_NS / 1e9 + 0.1)  # what has just changed is not kept
    words = [*GLOBAL, "create", "--bundle", str(place.config.parent), "id"]
    bare = cpu(["/bin/true", *words], place.environ)
    door = [str(place.door), *words]
    row(
        "python -ISE -c pass: what Python itself takes",
        cpu([sys.executable, "-ISE", "-c", "pass"], place.environ),
    )
    row("one device by annotation", cpu(door, place.environ, place.ask) - bare, "at most 15 ms")
    row("nothing asked for", cpu(door, place.environ, place.ask_for_nothing) - bare)
    row("the first after a spec has changed", cpu(door, place.environ, place.forget) - bare)
    wrapper = [
        sys.executable,
        str(place.wrapper),
        "/bin/true",
        str(place.settings),
        str(place.specs[7]),
        *words,
    ]
    row("a wrapper as one writes it at first", cpu(wrapper, place.environ, place.ask) - bare)


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        passing(Path(directory))
        injecting(Path(directory))


if __name__ == "__main__":
    main()

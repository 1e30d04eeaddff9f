"""How long the NRI plugin takes for an answer. `make bench` prints this.

    python -m bench.nri [QUICK]

The time is a runtime's: from the question to the answer, over a socket, with the plugin in a process of its
own. A runtime makes one container after the other, so this is what each waits for; it gives up after 2 s.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.registries import device_of, kind_of, make_registry
from cod.cdi.files import SETTLING_NS
from cod.nri.messages import PLUGIN_METHODS, PLUGIN_SERVICE
from cod.nri.mux import PLUGIN, RUNTIME, Mux
from cod.nri.ttrpc import Client, Server

QUICK = len(sys.argv) > 1
CALLS = 50 if QUICK else 400
GOAL_MS = 5.0
KEY = "cdi-devices.noderesource.dev"


class Runtime:
    """A runtime's side of the one connection that it takes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        mux = Mux(reader, writer)
        self.client = Client(PLUGIN_SERVICE, lambda data: mux.send(PLUGIN, data))
        server = Server(self._registered, lambda data: mux.send(RUNTIME, data))
        mux.open(PLUGIN, self.client.receive)
        mux.open(RUNTIME, server.receive)
        self.reading = asyncio.create_task(mux.run())
        self.ready = asyncio.Event()

    async def _registered(self, *_: object) -> bytes:
        self.ready.set()
        return b""

    async def call(self, method: str, **fields: Any) -> None:
        """One question and its answer."""
        question = PLUGIN_METHODS[method][0](**fields).SerializeToString()
        await self.client.call(method, question, 10)


def question(devices: list[str]) -> dict[str, Any]:
    """A container as the kubelet asks for it, with a dozen mounts and twenty variables."""
    annotations = {f"example.com/note-{n}": "x" * 100 for n in range(10)}
    if devices:
        annotations[KEY] = "[" + ", ".join(devices) + "]"
    container = {
        "name": "main",
        "env": [f"SERVICE_{n}=10.0.0.{n}" for n in range(20)],
        "mounts": [{"destination": f"/m{n}", "source": f"/host/{n}", "type": "bind"} for n in range(12)],
    }
    return {"pod": {"name": "p", "namespace": "n", "annotations": annotations}, "container": container}


def cpu_ms(pid: int) -> float:
    """The processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1e3 / os.sysconf("SC_CLK_TCK")


async def measure(directory: Path, files: int) -> None:
    path = directory / "nri.sock"
    connected: asyncio.Future[Runtime] = asyncio.get_running_loop().create_future()
    server = await asyncio.start_unix_server(
        lambda reader, writer: connected.set_result(Runtime(reader, writer)), path
    )
    specs = directory / f"{files}"
    plugin = subprocess.Popen(
        [sys.executable, "-m", "cod", "nri", "serve", "--socket", str(path), "--spec-dir", str(specs)],
        env={**os.environ, "COD_CACHE": "off"},
        stderr=subprocess.DEVNULL,
    )
    try:
        runtime = await connected
        await runtime.ready.wait()
        names = [f"{kind_of(0)}={device_of(0, 1)}"]
        for version, what in (("v2.1.9", "by name"), ("v1.7.24", "edits")):
            await runtime.call("Configure", runtime_name="containerd", runtime_version=version)
            for devices in ([], names):
                times = []
                asked = question(devices)
                spent = cpu_ms(plugin.pid)
                for _ in range(CALLS):
                    start = time.perf_counter()
                    await runtime.call("CreateContainer", **asked)
                    times.append((time.perf_counter() - start) * 1e3)
                label = f"{files} spec files, {'1 device ' + what if devices else 'no devices wanted'}"
                middle = statistics.median(times)
                tail = sorted(times)[int(len(times) * 0.99)]
                cpu = (cpu_ms(plugin.pid) - spent) / CALLS
                value = f"{cpu:.2f} / {middle:.2f} / {tail:.2f} ms"
                print(f"{label:<48} {value:>22}   {'' if middle < GOAL_MS else 'OVER '}{GOAL_MS:g} ms")
    finally:
        plugin.terminate()
        plugin.wait()
        server.close()


def main() -> None:
    print("\nNRI: an answer for one container, CPU / median / 99th percentile")
    with tempfile.TemporaryDirectory() as directory:
        for files in (10, 100) if QUICK else (10, 100, 1000):
            make_registry(Path(directory, str(files)), files, 8, "json")
            time.sleep(SETTLING_NS / 1e9 + 0.1)
            asyncio.run(measure(Path(directory), files))
            Path(directory, "nri.sock").unlink(missing_ok=True)


if __name__ == "__main__":
    main()

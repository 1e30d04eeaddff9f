"""What the plugin has to do so that a runtime counts it as present, and for how long it is.

`tests/nri/test_containerd.py` has the same with real runtimes; none that can be installed requires plugins.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.nri.adaptation import Adaptation, NotCreated
from tests.nri.specs import device, write_spec

REPOSITORY = Path(__file__).parents[2]
QUESTION = {
    "pod": {
        "name": "p",
        "namespace": "lab",
        "annotations": {"cdi-devices.noderesource.dev": "acme.com/toy=a"},
    },
    "container": {"name": "main"},
}
REQUIRED = ["cod"]
ABSENT = "required plugin 'cod' not present"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_spec(tmp_path, device("a", env=["A=1"]))
    return tmp_path / "nri.sock"


@contextmanager
def served(path: Path, log: int = subprocess.DEVNULL) -> Iterator[subprocess.Popen[bytes]]:
    """`cod nri serve` at a socket, with the specs that lie beside it."""
    command = [sys.executable, "-m", "cod", "nri", "serve"]
    environ = {**os.environ, "PYTHONPATH": str(REPOSITORY / "src"), "COD_CACHE": "off"}
    with subprocess.Popen(
        [*command, "--socket", str(path), "--spec-dir", str(path.parent)],
        env=environ,
        stderr=log,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_it_is_present_by_its_name_from_its_registration_until_it_ends(path: Path) -> None:
    async def run() -> None:
        async with Adaptation(path) as runtime:
            with pytest.raises(NotCreated, match=ABSENT):
                await runtime.create(REQUIRED, **QUESTION)
            with served(path) as plugin:
                await runtime.until("cod")
                [given] = await runtime.create(REQUIRED, **QUESTION)
                assert [(each.key, each.value) for each in given.env] == [("A", "1")]
                plugin.terminate()
                await runtime.until()
            with pytest.raises(NotCreated, match=ABSENT):
                await runtime.create(REQUIRED, **QUESTION)
            assert await runtime.create(**QUESTION) == []  # not required, it is not missed either

    asyncio.run(run())


def test_it_is_present_where_it_refuses(path: Path) -> None:
    async def run() -> None:
        async with Adaptation(path) as runtime:
            with served(path):
                await runtime.until("cod")
                (path.parent / "acme.com-toy.json").unlink()
                with pytest.raises(NotCreated, match="unresolvable CDI devices acme"):
                    await runtime.create(REQUIRED, **QUESTION)
                assert {*runtime.present} == {"cod"}

    asyncio.run(run())


def test_one_that_is_too_late_is_absent_for_the_next_container_and_comes_back(path: Path) -> None:
    async def run() -> None:
        async with Adaptation(path, 0.5) as runtime:
            with served(path) as plugin:
                await runtime.until("cod")
                plugin.send_signal(signal.SIGSTOP)
                assert await runtime.create(REQUIRED, **QUESTION) == []  # containerd/nri#316
                with pytest.raises(NotCreated, match=ABSENT):
                    await runtime.create(REQUIRED, **QUESTION)
                plugin.send_signal(signal.SIGCONT)
                await runtime.until("cod")
                assert len(await runtime.create(REQUIRED, **QUESTION)) == 1

    asyncio.run(run())


def test_it_is_back_at_once_however_long_the_runtime_was_away(path: Path) -> None:
    async def run() -> float:
        with served(path):
            async with Adaptation(path) as runtime:
                await runtime.until("cod")
            await asyncio.sleep(4)
            async with Adaptation(path) as runtime:
                start = time.monotonic()
                await runtime.until("cod")
                return time.monotonic() - start

    assert asyncio.run(run()) < 1.5


def test_a_runtime_that_ends_each_connection_is_not_stormed(path: Path) -> None:
    async def run() -> int:
        async with Adaptation(path, hangs_up=True) as runtime:
            with served(path):
                await asyncio.sleep(4)
                return runtime.connections

    # 0.2 s after the first, then twice as long after each.
    assert 3 <= asyncio.run(run()) <= 6


def test_a_log_that_is_full_costs_no_container_its_devices(path: Path) -> None:
    async def run() -> None:
        async with Adaptation(path) as runtime:
            with Path("/dev/full").open("wb") as log, served(path, log.fileno()):
                await runtime.until("cod")
                for _ in range(2):
                    assert len(await runtime.create(**QUESTION)) == 1

    asyncio.run(run())


def test_a_log_that_nobody_reads_costs_no_container_its_devices(path: Path) -> None:
    async def run() -> None:
        reader, log = os.pipe()
        with os.fdopen(reader), os.fdopen(log, "wb"):
            fcntl.fcntl(log, fcntl.F_SETPIPE_SZ, 4096)
            async with Adaptation(path) as runtime:
                with served(path, log):
                    await runtime.until("cod")
                    for _ in range(100):  # lines of some 50 characters
                        assert len(await runtime.create(**QUESTION)) == 1

    asyncio.run(run())


def test_an_annotation_does_not_fill_the_log(path: Path, tmp_path: Path) -> None:
    pod = {"annotations": {"cdi-devices.noderesource.dev": "x\n" * 100_000}}
    log = tmp_path / "log"

    async def run() -> None:
        async with Adaptation(path) as runtime:
            with log.open("wb") as file, served(path, file.fileno()):
                await runtime.until("cod")
                with pytest.raises(NotCreated, match="unqualified device"):
                    await runtime.create(pod=pod)

    asyncio.run(run())
    assert len(log.read_text().splitlines()) == 2
    assert log.stat().st_size < 2000

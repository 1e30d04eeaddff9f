"""What a container is to see: exactly its devices, which open, and no others."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cod.demo.bundle import busybox, make_rootfs
from tests.runtimes.machine import Machine, Run, until

SCRIPT = """PATH=/bin; echo $COD_DEVICES; ls -d /dev/cpu/*/cpuid
for each in /dev/cpu/*/cpuid; do head -c 16 $each > /tmp/read && hexdump -n 4 /tmp/read | head -n 1; done"""
ONE = ["cod.dev/cpuid=cpuid0", "/dev/cpu/0/cpuid"]
BOTH = ["cod.dev/cpuid=cpuid0,cod.dev/cpuid=cpuid1", "/dev/cpu/0/cpuid", "/dev/cpu/1/cpuid"]
WAITS = "echo up; read line; exit 5"
SLEEPS = "echo up; exec /bin/sleep 60 >/dev/null 2>&1"
OTHER = "PATH=/bin; mknod /tmp/other c 10 183 && head -c 1 /tmp/other"


def root_of(directory: Path) -> Path:
    """A root file system that every runtime takes."""
    program = busybox()
    assert program is not None
    root = make_rootfs(directory, program)
    for name in ("usr", "run", "var", "home"):
        (root / name).mkdir()
    for name in ("passwd", "group", "hosts", "resolv.conf"):
        (root / "etc" / name).touch()
    return root


def check_exactly(run: Run, expected: list[str]) -> None:
    """The container had these devices, and each gave the 16 bytes that a CPU gives."""
    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    assert lines[: len(expected)] == expected
    read = lines[len(expected) :]
    assert len(read) == len(expected) - 1
    assert all(line.startswith("0000000 ") and len(line.split()) == 3 for line in read)


def real(*words: str, devices: str = "cpuid") -> tuple[str, ...]:
    """The words of `cod run` on the real machine."""
    return ("run", "--host", "/", "-d", devices, "--", *words)


@contextmanager
def up(machine: Machine, words: tuple[str, ...]) -> Iterator[subprocess.Popen[str]]:
    """A container that has printed `up` and whose first process holds the devices, too."""
    with machine.start(*words) as run:
        try:
            assert run.stdout is not None
            assert run.stdout.readline() == "up\n"
            until(lambda: len(machine.holders()) == 3)
            yield run
        except BaseException:
            for holder in machine.holders():
                os.kill(holder, signal.SIGKILL)
            raise


def check_ends_with_its_input(machine: Machine, words: tuple[str, ...]) -> None:
    """A container that prints `up`, reads a line and ends with 5 gives its devices back."""
    with up(machine, words) as run:
        run.communicate("go\n", timeout=20)
        assert run.returncode == 5
    assert machine.nothing_is_left()


def check_holder_outlives(machine: Machine, words: tuple[str, ...], program: str) -> None:
    """A container that prints `up` and waits keeps its devices when `cod` and its runtime are killed."""
    with up(machine, words) as run:
        runtime, first = (pid for pid in machine.holders() if pid != run.pid)
        assert program in _words(runtime)
        for pid in (run.pid, runtime):
            os.kill(pid, signal.SIGKILL)
        run.wait()
        until(lambda: not _lives(runtime))
        assert _lives(first)
        assert machine.held() == ["cpuid0"]
        os.kill(first, signal.SIGKILL)
    until(lambda: machine.held() == [])


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def _words(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().decode()

"""The processes of this machine: who is alive, told apart even when a number is used again.

A process is known by its number, the time it started (in clock ticks since boot) and the boot. Where that
cannot be seen (another PID namespace, another user's process under `hidepid`) it counts as alive: a device
that is held too long is a nuisance, one that is handed out twice is a fault. Source: proc(5).
"""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import Struct


class Process(Struct, frozen=True):
    """One process: `started` in ticks since the boot `boot`; `namespace` is its PID namespace's identity."""

    pid: int
    started: int
    boot: str
    namespace: str


class Processes(Struct, frozen=True):
    """The processes that a proc file system shows."""

    proc: Path = Path("/proc")

    def boot_id(self) -> str:
        """What tells this boot from every other; "" where the kernel does not say."""
        return self._read("sys/kernel/random/boot_id").strip()

    def named(self, pid: int) -> Process | None:
        """The living process with that number, or nothing."""
        started = self._started(pid)
        if started is None:
            return None
        return Process(pid=pid, started=started, boot=self.boot_id(), namespace=self._namespace())

    def alive(self, process: Process) -> bool:
        """Whether that very process, not another with its number, may still be at work."""
        boot = self.boot_id()
        if boot and process.boot and process.boot != boot:
            return False  # where a boot cannot be seen (proc mounted with subset=pid), the rest has to tell
        if process.namespace != self._namespace():
            return True
        started = self._started(process.pid)
        if started is None:
            return self._hidden(process.pid)
        return started == process.started

    def exists(self, pid: int) -> bool:
        """Whether any process has that number."""
        return self._started(pid) is not None or self._hidden(pid)

    def command(self, pid: int) -> tuple[str, ...]:
        """The words a process was started with; none where they cannot be read."""
        words = self._read(f"{pid}/cmdline").split("\0")
        return tuple(words[:-1])

    def _started(self, pid: int) -> int | None:
        """When a process started; nothing where it is gone or a zombie, which has closed its devices."""
        try:
            # The name in brackets may hold anything, brackets and blanks too: the fields follow the last one.
            fields = self._read(f"{pid}/stat").rpartition(")")[2].split()
            state, threads, started = fields[0], int(fields[17]), int(fields[19])
        except (IndexError, ValueError):
            return None
        # A process whose first thread has ended looks like a zombie while its other threads go on.
        return None if state in "ZXx" and threads <= 1 else started

    def _hidden(self, pid: int) -> bool:
        """Whether there is a process whose state proc does not show us, as under `hidepid`."""
        if self._read(f"{pid}/stat"):
            return False  # shown, and known to be a zombie
        try:
            os.kill(pid, 0)
        except PermissionError:
            return True
        except (OSError, OverflowError):
            return False
        return True

    def _namespace(self) -> str:
        try:
            return str((self.proc / "self/ns/pid").readlink())
        except OSError:
            return ""

    def _read(self, path: str) -> str:
        try:
            return (self.proc / path).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

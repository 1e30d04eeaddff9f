"""A program that was started in a sandbox and goes on there."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tests.runtimes.machine import until


class Daemon:
    """What `nsenter` has started: it waits for the program, and ends as that ends."""

    def __init__(self, words: Sequence[str], log: Path) -> None:
        self._log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        until(lambda: self.has_ended or children.read_text())
        assert not self.has_ended, self.told
        self._number = int(children.read_text())

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program, if it has not ended."""
        with suppress(ProcessLookupError):
            os.kill(self._number, number)
        if number != signal.SIGSTOP:  # nsenter stops with what it waits for, and lets it go on with itself
            self._process.send_signal(signal.SIGCONT)

    def wait(self) -> int:
        """The status with which it ends, or less than 0 for a signal."""
        return self._process.wait(20)

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    @property
    def told(self) -> str:
        """What is in its log so far."""
        return self._log.read_text()

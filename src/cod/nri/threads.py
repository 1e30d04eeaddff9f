"""Work beside the event loop, in threads that nobody waits for.

An executor of the standard library waits for its threads when the process ends: for ever, if one reads a
directory that hangs. And to start a thread takes 4 ms now and then, so one that has finished takes the next.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")

_Job = tuple[Callable[[], Any], "asyncio.Future[Any]"]


class Threads:
    """As many threads as there was ever work at once; those that are idle wait for more."""

    def __init__(self) -> None:
        self._idle: list[SimpleQueue[_Job]] = []

    async def run(self, work: Callable[[], T]) -> T:
        """The result of `work`, or what it raises; once this is cancelled, nobody waits for it."""
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        jobs = self._idle.pop() if self._idle else self._start()
        jobs.put((work, done))
        return await done

    def _start(self) -> SimpleQueue[_Job]:
        jobs: SimpleQueue[_Job] = SimpleQueue()
        threading.Thread(target=self._work, args=(jobs,), daemon=True).start()
        return jobs

    def _work(self, jobs: SimpleQueue[_Job]) -> None:
        while True:
            work, done = jobs.get()
            result, failure = None, None
            try:
                result = work()
            except BaseException as error:
                failure = error
            self._idle.append(jobs)
            with suppress(RuntimeError):  # the loop has ended meanwhile
                done.get_loop().call_soon_threadsafe(_settle, done, result, failure)


def _settle(done: asyncio.Future[Any], result: object, failure: BaseException | None) -> None:
    if done.done():
        return
    if failure is not None:
        done.set_exception(failure)
    else:
        done.set_result(result)

from __future__ import annotations

import asyncio
import threading

import pytest

from cod.nri.threads import Threads


def test_a_thread_that_has_finished_takes_the_next_work() -> None:
    async def run() -> set[int]:
        threads = Threads()
        return {await threads.run(threading.get_ident) for _ in range(20)}

    found = asyncio.run(run())
    assert len(found) == 1
    assert threading.get_ident() not in found


def test_work_that_hangs_delays_no_other_and_not_the_end() -> None:
    async def run() -> str:
        threads = Threads()
        hanging = asyncio.create_task(threads.run(threading.Event().wait))
        await asyncio.sleep(0)
        found = await asyncio.wait_for(threads.run(lambda: "done"), 1)
        hanging.cancel()
        return found

    assert asyncio.run(run()) == "done"


def test_what_work_raises_is_raised() -> None:
    async def run() -> None:
        threads = Threads()
        with pytest.raises(ZeroDivisionError):
            await threads.run(lambda: 1 // 0)
        assert await threads.run(lambda: 7) == 7

    asyncio.run(run())


def test_work_that_ends_after_its_loop_disturbs_nobody() -> None:
    goes_on = threading.Event()
    threads = Threads()

    async def leave() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(threads.run(goes_on.wait), 0.05)

    asyncio.run(leave())
    goes_on.set()
    assert asyncio.run(threads.run(lambda: 7)) == 7

from __future__ import annotations

import asyncio
import itertools
import struct
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cod.nri.mux import LONGEST, PLUGIN, RUNTIME, ConnectionBroken, Mux
from tests.nri.peer import pair


def frames_of(message: bytes) -> list[bytes]:
    """What comes out of the stream for one message."""

    async def send() -> bytes:
        ours, theirs = await pair()
        reading = asyncio.create_task(theirs[0].read())
        await Mux(*ours).send(PLUGIN, message)
        ours[1].close()
        return await reading

    data = asyncio.run(send())
    found = []
    while data:
        number, length = struct.unpack_from(">II", data)
        assert number == PLUGIN
        found.append(data[8 : 8 + length])
        data = data[8 + length :]
    return found


def received(data: bytes, cuts: Iterable[int] = ()) -> list[bytes]:
    """What is handed out for the bytes of a stream, which come in pieces."""

    async def receive() -> list[bytes]:
        ours, theirs = await pair()
        found: list[bytes] = []
        mux = Mux(*ours)
        mux.open(PLUGIN, found.append)
        running = asyncio.create_task(mux.run())
        places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
        for start, end in itertools.pairwise(places):
            theirs[1].write(data[start:end])
            await asyncio.sleep(0)
        theirs[1].close()
        await running
        return found

    return asyncio.run(receive())


def packed(number: int, data: bytes) -> bytes:
    return struct.pack(">II", number, len(data)) + data


@pytest.mark.parametrize(
    ("size", "sizes"),
    [
        (1, [1]),
        (4095, [4095]),
        (4096, [4096]),
        (4097, [4096, 1]),
        (10_000, [4096, 5904]),
        (3 << 20, [4096, (3 << 20) - 4096]),
    ],
)
def test_a_message_is_written_as_the_reader_in_go_needs_it(size: int, sizes: list[int]) -> None:
    message = bytes(range(256)) * (size // 256 + 1)
    frames = frames_of(message[:size])
    assert [len(each) for each in frames] == sizes
    assert b"".join(frames) == message[:size]


def test_messages_of_two_senders_do_not_mix() -> None:
    async def send() -> list[bytes]:
        ours, theirs = await pair()
        mux = Mux(*ours)
        back = Mux(*theirs)
        found: list[bytes] = []
        back.open(PLUGIN, found.append)
        back.open(RUNTIME, found.append)
        running = asyncio.create_task(back.run())
        async with asyncio.TaskGroup() as group:
            for number in (PLUGIN, RUNTIME):
                group.create_task(mux.send(number, bytes([number]) * 900_000))
        ours[1].close()
        await running
        return found

    found = asyncio.run(send())
    assert [len(each) for each in found] == [4096, 895_904] * 2
    assert all(len({*each}) == 1 for each in found)


@given(st.lists(st.binary(max_size=50), max_size=8), st.lists(st.integers(0, 400), max_size=6))
def test_frames_come_whole_however_the_stream_is_cut(parts: list[bytes], cuts: list[int]) -> None:
    assert received(b"".join(packed(PLUGIN, each) for each in parts), cuts) == parts


def test_frames_of_unknown_numbers_are_dropped() -> None:
    data = packed(0, b"reserved") + packed(7, b"x" * 5000) + packed(PLUGIN, b"mine") + packed(2**32 - 1, b"")
    assert received(data) == [b"mine"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (struct.pack(">II", PLUGIN, LONGEST + 1), "a frame of 4194315 bytes; 4194314 are allowed"),
        (struct.pack(">II", 9, 2**32 - 1), "a frame of 4294967295 bytes; 4194314 are allowed"),
        (b"\0\0\0", "closed within the header of a frame"),
        (packed(PLUGIN, b"12345")[:-2], "closed after 3 of the 5 bytes of a frame"),
    ],
)
def test_what_breaks_the_stream_is_said(data: bytes, reason: str) -> None:
    with pytest.raises(ConnectionBroken) as found:
        received(data)
    assert found.value.what == reason


def test_the_longest_frame_is_taken() -> None:
    assert [len(each) for each in received(packed(PLUGIN, b"x" * LONGEST))] == [LONGEST]


def test_sending_where_nobody_reads_any_more_says_so() -> None:
    async def send() -> None:
        ours, theirs = await pair()
        theirs[1].close()
        await theirs[1].wait_closed()
        mux = Mux(*ours)
        for _ in range(5):
            await mux.send(PLUGIN, b"x" * 100_000)

    with pytest.raises(ConnectionBroken):
        asyncio.run(send())

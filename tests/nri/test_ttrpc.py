from __future__ import annotations

import asyncio
import itertools
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cod.errors import Refused
from cod.nri.messages import Request, Response
from cod.nri.mux import ConnectionBroken
from cod.nri.ttrpc import (
    DATA,
    DEADLINE_EXCEEDED,
    INVALID_ARGUMENT,
    LONGEST,
    REQUEST,
    RESOURCE_EXHAUSTED,
    RESPONSE,
    UNIMPLEMENTED,
    UNKNOWN,
    CallFailed,
    Client,
    Frame,
    Frames,
    Server,
    frame,
)


class Wire:
    """A client and a server, and what the server has sent."""

    def __init__(self, serve: Callable[[str, str, bytes], Awaitable[bytes]]) -> None:
        self.sent: list[bytes] = []
        self.server = Server(serve, self._to_client)
        self.client = Client("lab", self._to_server)

    async def _to_client(self, data: bytes) -> None:
        self.sent.append(data)
        self.client.receive(data)

    async def _to_server(self, data: bytes) -> None:
        self.server.receive(data)

    def answers(self) -> list[Any]:
        return [Response.FromString(each.payload) for data in self.sent for each in Frames().feed(data)]


async def echo(service: str, method: str, payload: bytes) -> bytes:
    return f"{service}.{method} ".encode() + payload


def served(*data: bytes, serve: Callable[[str, str, bytes], Awaitable[bytes]] = echo) -> list[Any]:
    """The answers to bytes that come as if from a client that nobody waits for."""

    async def run() -> list[Any]:
        sent: list[bytes] = []

        async def send(answer: bytes) -> None:
            sent.append(answer)

        server = Server(serve, send)
        for each in data:
            server.receive(each)
        await asyncio.gather(*server.calls)
        return [
            (each.stream, Response.FromString(each.payload)) for part in sent for each in Frames().feed(part)
        ]

    return asyncio.run(run())


def request(stream: int, timeout: int = 0, flags: int = 0, **fields: Any) -> bytes:
    payload = Request(service="lab", method="Ask", timeout_nano=timeout, **fields).SerializeToString()
    return struct.pack(">IIBB", len(payload), stream, REQUEST, flags) + payload


def test_a_call_gets_its_answer() -> None:
    async def run() -> list[bytes]:
        wire = Wire(echo)
        return [await wire.client.call("Ask", b"a", 1), await wire.client.call("Ask", b"b", 1)]

    assert asyncio.run(run()) == [b"lab.Ask a", b"lab.Ask b"]


def test_calls_at_once_get_each_its_own_answer_in_any_order() -> None:
    async def serve(_: str, __: str, payload: bytes) -> bytes:
        await asyncio.sleep((3 - int(payload)) / 100)
        return payload * 2

    async def run() -> list[bytes]:
        wire = Wire(serve)
        return await asyncio.gather(*(wire.client.call("Ask", str(n).encode(), 1) for n in range(3)))

    assert asyncio.run(run()) == [b"00", b"11", b"22"]


def test_an_error_of_ours_comes_as_one_line_with_what_to_try() -> None:
    async def serve(*_: object) -> bytes:
        raise Refused("no claim train-7", hint="cod claim list")

    async def run() -> None:
        await Wire(serve).client.call("Ask", b"", 1)

    with pytest.raises(CallFailed) as found:
        asyncio.run(run())
    assert (found.value.code, found.value.what) == (UNKNOWN, "no claim train-7 (try: cod claim list)")


def test_a_bug_is_an_answer_too() -> None:
    async def serve(*_: object) -> bytes:
        raise ZeroDivisionError("one by \udcff zero")

    [(stream, answer)] = served(request(1), serve=serve)
    assert stream == 1
    assert answer.status.message == "ZeroDivisionError: one by \\udcff zero"


def test_an_answer_that_takes_too_long_is_an_error_before_the_caller_stops_waiting() -> None:
    async def serve(*_: object) -> bytes:
        await asyncio.sleep(60)
        return b""

    with pytest.raises(CallFailed, match=r"Ask found no answer in 0\.5 s") as found:  # what the server says
        asyncio.run(Wire(serve).client.call("Ask", b"", 0.5))
    assert found.value.code == DEADLINE_EXCEEDED


def test_a_caller_that_hears_nothing_stops_waiting() -> None:
    async def nowhere(_: bytes) -> None:
        return None

    async def run() -> None:
        await Client("lab", nowhere).call("Ask", b"", 0.05)

    with pytest.raises(CallFailed, match=r"no answer to Ask in 0\.05 s"):
        asyncio.run(run())


def test_the_answer_to_a_call_that_was_cancelled_is_dropped() -> None:
    async def run() -> bytes:
        wire = Wire(echo)
        task = asyncio.create_task(wire.client.call("Ask", b"first", 1))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.sleep(0.01)
        assert len(wire.sent) == 1
        return await wire.client.call("Ask", b"second", 1)

    assert asyncio.run(run()) == b"lab.Ask second"


def test_an_answer_too_long_for_a_frame_is_an_error() -> None:
    async def serve(*_: object) -> bytes:
        return b"x" * (LONGEST + 1)

    [(_, answer)] = served(request(1), serve=serve)
    assert answer.status.code == RESOURCE_EXHAUSTED
    assert "4194304 are allowed" in answer.status.message


def test_a_call_that_cannot_be_decoded_and_one_that_streams_are_refused() -> None:
    answers = served(frame(1, REQUEST, b"\xff\xff"), request(3, flags=2), request(5))
    assert [(stream, answer.status.code) for stream, answer in answers] == [
        (1, INVALID_ARGUMENT),
        (3, UNIMPLEMENTED),
        (5, 0),
    ]


def test_data_of_a_stream_that_was_refused_is_dropped() -> None:
    answers = served(request(1, flags=2), frame(1, DATA, b"more"), request(3))
    assert [stream for stream, _ in answers] == [1, 3]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (frame(1, RESPONSE, b""), "a message of type 2 where calls are expected"),
        (frame(1, 77, b""), "a message of type 77 where calls are expected"),
        (frame(2, REQUEST, b""), "call 2 after call 0"),
        (frame(0, REQUEST, b""), "call 0 after call 0"),
        (frame(3, REQUEST, b"") + frame(3, REQUEST, b""), "call 3 after call 3"),
        (frame(5, REQUEST, b"") + frame(1, REQUEST, b""), "call 1 after call 5"),
        (struct.pack(">IIBB", LONGEST + 1, 1, REQUEST, 0), "a message of 4194305 bytes; 4194304 are allowed"),
    ],
)
def test_what_breaks_the_order_of_calls_is_said(data: bytes, reason: str) -> None:
    with pytest.raises(ConnectionBroken) as found:
        served(data)
    assert found.value.what == reason


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (frame(1, REQUEST, b""), "a message of type 1 where answers are expected"),
        (frame(1, RESPONSE, b""), "an answer to call 1, which was not made"),
        (frame(0, RESPONSE, b""), "an answer to call 0, which was not made"),
    ],
)
def test_an_answer_to_nothing_breaks_the_connection(data: bytes, reason: str) -> None:
    async def nowhere(_: bytes) -> None:
        return None

    with pytest.raises(ConnectionBroken) as found:
        Client("lab", nowhere).receive(data)
    assert found.value.what == reason


def test_too_many_calls_at_once_are_refused_and_the_others_answered() -> None:
    async def serve(*_: object) -> bytes:
        await asyncio.sleep(0.05)
        return b""

    answers = served(*(request(2 * n + 1) for n in range(300)), serve=serve)
    codes = [answer.status.code for _, answer in answers]
    assert (codes.count(0), codes.count(RESOURCE_EXHAUSTED)) == (256, 44)


def test_a_caller_that_asks_and_asks_and_reads_nothing_breaks_the_connection() -> None:
    with pytest.raises(ConnectionBroken, match="512 calls at once"):
        served(*(request(2 * n + 1) for n in range(600)))


@given(
    st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 255), st.binary(max_size=30)), max_size=6),
    st.lists(st.integers(0, 300), max_size=6),
)
def test_messages_come_whole_however_the_bytes_are_cut(
    messages: list[tuple[int, int, bytes]], cuts: list[int]
) -> None:
    data = b"".join(frame(*each) for each in messages)
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    frames = Frames()
    found = [each for start, end in itertools.pairwise(places) for each in frames.feed(data[start:end])]
    assert found == [Frame(stream, type_, 0, payload) for stream, type_, payload in messages]

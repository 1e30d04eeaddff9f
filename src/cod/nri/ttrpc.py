"""ttrpc, the remote calls of containerd: a server and a client of unary calls, over bytes as they come.

    frame   length:u32be  stream:u32be  type:u8  flags:u8  bytes[length]

A client numbers its calls 1, 3, 5 …; the answer has the number of the call. Neither side here reads or
writes: `receive` takes bytes that arrived, and `send` is the way out.

A call that runs too long fails at the caller, whatever comes later. For NRI that means that the container
starts without its devices, so a server here answers with an error before that: `MARGIN` is how long before.

Source: github.com/containerd/ttrpc, `PROTOCOL.md` and `channel.go`.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, NamedTuple

from cod.errors import CodError, Refused
from cod.nri.messages import DecodeError, Request, Response
from cod.nri.mux import ConnectionBroken

LONGEST = 4 << 20
"""What one message holds at most, in bytes."""

REQUEST, RESPONSE, DATA = 1, 2, 3

# The codes of gRPC that are used here.
UNKNOWN, INVALID_ARGUMENT, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, UNIMPLEMENTED = 2, 3, 4, 8, 12

MARGIN = 0.25
"""The part of a call's time that is kept for the answer that its time is over."""

MOST_CALLS = 256
"""How many calls a server works on at once."""

_HEADER = struct.Struct(">IIBB")
_REMOTE_OPEN = 2  # a flag of requests: more data follows

Send = Callable[[bytes], Awaitable[None]]
Serve = Callable[[str, str, bytes], Awaitable[bytes]]


class CallFailed(Refused):
    """A call that the other side answered with an error. `code` is gRPC's."""

    def __init__(self, code: int, message: str, *, hint: str = "") -> None:
        super().__init__(message or f"code {code}", hint=hint)
        self.code = code


class Frame(NamedTuple):
    """One message: of which call, of which type, with which flags, and what it holds."""

    stream: int
    type: int
    flags: int
    payload: bytes


def frame(stream: int, type_: int, payload: bytes) -> bytes:
    """A frame as bytes."""
    return _HEADER.pack(len(payload), stream, type_, 0) + payload


class Frames:
    """Cuts bytes, however they come, into frames."""

    def __init__(self) -> None:
        self._kept = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that are complete now. Raises ConnectionBroken for one that is too long."""
        kept = self._kept
        kept += data
        found = []
        start = 0
        while len(kept) - start >= _HEADER.size:
            length, stream, type_, flags = _HEADER.unpack_from(kept, start)
            if length > LONGEST:
                raise ConnectionBroken(f"a message of {length} bytes; {LONGEST} are allowed")
            end = start + _HEADER.size + length
            if len(kept) < end:
                break
            found.append(Frame(stream, type_, flags, bytes(kept[start + _HEADER.size : end])))
            start = end
        del kept[:start]
        return found


class Server:
    """Answers calls, each in a task of its own.

    Args:
        serve: gives the answer to service, method and question. What it raises is told to the caller.
        send: the way to the caller.
    """

    def __init__(self, serve: Serve, send: Send) -> None:
        self._serve = serve
        self._send = send
        self._frames = Frames()
        self._last = 0
        self.calls: set[asyncio.Task[None]] = set()

    def receive(self, data: bytes) -> None:
        """Take bytes of the caller. Raises ConnectionBroken if they cannot be understood."""
        for each in self._frames.feed(data):
            if each.type == DATA:
                continue  # belongs to a stream of many messages, and such a call was refused
            if each.type != REQUEST:
                raise ConnectionBroken(f"a message of type {each.type} where calls are expected")
            if each.stream % 2 == 0 or each.stream <= self._last:
                raise ConnectionBroken(f"call {each.stream} after call {self._last}")
            self._last = each.stream
            if len(self.calls) >= 2 * MOST_CALLS:
                raise ConnectionBroken(f"{len(self.calls)} calls at once, and no answer is read")
            task = asyncio.create_task(self._answer(each, len(self.calls) >= MOST_CALLS))
            self.calls.add(task)
            task.add_done_callback(self.calls.discard)

    async def _answer(self, call: Frame, is_one_too_many: bool) -> None:
        if is_one_too_many:
            answer = _failure(RESOURCE_EXHAUSTED, f"more than {MOST_CALLS} calls at once")
        else:
            answer = await self._response(call)
        payload = answer.SerializeToString()
        if len(payload) > LONGEST:
            text = f"an answer of {len(payload)} bytes; {LONGEST} are allowed"
            payload = _failure(RESOURCE_EXHAUSTED, text).SerializeToString()
        with suppress(ConnectionBroken):  # who reads learns of it, too
            await self._send(frame(call.stream, RESPONSE, payload))

    async def _response(self, call: Frame) -> Any:
        try:
            request = Request.FromString(call.payload)
        except DecodeError:
            return _failure(INVALID_ARGUMENT, "the call cannot be decoded")
        if call.flags & _REMOTE_OPEN:
            return _failure(UNIMPLEMENTED, f"{request.method} takes one message, not a stream")
        limit = request.timeout_nano / 1e9
        try:
            async with asyncio.timeout(max(limit * (1 - MARGIN), 0.001) if limit > 0 else None):
                return Response(payload=await self._serve(request.service, request.method, request.payload))
        except CallFailed as error:
            return _failure(error.code, error.what)
        except CodError as error:
            return _failure(UNKNOWN, worded(error))
        except TimeoutError:
            return _failure(DEADLINE_EXCEEDED, f"{request.method} found no answer in {limit:g} s")
        except Exception as error:  # a bug of ours must not become a container without devices
            return _failure(UNKNOWN, f"{type(error).__name__}: {error}")


class Client:
    """Makes calls."""

    def __init__(self, service: str, send: Send) -> None:
        self._service = service
        self._send = send
        self._frames = Frames()
        self._next = 1
        self._waiting: dict[int, asyncio.Future[bytes]] = {}

    async def call(self, method: str, payload: bytes, seconds: float) -> bytes:
        """The answer to one call.

        Raises CallFailed, also when `seconds` are over, or ConnectionBroken. A call that is cancelled is
        forgotten: its answer is dropped.
        """
        stream = self._next
        self._next += 2
        answer = self._waiting[stream] = asyncio.get_running_loop().create_future()
        request = Request(
            service=self._service, method=method, payload=payload, timeout_nano=int(seconds * 1e9)
        )
        try:
            async with asyncio.timeout(seconds):
                await self._send(frame(stream, REQUEST, request.SerializeToString()))
                response = _decoded(await answer)
        except TimeoutError:
            raise CallFailed(DEADLINE_EXCEEDED, f"no answer to {method} in {seconds:g} s") from None
        finally:
            del self._waiting[stream]
        if response.status.code:
            raise CallFailed(response.status.code, response.status.message)
        reply: bytes = response.payload
        return reply

    def receive(self, data: bytes) -> None:
        """Take bytes of the other side. Raises ConnectionBroken if they cannot be understood."""
        for each in self._frames.feed(data):
            if each.type != RESPONSE:
                raise ConnectionBroken(f"a message of type {each.type} where answers are expected")
            if each.stream % 2 == 0 or each.stream >= self._next:
                raise ConnectionBroken(f"an answer to call {each.stream}, which was not made")
            answer = self._waiting.get(each.stream)
            if answer is not None and not answer.done():
                answer.set_result(each.payload)


def worded(error: CodError) -> str:
    """An error as one line: all that a runtime shows of it."""
    hint = f" (try: {error.hint})" if error.hint else ""
    return f"{error.what}{hint}"


def _decoded(payload: bytes) -> Any:
    try:
        return Response.FromString(payload)
    except DecodeError:
        raise ConnectionBroken("an answer that cannot be decoded") from None


def _failure(code: int, text: str) -> Any:
    response = Response()
    response.status.code = code
    response.status.message = text.encode("utf-8", "backslashreplace").decode()
    return response

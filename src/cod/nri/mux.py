"""Several connections over one stream, as NRI does it: frames of a number, a length and bytes.

There is no handshake. Each side takes for granted which numbers the other uses, and drops frames of others.

    frame   number:u32be  length:u32be  bytes[length]

Source: github.com/containerd/nri, `pkg/net/multiplex`.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable

from cod.errors import Unavailable

PLUGIN = 1
"""The connection on which the runtime asks and the plugin answers."""

RUNTIME = 2
"""The connection on which the plugin asks and the runtime answers."""

LONGEST = 10 + (4 << 20)
"""What a frame holds at most, in bytes: one whole message of ttrpc."""

# The runtime's reader hands one frame to one read of a buffer of this size, and gives the connection up when
# the frame is longer. Its own writer fills such a buffer once and then writes all the rest at once, for which
# that reader has room. Many short frames are no way out: of those that wait it takes 256.
_FIRST = 4096

_HEADER = struct.Struct(">II")


class ConnectionBroken(Unavailable):
    """The other side of a connection has closed it, or sends what cannot be understood."""


class Mux:
    """The frames of one stream; `open` what is listened to, then `run`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._receivers: dict[int, Callable[[bytes], None]] = {}

    def open(self, number: int, receive: Callable[[bytes], None]) -> None:
        """Call `receive` with the bytes of each frame of that number."""
        self._receivers[number] = receive

    async def run(self) -> None:
        """Hand out frames until the other side closes the stream.

        Raises ConnectionBroken if it closes within a frame or sends one that is too long, and what a
        receiver raises.
        """
        while header := await self._header():
            number, length = _HEADER.unpack(header)
            if length > LONGEST:
                raise ConnectionBroken(f"a frame of {length} bytes; {LONGEST} are allowed")
            data = await self._bytes(length)
            receive = self._receivers.get(number)
            if receive is not None:
                receive(data)

    async def send(self, number: int, message: bytes) -> None:
        """Send one message; returns when the stream has room again. Raises ConnectionBroken."""
        try:
            parts = (part for part in (message[:_FIRST], message[_FIRST:]) if part)
            self._writer.write(b"".join(_HEADER.pack(number, len(part)) + part for part in parts))
            await self._writer.drain()
        except OSError as error:
            raise ConnectionBroken(_reason(error)) from None

    async def _header(self) -> bytes:
        try:
            return await self._reader.readexactly(_HEADER.size)
        except asyncio.IncompleteReadError as error:
            if not error.partial:
                return b""
            raise ConnectionBroken("closed within the header of a frame") from None
        except OSError as error:
            raise ConnectionBroken(_reason(error)) from None

    async def _bytes(self, length: int) -> bytes:
        try:
            return await self._reader.readexactly(length)
        except asyncio.IncompleteReadError as error:
            text = f"closed after {len(error.partial)} of the {length} bytes of a frame"
            raise ConnectionBroken(text) from None
        except OSError as error:
            raise ConnectionBroken(_reason(error)) from None


def _reason(error: OSError) -> str:
    return (error.strerror or str(error) or "closed").lower()

"""The runtime's side of a connection, for tests without a runtime: it takes registrations and makes calls."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from cod.cdi import Registry
from cod.nri import Identity, Plugin
from cod.nri.messages import PLUGIN_METHODS, PLUGIN_SERVICE, RegisterPluginRequest
from cod.nri.mux import PLUGIN, RUNTIME, Mux
from cod.nri.ttrpc import CallFailed, Client, Server

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def pair() -> tuple[Streams, Streams]:
    """Two connected ends."""
    ours, theirs = socket.socketpair()
    return await asyncio.open_unix_connection(sock=ours), await asyncio.open_unix_connection(sock=theirs)


class Peer:
    """A runtime that registers one plugin; `refuse` is what it answers instead, if anything."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, refuse: str = "") -> None:
        self.registered: Any = None
        self._refuse = refuse
        self._writer = writer
        self._mux = Mux(reader, writer)
        self._client = Client(PLUGIN_SERVICE, lambda data: self._mux.send(PLUGIN, data))
        self._server = Server(self._serve, lambda data: self._mux.send(RUNTIME, data))
        self._mux.open(PLUGIN, self._client.receive)
        self._mux.open(RUNTIME, self._server.receive)
        self.reading = asyncio.create_task(self._mux.run())
        self._is_registered = asyncio.Event()

    async def _serve(self, _: str, __: str, payload: bytes) -> bytes:
        # As the real ones do: the plugin is configured before its registration is answered.
        if self._refuse:
            raise CallFailed(2, self._refuse)
        self.registered = RegisterPluginRequest.FromString(payload)
        await self.call("Configure", runtime_name="containerd", runtime_version="v1.7.24", config=self.config)
        self._is_registered.set()
        return b""

    config = ""

    async def call(self, method: str, seconds: float = 2.0, **fields: Any) -> Any:
        question, answer = PLUGIN_METHODS[method]
        data = await self._client.call(method, question(**fields).SerializeToString(), seconds)
        return answer.FromString(data)

    async def ready(self) -> None:
        await asyncio.wait_for(self._is_registered.wait(), 5)

    def close(self) -> None:
        self._writer.close()


def with_plugin(
    specs: Path,
    work: Callable[[Peer, Plugin], Awaitable[None]],
    registry_of: Callable[[str], Registry] | None = None,
) -> tuple[list[str], BaseException | None]:
    """Let a plugin and a runtime meet and do some work; what the plugin told, and how it ended."""
    told: list[str] = []

    async def meet() -> BaseException | None:
        ours, theirs = await pair()
        plugin = Plugin(Identity(), registry_of or (lambda _: Registry([specs])), told.append)
        attending = asyncio.create_task(plugin.attend(*ours))
        peer = Peer(*theirs)
        try:
            await peer.ready()
            await work(peer, plugin)
        finally:
            peer.close()
            ended = await asyncio.gather(attending, return_exceptions=True)
            peer.reading.cancel()
            await asyncio.gather(peer.reading, return_exceptions=True)
        return ended[0]

    return told, asyncio.run(meet())

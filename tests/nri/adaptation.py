"""The part of a runtime that knows which plugins are present, on a real socket, for tests without a runtime.

It follows NRI's adaptation as containerd 2.2 has it, with the default validator: a plugin is present from the
end of its first synchronization until its connection ends, or until it is too late once. A container is made
without what a lost plugin would have given, and not at all if a required plugin was not among those asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from cod.nri.ttrpc import CallFailed
from tests.nri.peer import Peer


class NotCreated(Exception):
    """The runtime's words for a container that it does not make."""


class Adaptation:
    """A runtime at the socket `path`, which waits `seconds` for an answer; `present` are its plugins by name.

    `hangs_up` is whether it ends each connection as soon as the plugin is configured.
    """

    def __init__(self, path: Path, seconds: float = 2.0, *, hangs_up: bool = False) -> None:
        self.present: dict[str, Peer] = {}
        self.connections = 0
        self._path = path
        self._seconds = seconds
        self._hangs_up = hangs_up
        self._peers: list[Peer] = []

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_unix_server(self._accept, self._path)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for peer in self._peers:
            peer.close()
        await asyncio.gather(*(peer.reading for peer in self._peers), return_exceptions=True)
        self._path.unlink()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        peer = Peer(reader, writer)
        self._peers.append(peer)
        await peer.ready()
        if self._hangs_up:
            peer.close()
            return
        assert not (await peer.call("Synchronize", self._seconds)).more
        name = peer.registered.plugin_name
        self.present[name] = peer
        await asyncio.wait({peer.reading})
        if self.present.get(name) is peer:
            del self.present[name]

    async def until(self, *names: str) -> None:
        """Wait until just these plugins are present."""
        async with asyncio.timeout(10):
            while {*self.present} != {*names}:
                await asyncio.sleep(0.02)

    async def create(self, required: Sequence[str] = (), **question: Any) -> list[Any]:
        """What the plugins give to a container. Raises NotCreated."""
        asked = [*self.present.items()]
        given = []
        for name, peer in asked:
            try:
                given.append((await peer.call("CreateContainer", self._seconds, **question)).adjust)
            except CallFailed as error:
                if not error.what.startswith("no answer to"):  # what a plugin says
                    raise NotCreated(error.what) from None
                peer.close()
                del self.present[name]
        missing = [name for name in required if name not in dict(asked)]
        if missing:
            raise NotCreated(f"required plugin {missing[0]!r} not present")
        return given

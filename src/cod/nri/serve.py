"""Keeps a plugin connected to a runtime: it waits for the socket, and comes back after a runtime's restart.

A plugin that the runtime launched has one connection, which it was given, and ends with it.
"""

from __future__ import annotations

import asyncio
import gc
import re
import signal
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct

from cod.errors import CodError, Misuse, Unavailable
from cod.nri.mux import ConnectionBroken
from cod.nri.plugin import Identity, Plugin
from cod.nri.ttrpc import worded

SOCKET = "/var/run/nri/nri.sock"
"""Where runtimes listen, if they are not told otherwise."""

OPEN = "containers that start meanwhile get no devices from here, and no error"

_LOOK = 0.25  # seconds between two looks for a socket that is not there
_SHORTEST, _LONGEST = 0.1, 5.0  # seconds between two connections


class Launch(Struct, frozen=True):
    """What a runtime gives to a plugin that it starts: a connected socket, and its name."""

    descriptor: int
    identity: Identity


def launched(environ: Mapping[str, str]) -> Launch | None:
    """How the runtime has started this process, or None if it did not. Raises Misuse, InvalidIdentity."""
    text = environ.get("NRI_PLUGIN_SOCKET")
    if text is None:
        return None
    if not re.fullmatch("[0-9]{1,9}", text):
        raise Misuse(f"NRI_PLUGIN_SOCKET is {text!r}, and no number of a descriptor")
    identity = Identity(environ.get("NRI_PLUGIN_NAME", "cod"), environ.get("NRI_PLUGIN_IDX", "50"))
    return Launch(int(text), identity)


def serve(plugin: Plugin, where: Path | int, tell: Callable[[str], None]) -> signal.Signals | None:
    """Serve until SIGTERM or SIGINT, which it returns, or until a launched plugin's connection ends.

    `where` is the runtime's socket, or the descriptor of a connected one. Raises Unavailable where connecting
    can come to nothing, and CallFailed or ConnectionBroken of a launched plugin.
    """
    gc.enable()
    gc.freeze()  # what is there now stays: no collection has to look at it
    return asyncio.run(_serve(plugin, where, tell))


async def _serve(plugin: Plugin, where: Path | int, tell: Callable[[str], None]) -> signal.Signals | None:
    caught: list[signal.Signals] = []
    work = asyncio.create_task(
        _once(plugin, where, tell) if isinstance(where, int) else _always(plugin, where, tell)
    )

    def stop(number: signal.Signals) -> None:
        caught.append(number)
        work.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number)
    try:
        await work
    except asyncio.CancelledError:
        if not caught:
            raise
    return caught[0] if caught else None


async def _once(plugin: Plugin, descriptor: int, tell: Callable[[str], None]) -> None:
    try:
        connection = socket.socket(fileno=descriptor)
        reader, writer = await asyncio.open_unix_connection(sock=connection)
    except (OSError, ValueError) as error:
        raise Unavailable(f"descriptor {descriptor} is no connected socket: {error}") from None
    try:
        await plugin.attend(reader, writer)
    finally:
        tell(f"connection ended, and the runtime launches nothing again until it is restarted: {OPEN}")


async def _always(plugin: Plugin, path: Path, tell: Callable[[str], None]) -> None:
    """Connect, serve, and again; what stays the same is told once."""
    clock = asyncio.get_running_loop().time
    pause = _SHORTEST
    told = ""
    while True:
        reader, writer = await _connected(path, tell)
        start = clock()
        trouble = await _ended(plugin, reader, writer)
        if plugin.is_ready:
            told = ""
            tell(f"connection lost: {trouble}; {OPEN}")
        elif trouble != told:
            told = trouble
            tell(f"waiting for {path}: {trouble}; {OPEN}")
        # A runtime that ends each connection soon asks all its containers of each: not ten times a second.
        pause = _SHORTEST if clock() - start > _LONGEST else min(pause * 2, _LONGEST)
        await asyncio.sleep(pause)


async def _connected(
    path: Path, tell: Callable[[str], None]
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection, as soon as there is one. Raises Unavailable if we may not."""
    told = ""
    while True:
        try:
            return await asyncio.open_unix_connection(path)
        except PermissionError:
            raise Unavailable(
                "the socket of NRI is not open to us", where=str(path), hint="run it as root"
            ) from None
        except OSError as error:
            trouble = (error.strerror or str(error)).lower()
        if trouble != told:
            told = trouble
            tell(f"waiting for {path}: {trouble}; {OPEN}")
        await asyncio.sleep(_LOOK)


async def _ended(plugin: Plugin, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
    """Serve one connection to its end; why it ended."""
    try:
        await plugin.attend(reader, writer)
    except ConnectionBroken as error:
        return error.what
    except CodError as error:
        return f"the runtime refused the plugin: {worded(error)}"
    return "the runtime has closed it"

"""The NRI plugin over one connection: it registers, is configured, and answers for each container.

`attend` is the life of a connection. The work of an answer runs in a thread, so that directories that
hang delay nobody who wants nothing of them, and so that there is an answer, an error, before the runtime
stops waiting: a container that is refused can be made again, one without its devices runs astray.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from msgspec import Struct

from cod.cdi import Registry
from cod.errors import CodError, Misuse
from cod.nri.adjust import by_edits, by_names, is_there
from cod.nri.carries import Carries, carries
from cod.nri.devices import Devices
from cod.nri.messages import (
    CREATE_CONTAINER,
    PLUGIN_METHODS,
    PLUGIN_SERVICE,
    RUNTIME_SERVICE,
    ConfigureResponse,
    CreateContainerResponse,
    DecodeError,
    RegisterPluginRequest,
    SynchronizeResponse,
)
from cod.nri.mux import PLUGIN, RUNTIME, ConnectionBroken, Mux
from cod.nri.threads import Threads
from cod.nri.ttrpc import INVALID_ARGUMENT, UNIMPLEMENTED, CallFailed, Client, Server, worded
from cod.nri.wanted import asked_of_cri, wanted

NRI_VERSION = "v0.12.2"
"""The newest version of NRI that is spoken here."""

# A busy runtime may take its time, and gives up by itself.
_REGISTRATION = 30.0
_LAST_ANSWERS = 2.0


class InvalidIdentity(Misuse):
    """A name or an index that no runtime takes for a plugin."""


class Identity(Struct, frozen=True):
    """How a plugin is known to the runtime. Plugins are asked in the order of their index, of two digits."""

    name: str = "cod"
    index: str = "50"

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_.+-]+", self.name):
            raise InvalidIdentity(
                f"{self.name!r} is no name of a plugin", hint="use letters, digits and _.+-"
            )
        if not re.fullmatch(r"[0-9]{2}", self.index):
            raise InvalidIdentity(
                f"{self.index!r} is no index of a plugin", hint="use two digits, such as 50"
            )


class Plugin:
    """Answers a runtime with the devices that annotations ask for.

    Args:
        identity: how it registers.
        registry_of: what it gives, by the text of its file in `/etc/nri/conf.d`; called in a thread. If that
            raises or takes long, the containers that ask have the error: with no plugin they had none.
        tell: takes a line about what happens.
    """

    def __init__(
        self, identity: Identity, registry_of: Callable[[str], Registry], tell: Callable[[str], None]
    ) -> None:
        self.identity = identity
        self._registry_of = registry_of
        self._tell = tell
        self._conf = ""
        self._devices = Devices(partial(registry_of, ""))
        self._carries = Carries("an unknown runtime")
        self._threads = Threads()
        self._is_connected = False
        self.is_ready = False

    async def attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until the runtime closes it, or until this is cancelled.

        Answers that are under way when it is cancelled are still given. Raises ConnectionBroken, and
        CallFailed where the runtime does not take the plugin.
        """
        self.is_ready = False
        self._is_connected = True
        mux = Mux(reader, writer)
        client = Client(RUNTIME_SERVICE, lambda data: mux.send(RUNTIME, data))
        server = Server(self._serve, lambda data: mux.send(PLUGIN, data))
        answers = server.calls
        mux.open(PLUGIN, server.receive)
        mux.open(RUNTIME, client.receive)
        reading = asyncio.create_task(mux.run())
        # The runtime configures us before it answers this, so both run at once.
        registering = asyncio.create_task(self._register(client))
        try:
            await asyncio.wait({reading, registering}, return_when=asyncio.FIRST_COMPLETED)
            if registering.done():
                await registering  # who is refused has to know why, also if the connection has ended with it
            await reading
        except asyncio.CancelledError:
            with suppress(TimeoutError, ConnectionBroken):
                async with asyncio.timeout(_LAST_ANSWERS):
                    while answers:
                        await asyncio.wait(answers)
            raise
        finally:
            self._is_connected = False
            for task in (reading, registering, *answers):
                task.cancel()
            await asyncio.gather(reading, registering, *answers, return_exceptions=True)
            await _close(writer)

    async def _register(self, client: Client) -> None:
        request = RegisterPluginRequest(
            plugin_name=self.identity.name, plugin_idx=self.identity.index, NRI_version=NRI_VERSION
        )
        await client.call("RegisterPlugin", request.SerializeToString(), _REGISTRATION)

    async def _serve(self, service: str, method: str, payload: bytes) -> bytes:
        if service != PLUGIN_SERVICE or method not in PLUGIN_METHODS:
            raise CallFailed(UNIMPLEMENTED, f"{service} has no {method} here")
        try:
            request = PLUGIN_METHODS[method][0].FromString(payload)
        except DecodeError:
            raise CallFailed(INVALID_ARGUMENT, f"the question of {method} cannot be decoded") from None
        match method:
            case "Configure":
                answer = self._configured(request)
            case "Synchronize":
                # Devices are given when containers are made: those that are there already need nothing.
                answer = SynchronizeResponse(more=request.more)
            case "CreateContainer":
                answer = await self._created(request)
            case _:  # Shutdown: the runtime closes the connection
                answer = PLUGIN_METHODS[method][1]()
        data: bytes = answer.SerializeToString()
        return data

    def _configured(self, request: Any) -> Any:
        self._carries = carries(request.runtime_name, request.runtime_version)
        if request.config != self._conf:  # a runtime that comes back finds what was read for it
            self._conf = request.config
            self._devices = Devices(partial(self._registry_of, request.config))
        self._first_look = asyncio.create_task(self._look())
        self.is_ready = True
        way = "CDI devices by name" if self._carries.names else "the edits of CDI devices"
        if not self._carries.nodes:
            way = "variables and mounts only"
        self._tell(
            f"registered with {self._carries.runtime} as {self.identity.index}-{self.identity.name}: {way}"
        )
        return ConfigureResponse(events=CREATE_CONTAINER)

    async def _look(self) -> None:
        """Read the specs before they are asked for, and tell now what is wrong with the plugin's own file."""
        try:
            await self._threads.run(self._devices.read)
        except CodError as error:
            self._tell(f"containers that ask for devices are refused: {worded(error)}")

    async def _created(self, request: Any) -> Any:
        start = time.perf_counter()
        pod, container = request.pod, request.container
        told = f"container {container.name} of pod {pod.namespace}/{pod.name}"
        try:
            asked = wanted(container.name, pod.annotations, container.annotations)
            if not asked.names:
                return CreateContainerResponse()
            adjustment = await self._threads.run(
                lambda: self._adjustment(asked.names, asked.claims, container)
            )
        except CodError as error:
            self._tell(f"{told}: refused: {worded(error)}")
            raise
        except asyncio.CancelledError:
            late = "refused: no answer in time"
            lost = "not answered, since the connection has ended: it starts without its devices"
            self._tell(f"{told}: {late if self._is_connected else lost}")
            raise
        spent = (time.perf_counter() - start) * 1e3
        self._tell(f"{told}: {', '.join(asked.names)} in {spent:.1f} ms")
        return CreateContainerResponse(adjust=adjustment)

    def _adjustment(self, names: tuple[str, ...], claims: tuple[str, ...], container: Any) -> Any:
        asked = asked_of_cri((each.name for each in container.CDI_devices), container.annotations)
        edits = self._devices.edits(names, claims)
        left = [name for name in names if not is_there(edits[name], container, name in asked)]
        if self._carries.names:
            return by_names(left)
        return by_edits(self._devices.together(left), container, self._carries)


async def _close(writer: asyncio.StreamWriter) -> None:
    """Close a connection, without what the other side does not read."""
    writer.close()
    try:
        async with asyncio.timeout(_LAST_ANSWERS):
            await writer.wait_closed()
    except OSError:  # a TimeoutError, too
        writer.transport.abort()

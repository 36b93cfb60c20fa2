"""A TCP hop that can be cut, refused or silenced: how a service goes away without anybody telling it to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress


class Wire:
    """Forwards connections to `target` port on loopback. `port` is where it listens."""

    def __init__(self, target: int) -> None:
        self.port = 0
        self._target = target
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()
        self._silent = False
        self.connections = 0

    async def up(self) -> None:
        """Listen, on the port it had before."""
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
            self.port = int(self._server.sockets[0].getsockname()[1])

    async def down(self) -> None:
        """Refuse new connections and reset the open ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.cut()

    def cut(self) -> None:
        """Reset what is open; new connections are taken."""
        for task in self._open:
            task.cancel()

    def silence(self) -> None:
        """Take connections and bytes, and answer none, until `speak`."""
        self._silent = True
        self.cut()

    def speak(self) -> None:
        """Forward again; what came meanwhile is lost."""
        self._silent = False
        self.cut()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        self.connections += 1
        try:
            await self._forward(reader, writer)
        except (asyncio.CancelledError, OSError):
            # Cut on purpose, or by one of the ends: either way this connection is over.
            writer.transport.abort()
        finally:
            self._open.discard(task)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._silent:
            while await reader.read(65536):
                pass
            return
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._target)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_pump(reader, inner_writer))
                group.create_task(_pump(inner_reader, writer))
        except BaseExceptionGroup as ended:
            raise ended.exceptions[0] from None
        finally:
            inner_writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    with suppress(OSError):
        writer.write_eof()


@asynccontextmanager
async def wire_to(target: int) -> AsyncGenerator[Wire]:
    """A wire that is up for as long as the block runs."""
    wire = Wire(target)
    await wire.up()
    try:
        yield wire
    finally:
        await wire.down()

"""Connections that can be broken from inside the application, as networks and servers break them."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

from starlette.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

_LINGER_ZERO = struct.pack("ii", 1, 0)


class Connections:
    """The open connections, by their client's address."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], asyncio.Transport] = {}

    def protocol(self) -> type[H11Protocol]:
        """The protocol for uvicorn that keeps this list."""
        connections = self._open

        class Listed(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
                # asyncio does so only for sockets that name their protocol; without it every reply takes 40 ms more.
                channel: socket.socket | Any = transport.get_extra_info("socket")
                channel.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                super().connection_made(transport)
                connections[_address(transport)] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                connections.pop(_address(self.transport), None)
                super().connection_lost(exc)

        return Listed

    def reset(self, scope: Scope) -> None:
        """Reset the connection that a request came over: its client reads ECONNRESET."""
        transport = self._open.get(tuple(scope["client"]))
        if transport is not None:
            channel: socket.socket | Any = transport.get_extra_info("socket")
            channel.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
            transport.abort()

    def close(self, scope: Scope) -> None:
        """Send what was written, then end the connection."""
        transport = self._open.get(tuple(scope["client"]))
        if transport is not None:
            transport.close()


def _address(transport: asyncio.Transport) -> tuple[str, int]:
    name: Any = transport.get_extra_info("peername")
    return (str(name[0]), int(name[1]))

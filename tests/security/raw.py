"""HTTP/1.1 by hand: requests that no client of good manners would send."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

_PATIENCE = 20.0
_PIECE = 65_536


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What came back; status 0 where the connection was closed without a word."""

    status: int
    body: bytes


async def ask(
    port: int,
    *,
    method: str = "POST",
    path: str = "/mcp",
    headers: Mapping[str, str],
    more: Sequence[tuple[str, str]] = (),
    body: bytes = b"",
    chunked: bool = False,
    length: int | None = None,
) -> Reply:
    """Send one request to a port of this machine and read all of the reply.

    `length` is told instead of the true one; what is `chunked` never ends.
    """
    told = [*headers.items(), *more, ("Connection", headers.get("Connection", "close"))]
    told = [
        (name, value) for number, (name, value) in enumerate(told) if name != "Connection" or number == len(told) - 1
    ]
    told.append(("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(length or len(body))))
    head = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in told), "", ""]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(_PATIENCE):
            writer.write("\r\n".join(head).encode("latin-1"))
            # Whoever refuses a body need not read it, and may close the connection over it.
            sending = asyncio.create_task(_send(writer, _chunks(body) if chunked else body))
            reply = await _all(reader)
            await sending
            return _read(reply)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def _send(writer: asyncio.StreamWriter, body: bytes) -> None:
    with suppress(ConnectionError):
        for start in range(0, len(body), _PIECE):
            writer.write(body[start : start + _PIECE])
            await writer.drain()


async def _all(reader: asyncio.StreamReader) -> bytes:
    found = b""
    with suppress(ConnectionError):
        while piece := await reader.read(_PIECE):
            found += piece
    return found


def _chunks(body: bytes) -> bytes:
    pieces = [body[start : start + _PIECE] for start in range(0, len(body), _PIECE)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)


def _read(reply: bytes) -> Reply:
    head, _, body = reply.partition(b"\r\n\r\n")
    words = head.split(maxsplit=2)
    return Reply(status=int(words[1]) if len(words) > 1 and words[1].isdigit() else 0, body=body)

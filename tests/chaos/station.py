"""A station between worker and tool server: it forwards every call, and can lose, refuse or delay it on its way."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

import aiohttp
from aiohttp import web

from tests.chaos.ledger import Call
from tests.support.doubles import Fault, Faults, InLoop, Kind, Pid, When, kill, listening, loop_thread
from tests.support.windows import Windows

CALL = "tools/call"
PATH = "/mcp"
_MOST = 16 * 1024 * 1024
_HOPS = {"host", "content-length", "transfer-encoding", "connection", "content-encoding", "accept-encoding"}
"""Headers that say something of one hop alone."""

Json = dict[str, Any]


@dataclass(kw_only=True, slots=True)
class StationFault(Fault):
    """One fault; `method` is JSON-RPC's. `date`: Retry-After comes as a date instead of seconds."""

    method: str = CALL
    retry_after: float | None = None
    date: bool = False

    def headers(self) -> dict[str, str]:
        """What a refusal says of when to come again. A date has whole seconds: it is never too early."""
        if self.retry_after is None:
            return {}
        if self.date:
            return {"Retry-After": formatdate(time.time() + self.retry_after + 1, usegmt=True)}
        return {"Retry-After": f"{self.retry_after:g}"}


class Station(InLoop):
    """The station; `upstream` is asked before every request where the tool server is."""

    def __init__(self, loop: asyncio.AbstractEventLoop, upstream: Callable[[], str]) -> None:
        super().__init__(loop)
        self._upstream = upstream
        self._faults = Faults[StationFault]()
        self._session: aiohttp.ClientSession | None = None
        self._calls: list[Call] = []
        self._windows = Windows()
        self.url = ""

    # --- From other threads ------------------------------------------------------------------------------------------

    def fault(
        self,
        method: str,
        kind: Kind,
        *,
        when: When = "before",
        nth: int = 1,
        times: int = 1,
        status: int = 503,
        seconds: float = 0.0,
        retry_after: float | None = None,
        date: bool = False,
        pid: Pid | None = None,
    ) -> StationFault:
        """Switch a fault on."""
        made = StationFault(
            method=method, kind=kind, when=when, nth=nth, times=times, status=status, seconds=seconds,
            retry_after=retry_after, date=date, pid=pid, loop=self._loop,
        )  # fmt: skip
        self._do(lambda: self._faults.faults.append(made))
        return made

    def heal(self) -> None:
        """No further faults."""
        self._do(self._faults.heal)

    def calls(self) -> list[Call]:
        """The tool calls that came by."""
        return self._do(lambda: list(self._calls))

    # --- In its own --------------------------------------------------------------------------------------------------

    async def open(self) -> web.AppRunner:
        """Listen."""
        self._session = aiohttp.ClientSession(auto_decompress=False)
        runner, url = await listening([web.route("*", PATH, self._handle)], 0, most=_MOST)
        self.url = url.rstrip("/") + PATH
        return runner

    async def close(self, runner: web.AppRunner) -> None:
        """Listen no more."""
        self._faults.let_go()
        await runner.cleanup()
        if self._session is not None:
            await self._session.close()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        try:
            body = await request.read()
        except ConnectionError:
            # Whoever asked has died meanwhile.
            return web.Response(status=400)
        method, about = _named(body)
        fault = self._faults.first(lambda one: one.method == method and one.strikes({}, None))
        at, told = time.time(), self._windows.told(about)
        refused = await self._struck(request, fault, "before")
        if refused is None:
            refused = await self._forwarded(request, body, fault)
        status = refused.status if isinstance(refused, web.StreamResponse) else None
        if status == 429 and fault is not None and fault.retry_after is not None:
            self._windows.close(about, fault.retry_after)
        if method == CALL:
            self._note(about, status, told, at=at)
        if isinstance(refused, _Lost):
            # Nothing more can be said to whoever asked.
            return web.Response(status=500)
        return refused

    async def _forwarded(
        self, request: web.Request, body: bytes, fault: StationFault | None
    ) -> web.StreamResponse | _Lost:
        assert self._session is not None
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOPS}
        try:
            async with self._session.request(
                request.method, self._upstream(), data=body or None, headers=headers, allow_redirects=False
            ) as answer:
                kept = {name: value for name, value in answer.headers.items() if name.lower() not in _HOPS}
                if request.method == "GET":
                    return await _passed_on(request, answer, kept)
                whole = await answer.read()
        except (aiohttp.ClientError, OSError):
            return _lose(request)
        struck = await self._struck(request, fault, "after")
        if struck is not None:
            return struck
        if fault is not None and fault.kind == "truncate":
            return await _cut(request, answer.status, kept, whole)
        response = web.Response(status=answer.status, headers=kept, body=whole)
        if fault is not None and fault.kind == "signal" and fault.when == "reply":
            await response.prepare(request)
            await response.write_eof()
            kill(fault)
        return response

    async def _struck(
        self, request: web.Request, fault: StationFault | None, when: When
    ) -> web.StreamResponse | _Lost | None:
        """What a fault makes of a request at this moment; None where it goes on."""
        if fault is None or fault.when != when:
            return None
        match fault.kind:
            case "drop":
                return _lose(request)
            case "status":
                return web.Response(status=fault.status, headers=fault.headers())
            case "delay" | "hold":
                await fault.pause()
            case "signal":
                kill(fault)
            case _:
                pass
        return None

    def _note(self, about: str, status: int | None, told: float | None, *, at: float) -> None:
        self._calls.append(Call(platform="tools", method=CALL, about=about, at=at, status=status, error="", told=told))


@dataclass(frozen=True, slots=True)
class _Lost:
    """The connection is gone."""


def _lose(request: web.Request) -> _Lost:
    if request.transport is not None:
        request.transport.abort()
    return _Lost()


async def _cut(request: web.Request, status: int, headers: dict[str, str], body: bytes) -> _Lost:
    """Send half of an answer."""
    response = web.StreamResponse(status=status, headers=headers)
    response.content_length = len(body)
    with suppress(ConnectionError):
        await response.prepare(request)
        await response.write(body[: len(body) // 2])
    return _lose(request)


async def _passed_on(
    request: web.Request, answer: aiohttp.ClientResponse, headers: dict[str, str]
) -> web.StreamResponse:
    """A stream that the server may speak in whenever it likes."""
    response = web.StreamResponse(status=answer.status, headers=headers)
    await response.prepare(request)
    async for piece in answer.content.iter_any():
        await response.write(piece)
    await response.write_eof()
    return response


def _named(body: bytes) -> tuple[str, str]:
    """A request's JSON-RPC method, and what tells a tool call from others."""
    try:
        message: Json = json.loads(body) if body else {}
    except ValueError:
        return "", ""
    asked: Json = message.get("params") or {}
    about = json.dumps([asked.get("name"), asked.get("arguments")], sort_keys=True)
    return str(message.get("method", "")), about


@contextmanager
def running_station(upstream: Callable[[], str]) -> Generator[Station]:
    """A station for as long as the block runs."""
    with loop_thread("station") as loop:
        made = Station(loop, upstream)
        runner = asyncio.run_coroutine_threadsafe(made.open(), loop).result(30)
        try:
            yield made
        finally:
            asyncio.run_coroutine_threadsafe(made.close(runner), loop).result(30)

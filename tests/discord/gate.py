"""The HTTP side: token, rate limits and faults around every route, and a record of every request."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from tests.discord.arguments import Call, read_body
from tests.discord.buckets import Buckets
from tests.discord.errors import Refused, Throttled
from tests.discord.faults import Board, Fault, kill
from tests.discord.gateway import Gateway
from tests.discord.routes import Route, find_route
from tests.discord.values import Request
from tests.discord.world import TOKEN, World

API = "/api/v10"
_VIA = {"Via": "1.1 google"}
_UNAUTHORISED = Refused(401, 0)


class Gate:
    """Takes requests and answers them, unless a fault has other plans."""

    def __init__(self, world: World, gateway: Gateway, board: Board) -> None:
        self.requests: list[Request] = []
        self.revoked = False
        self.buckets = Buckets()
        self._world = world
        self._gateway = gateway
        self._board = board

    def routes(self) -> list[web.RouteDef]:
        """Everything that is served."""
        return [
            web.route("*", f"{API}/{{path:.*}}", self._api),
            web.get("/gateway/", self._gateway.serve),
            web.get("/cdn/attachments/{channel}/{id}/{name}", self._file),
        ]

    async def _file(self, request: web.Request) -> web.Response:
        for message in self._world.messages.get(request.match_info["channel"], {}).values():
            for upload in message.attachments:
                if upload.id == request.match_info["id"]:
                    return web.Response(body=upload.content, content_type=upload.content_type)
        return web.Response(status=404)

    async def _api(self, request: web.Request) -> web.StreamResponse:
        raw = request.rel_url.raw_path.removeprefix(API)
        found = find_route(request.method, [unquote(part) for part in raw.strip("/").split("/")])
        path = f"{request.method} {unquote(raw)}"
        route, named = (None, {}) if found is None else found
        call = Call(route=path if route is None else route.name, path=named, query=dict(request.query))
        record = Request(route=call.route, path=unquote(raw), arguments={}, at=time.monotonic())
        record.told = self.buckets.told(call.route, named)
        self.requests.append(record)
        refused: Refused | None = None
        try:
            call.body, call.files = await read_body(request)
        except Refused as error:
            refused = error
        record.arguments = call.values

        def apply() -> web.Response:
            if refused is not None:
                raise refused
            return self._apply(request, route, call)

        return await self._answer(request, record, call, path, apply)

    async def _answer(
        self, request: web.Request, record: Request, call: Call, path: str, apply: Callable[[], web.Response]
    ) -> web.StreamResponse:
        fault = self._board.take(call.route, path, arguments=record.arguments)
        record.fault = None if fault is None else fault.kind
        if fault is not None and fault.when == "before":
            struck = await self._strike(fault, request, record, call, None)
            if struck is not None:
                return self._recorded(record, struck)
        try:
            response = apply()
        except Refused as error:
            record.error = error.code
            response = _json(error.body, error.status)
        except Throttled as error:
            response = self._throttled(call, error)
        if fault is not None and fault.when == "after":
            return self._recorded(record, await self._strike(fault, request, record, call, response) or response)
        if fault is not None and fault.when == "reply":
            self._recorded(record, response)
            await response.prepare(request)
            await response.write_eof()
            await self._strike(fault, request, record, call, response)
        return self._recorded(record, response)

    def _recorded(self, record: Request, response: web.StreamResponse) -> web.StreamResponse:
        if not isinstance(response, _Cut):
            record.status = response.status
        return response

    def _apply(self, request: web.Request, route: Route | None, call: Call) -> web.Response:
        token = request.headers.get("Authorization", "").removeprefix("Bot ")
        if route is None:
            raise Refused(404, 0)
        if route.needs_token and (token != TOKEN or self.revoked):
            raise _UNAUTHORISED
        headers = self.buckets.admit(call.route, call.path)
        body: Any = route.call(self._world, call)
        return web.Response(status=204, headers=_VIA | headers) if body is None else _json(body, route.status, headers)

    def _throttled(self, call: Call, error: Throttled, *, via: bool = True) -> web.Response:
        self.buckets.close(call.route, call.path, error.retry_after, is_global=error.is_global)
        headers = {"Retry-After": str(math.ceil(error.retry_after)), "X-RateLimit-Scope": error.scope}
        if error.is_global:
            headers["X-RateLimit-Global"] = "true"
        if not via:
            return web.Response(text="error code: 1015", status=429, headers=headers)
        body = {"message": "You are being rate limited.", "global": error.is_global}
        return _json(body | {"retry_after": error.retry_after}, 429, headers)

    async def _strike(
        self, fault: Fault, request: web.Request, record: Request, call: Call, response: web.Response | None
    ) -> Any:
        """Let a fault happen; returns what is answered for it, None where the request goes on."""
        match fault.kind:
            case "delay" | "hold":
                await fault.pause()
                return None
            case "status" if fault.status == 429:
                throttled = Throttled(fault.retry_after or 0.0, is_global=fault.is_global)
                return self._throttled(call, throttled, via=fault.via)
            case "status":
                return web.Response(text="<html>upstream</html>", content_type="text/html", status=fault.status)
            case "error":
                record.error = fault.code
                return _json(Refused(fault.status, fault.code).body, fault.status)
            case "hang":
                await fault.pause()
            case "truncate":
                await _truncate(request, response)
            case "signal":
                kill(fault)
            case "drop":
                pass
        if request.transport is not None:
            request.transport.abort()
        return _Cut()


class _Cut(web.Response):
    """Stands for no answer at all: the connection is gone."""


def _json(body: Any, status: int, headers: dict[str, str] | None = None) -> web.Response:
    # discord.py reads no JSON where the type names a charset.
    content = json.dumps(body).encode()
    return web.Response(body=content, status=status, content_type="application/json", headers=_VIA | (headers or {}))


async def _truncate(request: web.Request, response: web.Response | None) -> None:
    """Send the head, and half of the body."""
    body = b'{"id": "1"}' if response is None or not isinstance(response.body, bytes) else response.body
    cut = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(body))})
    await cut.prepare(request)
    await cut.write(body[: len(body) // 2])

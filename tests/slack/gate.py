"""The HTTP side: tokens, scopes, rate limits and faults around every method, and a record of every request."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from aiohttp import web

from tests.slack.arguments import Arguments, read_arguments
from tests.slack.errors import Refused, Throttled
from tests.slack.faults import Board, Fault, kill
from tests.slack.files import take_upload
from tests.slack.methods import METHODS, SCOPES, scope_needed
from tests.slack.replies import respond
from tests.slack.sockets import Sockets
from tests.slack.tiers import Tiers
from tests.slack.values import Json, Request
from tests.slack.world import World

BOT_TOKEN, APP_TOKEN = "xoxb-loopback-bot-token", "xapp-1-A0CLEW-loopback-app-token"


class Gate:
    """Takes requests and answers them, unless a fault has other plans."""

    def __init__(self, world: World, sockets: Sockets, board: Board) -> None:
        self.requests: list[Request] = []
        self.scopes = SCOPES
        self.revoked: str | None = None
        """The error that the bot token answers with, once it is worth nothing."""
        self.tiers = Tiers()
        self._world = world
        self._sockets = sockets
        self._board = board

    def routes(self) -> list[web.RouteDef]:
        """Everything that is served."""
        return [
            web.route("*", "/api/{method}", self._api),
            web.post("/upload/v1/{file}", self._upload),
            web.post("/respond/{reply}", self._respond),
            web.get("/link/", self._sockets.serve),
        ]

    async def _api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        try:
            values = await read_arguments(request)
        except Refused as error:
            self.requests.append(
                Request(method=method, arguments={}, at=time.monotonic(), status=200, error=error.code)
            )
            return _refusal(error)
        arguments = Arguments(method, values)
        return await self._answer(request, method, values, lambda: self._apply(request, arguments))

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        content = await _uploaded(request)
        file = request.match_info["file"]

        def apply() -> web.Response:
            return web.Response(text=take_upload(self._world, file, content))

        return await self._answer(request, "files.upload", {"file": file}, apply)

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        try:
            values = await read_arguments(request)
        except Refused as error:
            return web.Response(text=error.code, status=400)
        reply = request.match_info["reply"]

        def apply() -> web.Response:
            status, text = respond(self._world, reply, Arguments("response_url", values))
            return web.Response(text=text, status=status)

        return await self._answer(request, "response_url", values | {"reply": reply}, apply)

    async def _answer(
        self, request: web.Request, method: str, values: Json, apply: Callable[[], web.Response]
    ) -> web.StreamResponse:
        record = Request(method=method, arguments=values, at=time.monotonic())
        record.told = self.tiers.told(method, values)
        self.requests.append(record)
        fault = self._board.take(method, values)
        record.fault = None if fault is None else fault.kind
        if fault is not None and fault.when == "before":
            struck = await self._strike(fault, request, record, None)
            if struck is not None:
                return self._recorded(record, struck)
        try:
            response = apply()
        except Refused as error:
            record.error = error.code
            response = _refusal(error)
        self._head(response, method)
        if fault is not None and fault.when == "after":
            return self._recorded(record, await self._strike(fault, request, record, response) or response)
        if fault is not None and fault.when == "reply":
            self._recorded(record, response)
            await response.prepare(request)
            await response.write_eof()
            await self._strike(fault, request, record, response)
        return self._recorded(record, response)

    def _recorded(self, record: Request, response: web.StreamResponse) -> web.StreamResponse:
        if isinstance(response, _Cut):
            return response
        record.status = response.status
        wait = response.headers.get("Retry-After", "")
        if wait.isdecimal():
            self.tiers.close(record.method, record.arguments, int(wait))
        return response

    def _apply(self, request: web.Request, arguments: Arguments) -> web.Response:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ") or arguments.optional("token")
        if arguments.method == "apps.connections.open":
            return web.json_response({"ok": True} | self._open_connection(token))
        self._authorise(token)
        method = METHODS.get(arguments.method)
        if method is None:
            raise Refused("unknown_method", req_method=arguments.method)
        scope = scope_needed(self._world, method, arguments)
        if scope is not None and scope not in self.scopes:
            raise Refused("missing_scope", needed=scope, provided=",".join(sorted(self.scopes)))
        self.tiers.admit(arguments.method, arguments.values)
        return web.json_response({"ok": True} | method.call(self._world, arguments))

    def _authorise(self, token: str | None) -> None:
        if token is None:
            raise Refused("not_authed")
        if token == APP_TOKEN:
            raise Refused("not_allowed_token_type")
        if token != BOT_TOKEN:
            raise Refused("invalid_auth")
        if self.revoked is not None:
            raise Refused(self.revoked)

    def _open_connection(self, token: str | None) -> Json:
        if token is None:
            raise Refused("not_authed")
        if token == BOT_TOKEN:
            raise Refused("not_allowed_token_type")
        if token != APP_TOKEN:
            raise Refused("invalid_auth")
        ticket = self._world.new_id("t")
        self._sockets.tickets.add(ticket)
        return {"url": f"ws://{self._world.url.removeprefix('http://')}link/?ticket={ticket}&app_id=A0CLEW"}

    def _head(self, response: web.Response, method: str) -> None:
        response.headers["x-slack-req-id"] = self._world.new_id("R")
        response.headers["x-oauth-scopes"] = ",".join(sorted(self.scopes))
        if method in METHODS:
            response.headers["x-accepted-oauth-scopes"] = METHODS[method].scope or ""

    async def _strike(self, fault: Fault, request: web.Request, record: Request, response: web.Response | None) -> Any:
        """Let a fault happen; returns what is answered for it, None where the request goes on."""
        match fault.kind:
            case "delay" | "hold":
                await fault.pause()
                return None
            case "status":
                return _status(fault)
            case "error":
                record.error = fault.error
                return web.json_response({"ok": False, "error": fault.error})
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


async def _uploaded(request: web.Request) -> bytes:
    """The bytes of an upload, sent bare or as a form's file."""
    if request.content_type != "multipart/form-data":
        return await request.read()
    files = [part for part in (await request.post()).values() if isinstance(part, web.FileField)]
    return files[0].file.read() if files else b""


class _Cut(web.Response):
    """Stands for no answer at all: the connection is gone."""


def _refusal(error: Refused) -> web.Response:
    body = {"ok": False, "error": error.code} | error.fields
    if isinstance(error, Throttled):
        return web.json_response(body, status=429, headers={"Retry-After": str(error.retry_after)})
    return web.json_response(body)


def _status(fault: Fault) -> web.Response:
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    if fault.status == 429:
        return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
    return web.Response(text="<html>upstream</html>", content_type="text/html", status=fault.status, headers=headers)


async def _truncate(request: web.Request, response: web.Response | None) -> None:
    """Send the head, and half of the body."""
    body = (
        b'{"ok": true, "channel": "C0"}' if response is None or not isinstance(response.body, bytes) else response.body
    )
    cut = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(body))})
    await cut.prepare(request)
    await cut.write(body[: len(body) // 2])

"""Replies, and how they break: ASGI applications that a route returns."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.sandbox.connections import Connections
from bot.sandbox.errors import error_body
from bot.sandbox.faults import Fault, FaultBoard
from bot.sandbox.ids import now
from bot.sandbox.runs import STRIKE, Run
from bot.sandbox.sse import MEDIA_TYPE, encoded

Json = dict[str, Any]
Headers = dict[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Striker:
    """Does what a fault says to a request."""

    board: FaultBoard
    connections: Connections

    def reply(self, fault: Fault, *, streaming: bool = False) -> ASGIApp:
        """A reply that is nothing but the fault."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            if fault.kind == "status":
                await _status(fault)(scope, receive, send)
                return
            if streaming and fault.kind in ("no_done", "error_event"):
                await send(_start(200, {"content-type": MEDIA_TYPE}))
            await self.strike(fault, scope, receive, send)

        return app

    async def strike(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """Break off a reply, whether or not it was begun."""
        match fault.kind:
            case "reset":
                self.connections.reset(scope)
            case "late" if fault.drop:
                self.connections.reset(scope)
            case "hang" | "stall" | "late":
                await self._hang(receive)
                self.connections.close(scope)
            case "no_done":
                await send(_body(b"", more=False))
                return
            case "error_event":
                event = {
                    "type": "conversation.response.error",
                    "created_at": now(),
                    "message": fault.message,
                    "code": fault.code or 3000,
                }
                await send(_body(encoded(event), more=False))
                return
            case _:
                self.connections.close(scope)
        while (await receive())["type"] != "http.disconnect":
            pass

    def after(self, fault: Fault, scope: Scope) -> None:
        """Break the connection of a reply that is complete."""
        if fault.kind == "reset":
            self.connections.reset(scope)
        else:
            self.connections.close(scope)

    async def _hang(self, receive: Receive) -> None:
        """Until the client leaves, or the fault board lets go."""

        async def left() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass

        waiting = {asyncio.ensure_future(left()), asyncio.ensure_future(self.board.held())}
        _, pending = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()


def kill(fault: Fault) -> None:
    """SIGKILL the process that the fault names."""
    if fault.pid is not None:
        os.kill(fault.pid, signal.SIGKILL)


@dataclass(frozen=True, kw_only=True, slots=True)
class EventStream:
    """Streams a run's events. The run goes on if the client leaves or the stream breaks."""

    run: Run
    striker: Striker
    headers: Headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream."""
        fault = self.run.job.fault
        await send(_start(200, {"content-type": MEDIA_TYPE, "cache-control": "no-cache", **self.headers}))
        while (event := await self.run.events.get()) is not None:
            if event is STRIKE and fault is not None:
                if fault.kind == "kill":
                    kill(fault)
                    continue
                if fault.split:
                    following = await self.run.events.get() or {"type": "message.output.delta", "id": "msg_"}
                    await send(_body(encoded(following)[:-20], more=True))
                await self.striker.strike(fault, scope, receive, send)
                return
            await send(_body(encoded(event), more=True))
        await send(_body(b"", more=False))


@dataclass(frozen=True, kw_only=True, slots=True)
class HalfBody:
    """Half of a JSON reply, then the fault."""

    run: Run
    fault: Fault
    striker: Striker

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Reply, and break off."""
        whole = json.dumps(self.run.reply()).encode()
        await send(_start(200, {"content-type": "application/json", "content-length": str(len(whole))}))
        await send(_body(whole[: len(whole) // 2], more=True))
        if self.fault.kind == "kill":
            kill(self.fault)
            await send(_body(whole[len(whole) // 2 :], more=False))
            return
        await self.striker.strike(self.fault, scope, receive, send)


def _status(fault: Fault) -> JSONResponse:
    kind = "rate_limited" if fault.status == 429 else "invalid_request_error" if fault.status < 500 else "server_error"
    headers: Headers = {}
    if fault.retry_after is not None:
        seconds = f"{fault.retry_after:g}"
        until = format_datetime(datetime.now(UTC) + timedelta(seconds=fault.retry_after), usegmt=True)
        headers["retry-after"] = seconds if fault.retry_after_form == "seconds" else until
    if fault.status == 422:
        detail = [{"type": "value_error", "loc": ["body"], "msg": fault.message, "input": None}]
        return JSONResponse({"detail": detail}, 422, headers)
    body = error_body(fault.message, kind=kind, code=fault.code or fault.status * 10)
    return JSONResponse(body, fault.status, headers)


def _start(status: int, headers: Headers) -> Json:
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http.response.start", "status": status, "headers": pairs}


def _body(content: bytes, *, more: bool) -> Json:
    return {"type": "http.response.body", "body": content, "more_body": more}

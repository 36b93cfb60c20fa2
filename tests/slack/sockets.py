"""Socket Mode: connections, envelopes, acknowledgements, and the redelivery of events that nobody acknowledged."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.slack.faults import Board, Fault, kill
from tests.slack.values import Json

EVENT, COMMAND, INTERACTIVE = "events_api", "slash_commands", "interactive"
ATTEMPTS = 4
"""An event is sent once, and thrice more."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Link:
    """One connection."""

    socket: web.WebSocketResponse
    transport: asyncio.Transport | None

    def cut(self) -> None:
        """Reset it."""
        if self.transport is not None:
            self.transport.abort()


@dataclass(kw_only=True, slots=True)
class Envelope:
    """One thing to deliver, and what became of it."""

    id: str
    type: str
    payload: Json
    attempts: int = 0
    sent_at: float | None = None
    """When it was sent first, on the monotonic clock."""
    acked_at: float | None = None
    acked: bool = False
    response: Json | None = None
    """What came with the acknowledgement."""
    failed: bool = False
    """Nobody acknowledged it, and it will not be sent again: a person sees that the app did not respond."""
    answered: Callable[[Json | None], None] = lambda _: None
    again: asyncio.Event = field(default_factory=asyncio.Event)
    outcome: asyncio.Event = field(default_factory=asyncio.Event)
    sent_on: Link | None = None

    @property
    def event(self) -> Json:
        """The event inside, where it is one."""
        found: Json = self.payload.get("event", {})
        return found

    @property
    def ts(self) -> str | None:
        """The message that it is about."""
        event = self.event
        item: Json = event.get("item", {})
        found: str | None = event.get("deleted_ts") or item.get("ts") or event.get("message", event).get("ts")
        return found

    @property
    def kind(self) -> str:
        """The event's type, or the envelope's own."""
        return str(self.event.get("type", self.payload.get("type", self.type)))


class Sockets:
    """All connections of the app, and everything sent through them."""

    def __init__(self, board: Board) -> None:
        self.envelopes: list[Envelope] = []
        self.links: list[Link] = []
        self.tickets: set[str] = set()
        self.connected = 0
        self.ack_seconds = 3.0
        self.delays = [0.0, 60.0, 300.0]
        """Seconds before each redelivery, unless something brings it about sooner."""
        self.redeliver_on_connect = True
        self.twice = False
        self._board = board
        self._by_id: dict[str, Envelope] = {}
        self._turn = itertools.count()
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """One client's connection, for as long as it lasts."""
        ticket = request.query.get("ticket", "")
        if ticket not in self.tickets:
            raise web.HTTPForbidden
        self.tickets.discard(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        hello = {"type": "hello", "num_connections": len(self.links) + 1, "connection_info": {"app_id": "A0CLEW"}}
        debug = {"host": "loopback", "build_number": 1, "approximate_connection_time": 3600}
        await socket.send_json(hello | {"debug_info": debug})
        link = Link(socket=socket, transport=request.transport)
        self.links.append(link)
        self.connected += 1
        if self.redeliver_on_connect:
            self.redeliver()
        try:
            async for message in socket:
                if message.type == WSMsgType.TEXT:
                    self._heard(json.loads(str(message.data)))
        finally:
            self._lost(link)
        return socket

    def send(self, envelope: Envelope) -> Envelope:
        """Deliver: events until they are acknowledged, all else once."""
        for each in [envelope, _copy(envelope)] if self.twice and envelope.type == EVENT else [envelope]:
            self.envelopes.append(each)
            self._by_id[each.id] = each
            self._start(self._carry(each))
        return envelope

    def redeliver(self, *, ts: str | None = None, new_event_id: str | None = None) -> None:
        """Send again, now, the events that wait; with a ts, those of that message, acknowledged or not."""
        for envelope in [each for each in self.envelopes if each.type == EVENT and ts in {None, each.ts}]:
            if new_event_id is not None:
                envelope.payload = envelope.payload | {"event_id": f"{new_event_id}{envelope.attempts}"}
            if ts is not None and (envelope.acked or envelope.failed):
                self._start(self._once_more(envelope))
            else:
                envelope.again.set()

    def forget(self) -> None:
        """Give up the events that wait, as Slack does after some minutes."""
        for envelope in self.envelopes:
            if not envelope.acked:
                envelope.failed = True
                envelope.again.set()
                envelope.outcome.set()

    async def disconnect(self, reason: str) -> None:
        """Tell every client that its connection is about to end."""
        for link in list(self.links):
            await link.socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "loopback"}})

    def cut(self) -> None:
        """Reset every connection."""
        for link in list(self.links):
            link.cut()

    async def close(self) -> None:
        """End all deliveries and connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.cut()

    def _start(self, job: Any) -> None:
        task: asyncio.Task[None] = asyncio.ensure_future(job)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, envelope: Envelope) -> None:
        reason: str | None = None
        for attempt in range(ATTEMPTS if envelope.type == EVENT else 1):
            if attempt:
                await _either(envelope.again, self.delays[attempt - 1])
            if envelope.failed or envelope.acked:
                return
            reason = await self._attempt(envelope, attempt, reason)
            if envelope.acked:
                return
        envelope.failed = True

    async def _once_more(self, envelope: Envelope) -> None:
        await self._attempt(envelope, envelope.attempts, "timeout")

    async def _attempt(self, envelope: Envelope, attempt: int, reason: str | None) -> str:
        """Send it and wait; returns why it will have to be sent again, if it was not acknowledged."""
        envelope.again.clear()
        envelope.outcome.clear()
        envelope.attempts += 1
        live = [link for link in self.links if not link.socket.closed]
        if not live:
            return "connection_failed"
        link = live[next(self._turn) % len(live)]
        envelope.sent_on = link
        takes_answer = envelope.type != EVENT
        wire: Json = {"envelope_id": envelope.id, "type": envelope.type, "payload": envelope.payload}
        wire |= {"accepts_response_payload": takes_answer}
        if envelope.type == EVENT:
            wire |= {"retry_attempt": attempt, "retry_reason": reason or ""}
        envelope.sent_at = envelope.sent_at or time.monotonic()
        fault = self._board.take("socket", envelope.event or envelope.payload, event=envelope.kind)
        if fault is not None and fault.when == "before" and await _struck(fault, link):
            return "connection_failed"
        try:
            await link.socket.send_json(wire)
        except ConnectionError:
            return "connection_failed"
        if fault is not None and fault.when == "after":
            await _struck(fault, link)
        await _either(envelope.outcome, self.ack_seconds)
        if fault is not None and fault.when == "reply" and envelope.acked:
            await _struck(fault, link)
        return "timeout"

    def _heard(self, message: Json) -> None:
        envelope = self._by_id.get(str(message.get("envelope_id")))
        if envelope is not None and not envelope.acked:
            envelope.acked = True
            envelope.acked_at = time.monotonic()
            envelope.response = message.get("payload") or None
            envelope.outcome.set()
            envelope.answered(envelope.response)

    def _lost(self, link: Link) -> None:
        self.links.remove(link)
        for envelope in self.envelopes:
            if envelope.sent_on is link and not envelope.acked:
                envelope.outcome.set()


def _copy(envelope: Envelope) -> Envelope:
    return Envelope(id=f"{envelope.id}-twin", type=envelope.type, payload=envelope.payload)


async def _struck(fault: Fault, link: Link) -> bool:
    """Let a fault happen; True where the delivery ends with it."""
    if fault.kind == "signal":
        kill(fault)
        return False
    if fault.kind in {"delay", "hold"}:
        await fault.pause()
        return False
    link.cut()
    return True


async def _either(event: asyncio.Event, seconds: float) -> None:
    """Until the event is set, or for as long as that."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return

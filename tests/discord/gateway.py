"""The gateway: sessions that outlive their connections, what is sent to them, and what is sent once more."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from tests.discord.events import PRIVILEGED, guild_event, heard_by
from tests.discord.faults import Board, Fault, kill
from tests.discord.people import gateway_url
from tests.discord.shapes import member_shape, self_shape
from tests.discord.values import Json, as_object
from tests.discord.world import APPLICATION, BOT_USER, GUILD, TOKEN, Event, World

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE_STATE, RESUME, RECONNECT, REQUEST_MEMBERS = 0, 1, 2, 3, 4, 6, 7, 8
INVALID_SESSION, HELLO, HEARTBEAT_ACK = 9, 10, 11


@dataclass(kw_only=True, slots=True, eq=False)
class Link:
    """One client's connection."""

    socket: web.WebSocketResponse
    transport: asyncio.Transport | None
    waiting: asyncio.Queue[Json] = field(default_factory=asyncio.Queue[Json])
    session: Session | None = None
    closed: bool = False
    """We ended it, whatever the client says to that."""

    def cut(self) -> None:
        """Reset it."""
        if self.transport is not None:
            self.transport.abort()


@dataclass(kw_only=True, slots=True, eq=False)
class Session:
    """What one IDENTIFY began. It may be resumed until it is ended."""

    id: str
    intents: int
    seq: int = 0
    sent: list[Json] = field(default_factory=list[Json])
    link: Link | None = None
    ended: bool = False

    def dispatch(self, name: str, data: Any) -> None:
        """Send an event, or keep it for who resumes."""
        self.seq += 1
        # What was said then is what will be replayed.
        payload: Json = json.loads(json.dumps({"op": DISPATCH, "t": name, "s": self.seq, "d": data}))
        self.sent.append(payload)
        if self.link is not None:
            self.link.waiting.put_nowait(payload)


class Gateway:
    """All sessions of the bot, and everything sent to them."""

    def __init__(self, world: World, board: Board) -> None:
        self.events: list[Event] = []
        self.sessions: list[Session] = []
        self.begun: list[float] = []
        self.lost: list[float] = []
        """When somebody began to listen, again or anew, and when somebody ceased to; on the monotonic clock."""
        self.links: list[Link] = []
        self.identifies = 0
        self.resumes = 0
        self.down = False
        self.twice = False
        self.outage = False
        """The guild is unavailable, as far as anybody is told."""
        self.acks = True
        self.heartbeat_seconds = 41.25
        self.refused_intents = 0
        """Privileged intents that are not switched on for the application."""
        self._world = world
        self._board = board
        self._numbers = itertools.count(1)
        self._closing: set[asyncio.Task[bool]] = set()

    @property
    def live(self) -> list[Session]:
        """Those that a client listens to."""
        return [session for session in self.sessions if session.link is not None]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One client's connection, for as long as it lasts."""
        if self.down:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=503)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        link = Link(socket=socket, transport=request.transport)
        self.links.append(link)
        link.waiting.put_nowait({"op": HELLO, "s": None, "t": None, "d": self._hello()})
        writer = asyncio.ensure_future(self._write(link))
        try:
            async for message in socket:
                if message.type in {WSMsgType.TEXT, WSMsgType.BINARY}:
                    await self._hear(link, json.loads(message.data))
        finally:
            writer.cancel()
            self.links.remove(link)
            if link.session is not None:
                link.session.link = None
                self.lost.append(time.monotonic())
                # Who leaves in good order gives its session up.
                link.session.ended |= not link.closed and socket.close_code in {WSCloseCode.OK, WSCloseCode.GOING_AWAY}
        return socket

    def tell(self, event: Event) -> None:
        """Send an event to every session that may hear of it."""
        self.events.append(event)
        if self.outage and event.data.get("guild_id") == GUILD:
            return
        for session in self.sessions:
            data = None if session.ended else heard_by(event, session.intents)
            for _ in range(0 if data is None else 2 if self.twice else 1):
                session.dispatch(event.name, data)

    def dispatch_raw(self, name: str, data: Any) -> None:
        """Send something that is no event."""
        for session in self.live:
            session.dispatch(name, data)

    def cut(self) -> None:
        """Reset every connection; the sessions can be resumed."""
        for link in list(self.links):
            link.cut()

    def close(self, code: int) -> None:
        """End every connection with a code. Nobody waits for what the clients say to that."""
        for link in list(self.links):
            link.closed = True
            closing = asyncio.ensure_future(link.socket.close(code=code))
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    def say(self, op: int, data: Any = None) -> None:
        """Send an opcode to every client."""
        for link in list(self.links):
            link.waiting.put_nowait({"op": op, "d": data, "s": None, "t": None})

    def end_sessions(self) -> None:
        """None of them can be resumed any more."""
        for session in self.sessions:
            session.ended = True

    def _hello(self) -> Json:
        return {"heartbeat_interval": int(self.heartbeat_seconds * 1000), "_trace": ["loopback"]}

    async def _write(self, link: Link) -> None:
        while True:
            payload = await link.waiting.get()
            fault = None
            if payload["op"] == DISPATCH:
                fault = self._board.take(arguments=as_object(payload["d"]), event=payload["t"])
            if fault is not None and fault.when == "before" and await _struck(fault, link):
                return
            try:
                await link.socket.send_str(json.dumps(payload))
            except ConnectionError:
                return
            if fault is not None and fault.when != "before" and await _struck(fault, link):
                return

    async def _hear(self, link: Link, message: Json) -> None:
        data: Any = message.get("d")
        match message.get("op"):
            case 1:
                if self.acks:
                    link.waiting.put_nowait({"op": HEARTBEAT_ACK, "d": None, "s": None, "t": None})
            case 2:
                await self._identify(link, as_object(data))
            case 6:
                await self._resume(link, as_object(data))
            case 8:
                self._list_members(link, as_object(data))
            case 3 | 4:
                pass
            case _:
                await link.socket.close(code=4001)

    async def _identify(self, link: Link, data: Json) -> None:
        self.identifies += 1
        intents = int(data.get("intents", 0))
        code = None
        if data.get("token") != TOKEN or self.identifies > self._world.identify_limit:
            code = 4004
        elif link.session is not None:
            code = 4005
        elif intents & PRIVILEGED & self.refused_intents:
            code = 4014
        if code is not None:
            await link.socket.close(code=code)
            return
        session = Session(id=f"session-{next(self._numbers)}", intents=intents, link=link)
        link.session = session
        self.sessions.append(session)
        self.begun.append(time.monotonic())
        is_member, flags = self._world.people[BOT_USER].member, str(self._world.application_flags)
        session.dispatch(
            "READY",
            {
                "v": 10, "user": self_shape(self._world), "session_id": session.id, "session_type": "normal",
                "resume_gateway_url": gateway_url(self._world), "private_channels": [], "presences": [],
                "relationships": [], "geo_ordered_rtc_regions": [], "shard": data.get("shard") or [0, 1],
                "guilds": [{"id": GUILD, "unavailable": True}] if is_member else [],
                "application": {"id": APPLICATION, "flags": self._world.application_flags, "flags_new": flags},
                "user_settings": {}, "guild_join_requests": [],
            },
        )  # fmt: skip
        if is_member and not self.outage:
            session.dispatch("GUILD_CREATE", guild_event(self._world).data)

    async def _resume(self, link: Link, data: Json) -> None:
        session = next((each for each in self.sessions if each.id == data.get("session_id")), None)
        if session is None or session.ended or data.get("token") != TOKEN:
            link.waiting.put_nowait({"op": INVALID_SESSION, "d": False, "s": None, "t": None})
            return
        seq = int(data.get("seq") or 0)
        if seq > session.seq:
            await link.socket.close(code=4007)
            return
        self.resumes += 1
        self.begun.append(time.monotonic())
        link.session, session.link = session, link
        for payload in session.sent:
            if payload["s"] > seq:
                link.waiting.put_nowait(payload)
        session.dispatch("RESUMED", {"_trace": ["loopback"]})

    def _list_members(self, link: Link, data: Json) -> None:
        if link.session is None:
            return
        members = [member_shape(person) for person in self._world.people.values() if person.member]
        chunk: Json = {"guild_id": GUILD, "members": members, "chunk_index": 0, "chunk_count": 1, "not_found": []}
        chunk |= {"nonce": data["nonce"]} if "nonce" in data else {}
        link.session.dispatch("GUILD_MEMBERS_CHUNK", chunk)


async def _struck(fault: Fault, link: Link) -> bool:
    """Let a fault happen; True where the connection ends with it."""
    if fault.kind == "signal":
        kill(fault)
        return False
    if fault.kind in {"delay", "hold"}:
        await fault.pause()
        return False
    link.cut()
    return True

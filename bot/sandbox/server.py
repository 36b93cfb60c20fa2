"""The sandbox as an ASGI application, and serving it."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.errors import PlainError
from bot.sandbox.agents import AgentRoutes
from bot.sandbox.behaviour import Behaviour
from bot.sandbox.brain.protocol import Brain
from bot.sandbox.connections import Connections
from bot.sandbox.control import Control
from bot.sandbox.conversations import ConversationRoutes
from bot.sandbox.faults import FaultBoard
from bot.sandbox.gate import Gate
from bot.sandbox.gate import Route as GatedRoute
from bot.sandbox.ledger import Ledger
from bot.sandbox.models import list_models
from bot.sandbox.replies import Striker
from bot.sandbox.runs import Engine
from bot.sandbox.store import Store
from bot.sandbox.thinking import rule_brain

_FILE = "sandbox.sqlite"
_LEDGER = "sandbox-ledger.jsonl"
_TICK = 0.1
"""Seconds between two looks at the clock."""
_GRACE = 2
"""Seconds that open replies get when the server is told to stop."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Faults:
    """What a sandbox has that can be told to fail."""

    board: FaultBoard = field(default_factory=FaultBoard)
    ledger: Ledger = field(default_factory=Ledger)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sandbox:
    """What an application is made of."""

    store: Store
    engine: Engine
    connections: Connections


def build_app(
    brain: Brain,
    *,
    store: Store,
    faults: Faults | None = None,
    token_delay: float = 0.0,
    think_time: float = 0.0,
    behaviour: Behaviour | None = None,
) -> Starlette:
    """Put a sandbox together; `sandbox_of` finds its parts. With `faults` it can be told to fail, and keeps a ledger.

    Delays are seconds: after each word, and before the first. A whole `behaviour` stands in for both.
    """
    board = FaultBoard() if faults is None else faults.board
    connections = Connections()
    engine = Engine(brain, store, board, behaviour or Behaviour(token_delay=token_delay, think_time=think_time))
    striker = Striker(board=board, connections=connections)
    gate = Gate(store=store, board=board, striker=striker, ledger=None if faults is None else faults.ledger)
    routes = [
        Route("/healthz", _healthy, methods=["GET"]),
        Route("/v1/models", gate.endpoint("models", list_models), methods=["GET"]),
        *_agent_routes(gate, AgentRoutes(store)),
        *_conversation_routes(gate, ConversationRoutes(store, engine, striker)),
    ]
    if faults is not None:
        routes += Control(board, faults.ledger, engine, store).routes()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        yield
        await engine.close()
        store.close()

    app = Starlette(routes=routes, lifespan=lifespan)
    app.state.sandbox = Sandbox(store=store, engine=engine, connections=connections)
    return app


def sandbox_of(app: Starlette) -> Sandbox:
    """What an application of `build_app` is made of."""
    return cast("Sandbox", app.state.sandbox)


def _agent_routes(gate: Gate, agents: AgentRoutes) -> list[Route]:
    one = "/v1/agents/{agent_id}"
    table: list[tuple[str, str, str, GatedRoute]] = [
        ("POST", "/v1/agents", "agents.create", agents.create),
        ("GET", "/v1/agents", "agents.list", agents.list),
        ("GET", "/v1/agents/pages", "agents.list", agents.list_pages),
        ("GET", one, "agents.get", agents.get),
        ("PATCH", one, "agents.update", agents.update),
        ("DELETE", one, "agents.delete", agents.delete),
        ("PATCH", f"{one}/version", "agents.switch", agents.switch),
        ("GET", f"{one}/versions", "agents.versions", agents.versions),
        ("GET", f"{one}/versions/{{version}}", "agents.version", agents.version),
        ("GET", f"{one}/aliases", "agents.aliases", agents.aliases),
        ("PUT", f"{one}/aliases", "agents.put_alias", agents.put_alias),
        ("DELETE", f"{one}/aliases", "agents.delete_alias", agents.delete_alias),
    ]
    return [Route(path, gate.endpoint(kind, route), methods=[method]) for method, path, kind, route in table]


def _conversation_routes(gate: Gate, conversations: ConversationRoutes) -> list[Route]:
    one = "/v1/conversations/{conversation_id}"
    table: list[tuple[str, str, str, GatedRoute]] = [
        ("POST", "/v1/conversations", "start", conversations.start),
        ("GET", "/v1/conversations", "list", conversations.list),
        ("POST", one, "append", conversations.append),
        ("GET", one, "get", conversations.get),
        ("DELETE", one, "delete", conversations.delete),
        ("POST", f"{one}/restart", "restart", conversations.restart),
        ("GET", f"{one}/history", "history", conversations.history),
        ("GET", f"{one}/messages", "messages", conversations.messages),
    ]
    return [Route(path, gate.endpoint(kind, route), methods=[method]) for method, path, kind, route in table]


async def _healthy(_: Request) -> Response:
    return JSONResponse({"status": "ok", "sandbox": True})


class Server(uvicorn.Server):
    """uvicorn, less its signal handlers: whoever serves decides when to stop."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._told = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Capture none."""
        yield

    async def main_loop(self) -> None:
        """As uvicorn's, but it ends the moment that it is told to."""
        counter = 0
        while not await self.on_tick(counter):
            counter = (counter + 1) % 10
            with suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), _TICK)

    def stop(self) -> None:
        """Finish what is open, then end."""
        self.should_exit = True
        self._told.set()


def server_for(app: Starlette, *, make: type[Server] = Server) -> Server:
    """A server for one sandbox, to be served on a socket."""
    config = uvicorn.Config(
        app,
        http=sandbox_of(app).connections.protocol(),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=_GRACE,
    )
    return make(config)


async def serve(
    host: str,
    port: int,
    *,
    data_dir: Path | None = None,
    until: asyncio.Event | None = None,
    faults: bool = False,
    gullible: bool = False,
    token_delay: float = 0.012,
    think_time: float = 0.2,
) -> None:
    """Serve until `until` is set; where none is given, until SIGTERM or SIGINT.

    With a `data_dir`, agents and conversations survive a restart. Raises PlainError if the address cannot be had.
    """
    try:
        listening = socket.create_server((host, port))
    except OSError as error:
        raise PlainError(f"The sandbox cannot listen on {host}:{port}: {error.strerror}.") from error
    store = Store(None if data_dir is None else data_dir / _FILE)
    switches = Faults(ledger=Ledger(None if data_dir is None else data_dir / _LEDGER)) if faults else None
    brain = rule_brain(gullible=gullible)
    server = server_for(build_app(brain, store=store, faults=switches, token_delay=token_delay, think_time=think_time))
    with nullcontext(until) if until is not None else _signalled() as ended:
        serving = asyncio.ensure_future(server.serve(sockets=[listening]))
        stop = asyncio.ensure_future(ended.wait())
        try:
            await asyncio.wait({serving, stop}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.cancel()
            server.stop()
            await serving
            listening.close()


@contextmanager
def _signalled() -> Generator[asyncio.Event]:
    """An event that SIGTERM or SIGINT sets."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    try:
        yield ended
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)

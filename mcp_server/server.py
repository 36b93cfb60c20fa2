"""The MCP server: tools and prompts over streamable HTTP, behind a bearer token and a list of hosts."""

import hmac
import importlib
import importlib.metadata
import logging
import re
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import uvicorn
from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from mcp_server.later import Later
from mcp_server.market_data import MarketData
from mcp_server.prompt_files import load_prompts, register_prompts
from mcp_server.providers import ProviderSettings, check_provider, load_provider
from mcp_server.tools.company import CompanyTools
from mcp_server.tools.markets import MarketHours, MarketTools
from mcp_server.tools.painter import Painter
from mcp_server.tools.prices import PriceTools

MCP_PATH = "/mcp"
HEALTH_PATH = "/healthz"
MAX_BODY = 4 * 1024 * 1024
"""Bytes: room for a writer's evidence as a prompt argument, and no more."""

LOOPBACK_HOSTS = ("127.0.0.1:*", "localhost:*", "[::1]:*")
INSTRUCTIONS = (
    "Market data for research. Find a symbol with search_symbols if it is not certain. Every result says when its "
    "figures were true (as_of), in which currency, where they come from and what to tell the reader (note): repeat "
    "these with every figure. Nothing here is investment advice."
)
_SHUTDOWN_SECONDS = 3
_MIN_TOKEN = 8

_NAME = r"(?:\[[^\[\]]*\]|[^:\[\]/?#@\\]*)(?::\d{1,5})?"
_HOST, _ORIGIN = re.compile(_NAME), re.compile(rf"[a-z]+://{_NAME}")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpSettings:
    """Who may speak to the server.

    `allowed_hosts` and `allowed_origins` are added to the loopback names; `"clew-mcp:*"` allows any port. `token` is
    what every request to the MCP endpoint must carry.
    """

    token: str = field(repr=False)
    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    max_body: int = MAX_BODY

    def __post_init__(self) -> None:
        """Raise ValueError for a token that guards nothing."""
        if len(self.token.strip()) < _MIN_TOKEN:
            raise ValueError(f"the MCP token must have at least {_MIN_TOKEN} characters")


def build_server(
    market: MarketData | Later[MarketData],
    *,
    painter: Later[Painter] | None = None,
    hours: Later[MarketHours] | None = None,
) -> MCPServer[Any]:
    """Return a server with all tools and prompts. Drawing and trading hours are loaded when first needed."""
    data = market if isinstance(market, Later) else Later(lambda: market)
    server: MCPServer[Any] = MCPServer(
        "clew-market-data",
        title="Clew market data",
        instructions=INSTRUCTIONS,
        version=_version(),
        log_level="WARNING",
        subscriptions=False,
    )
    PriceTools(data, painter or Later(_load_painter)).register(server)
    CompanyTools(data).register(server)
    MarketTools(data, hours or Later(_load_hours)).register(server)
    register_prompts(server, load_prompts())
    return server


def build_app(server: MCPServer[Any], settings: HttpSettings, *, ready: Callable[[], bool] = lambda: True) -> Starlette:
    """Return the ASGI app: `/mcp` behind the token, `/healthz` open. Stateless, for both protocol eras.

    `/healthz` answers 200 once `ready` does, and 503 before: a tool called meanwhile waits.
    """
    security = TransportSecuritySettings(
        enable_dns_rebinding_protection=True,
        allowed_hosts=[*LOOPBACK_HOSTS, *settings.allowed_hosts],
        allowed_origins=[*(f"http://{host}" for host in LOOPBACK_HOSTS), *settings.allowed_origins],
    )
    app = server.streamable_http_app(
        streamable_http_path=MCP_PATH,
        stateless_http=True,
        json_response=False,  # JSON responses drop progress notifications
        max_request_body_size=settings.max_body,
        transport_security=security,
    )

    async def health(_: Request) -> JSONResponse:
        started = ready()
        return JSONResponse({"status": "ok" if started else "starting"}, status_code=200 if started else 503)

    app.router.routes.append(Route(HEALTH_PATH, health, methods=["GET"]))
    app.user_middleware.insert(0, Middleware(BearerToken, token=settings.token, open_paths=(HEALTH_PATH,)))
    app.user_middleware.insert(1, Middleware(PlainPorts))
    return app


class BearerToken:
    """ASGI middleware: without the right bearer token everything but the open paths answers 401, web sockets too."""

    def __init__(self, app: ASGIApp, *, token: str, open_paths: tuple[str, ...]) -> None:
        self._app = app
        self._token = token.encode()
        self._open_paths = open_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        kind = scope["type"]
        is_open = kind == "lifespan" or (kind == "http" and scope["path"] in self._open_paths)
        if is_open or self._allowed(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        response = PlainTextResponse("Unauthorized", status_code=401, headers={"WWW-Authenticate": "Bearer"})
        await response(scope, receive, send)

    def _allowed(self, headers: Headers) -> bool:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        # Bytes, in constant time: header text may hold what compare_digest refuses in a str.
        return scheme.lower() == "bearer" and hmac.compare_digest(token.strip().encode("utf-8", "replace"), self._token)


class PlainPorts:
    """ASGI middleware: a Host or an Origin that has anything but a number for its port is refused.

    mcp compares a name with `:*` up to its colon only: `localhost:80.evil.example` would pass for `localhost`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it as mcp refuses a name that it does not know."""
        refused = 0
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            if not _HOST.fullmatch(headers.get("host", "")):
                refused = 421
            elif not _ORIGIN.fullmatch(headers.get("origin", "none://")):
                refused = 403
        if not refused:
            await self._app(scope, receive, send)
            return
        await PlainTextResponse("Not for this name", status_code=refused)(scope, receive, send)


def serve(
    *,
    token: str,
    provider_name: str,
    data_dir: Path,
    host: str = "127.0.0.1",
    port: int = 9000,
    allowed_hosts: tuple[str, ...] = (),
    allowed_origins: tuple[str, ...] = (),
    connect_to: str | None = None,
    ca_file: Path | None = None,
    instrument: Callable[[Starlette], object] | None = None,
) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code: 0, or 1 if the provider cannot be loaded.

    The port opens first and the provider loads behind it, so a restart is back quickly. `instrument` gets the app
    before it starts, for tracing.

    Raises:
        UnknownProvider: If there is no provider of that name.
        ValueError: If the token guards nothing.
    """
    settings = HttpSettings(token=token, allowed_hosts=allowed_hosts, allowed_origins=allowed_origins)
    check_provider(provider_name)
    provider = ProviderSettings(data_dir=data_dir, connect_to=connect_to, ca_file=ca_file)
    market = Later(lambda: load_provider(provider_name, provider))
    painter, hours = Later(_load_painter), Later(_load_hours)
    app = build_app(build_server(market, painter=painter, hours=hours), settings, ready=lambda: market.ready)
    if instrument is not None:
        instrument(app)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        server_header=False,
    )
    server = _Server(config, warm_up=lambda: (market.get().warm_up(), hours.get(), painter.get()))
    if threading.current_thread() is threading.main_thread():
        # uvicorn repeats the signal after its own clean end: with this handler that is no death by signal.
        signal.signal(signal.SIGTERM, lambda _signal, _frame: server.stop())
    server.run()
    return 1 if server.failed or not server.started else 0


class _Server(uvicorn.Server):
    """uvicorn, loading what the tools need in the background once the port is open."""

    def __init__(self, config: uvicorn.Config, *, warm_up: Callable[[], object]) -> None:
        super().__init__(config)
        self.failed = False
        self._warm_up = warm_up

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets=sockets)
        threading.Thread(target=self._load, name="warm-up", daemon=True).start()

    def stop(self) -> None:
        """End after the running requests."""
        self.should_exit = True

    def _load(self) -> None:
        try:
            self._warm_up()
        except Exception:  # noqa: BLE001 - a provider may fail in any way; the process ends with code 1
            _log.exception("The market-data provider cannot be loaded")
            self.failed = True
            self.stop()


def _load_painter() -> Painter:
    return cast("Painter", importlib.import_module("mcp_server.charts").paint)


def _load_hours() -> MarketHours:
    return cast("MarketHours", importlib.import_module("mcp_server.market_hours").market_status)


def _version() -> str:
    try:
        return importlib.metadata.version("clew")
    except importlib.metadata.PackageNotFoundError:
        return "0"

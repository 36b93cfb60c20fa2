"""The real MCP app over sample data, served from a thread of its own, with a provider that can be told to fail."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import uvicorn
from mcp.server.mcpserver import MCPServer
from starlette.applications import Starlette

from bot.runtime import free_port
from mcp_server.market_data import MarketData
from mcp_server.providers import ProviderSettings, load_provider
from mcp_server.server import HttpSettings, build_app, build_server

TOKEN = "a-token-for-tests-only"


@dataclass(kw_only=True)
class Misfortune:
    """What a provider does instead of answering, while armed. `hold` keeps a call until released."""

    error: Exception | None = None
    times: int = 0
    methods: frozenset[str] = frozenset()
    released: threading.Event = field(default_factory=threading.Event)
    hold: bool = False


class FaultyMarket:
    """A provider that does what the real one does, until it is told otherwise.

    `calls` are what was asked of it, `times` when (monotonic seconds).
    """

    def __init__(self, real: MarketData) -> None:
        self._real = real
        self._lock = threading.Lock()
        self._misfortune = Misfortune()
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self.times: list[float] = []

    def fail(self, error: Exception, *methods: str, times: int = 1_000_000) -> None:
        """Raise `error` from the next `times` calls of `methods` (of any, if none is named)."""
        with self._lock:
            self._misfortune = Misfortune(error=error, times=times, methods=frozenset(methods))

    def hang(self, *methods: str, times: int = 1) -> None:
        """Keep the next `times` calls until `clear`."""
        with self._lock:
            self._misfortune = Misfortune(hold=True, times=times, methods=frozenset(methods))

    def clear(self) -> None:
        """Work again; what hangs is let go."""
        with self._lock:
            self._misfortune.released.set()
            self._misfortune = Misfortune()
            self.calls.clear()
            self.times.clear()

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._real, name)
        if not callable(value) or name.startswith("_"):
            return value

        def call(*arguments: Any, **options: Any) -> Any:
            struck = self._strike(name, arguments)
            if struck is not None:
                if struck.hold:
                    struck.released.wait(timeout=60)
                if struck.error is not None:
                    raise struck.error
            return value(*arguments, **options)

        return call

    def _strike(self, name: str, arguments: tuple[Any, ...]) -> Misfortune | None:
        with self._lock:
            self.calls.append((name, arguments))
            self.times.append(time.monotonic())
            due = self._misfortune
            if due.times <= 0 or (due.methods and name not in due.methods):
                return None
            due.times -= 1
            return due


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningMarket:
    """A tool server that listens at `url`."""

    url: str
    token: str
    market: FaultyMarket
    server: MCPServer[Any]


@contextmanager
def running_market(
    data_dir: Path,
    *,
    port: int = 0,
    host: str = "127.0.0.1",
    provider: Callable[[MarketData], MarketData] = lambda sample: sample,
    watched: Callable[[Starlette], object] = lambda _: None,
) -> Generator[RunningMarket]:
    """Serve the tools from a thread for as long as the block runs.

    `provider` puts something around the samples, `watched` gets the app before it starts.
    """
    market = FaultyMarket(provider(load_provider("sample", ProviderSettings(data_dir=data_dir))))
    market.warm_up()
    chosen = port or free_port()
    tools = build_server(cast("MarketData", market))
    app = build_app(tools, HttpSettings(token=TOKEN))
    watched(app)
    config = uvicorn.Config(app, host=host, port=chosen, log_level="error", log_config=None)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True, name="market")
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the tool server ended at its start"
            time.sleep(0.01)
        yield RunningMarket(url=f"http://127.0.0.1:{chosen}/mcp", token=TOKEN, market=market, server=tools)
    finally:
        market.clear()
        server.force_exit = True
        server.should_exit = True
        thread.join(timeout=10)

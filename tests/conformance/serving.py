"""The project's app on loopback, as the suites see it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from mcp.server.mcpserver import MCPServer
from starlette.types import ASGIApp, Receive, Scope, Send

from mcp_server.providers import ProviderSettings, load_provider
from mcp_server.server import HttpSettings, build_app, build_server

TOKEN = "a-token-for-conformance-only"


class Bearing:
    """Adds the bearer token on the way in: the conformance suite cannot send one. The app checks it as always."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            header = (b"authorization", f"Bearer {TOKEN}".encode())
            scope = {**scope, "headers": [*scope["headers"], header]}
        await self._app(scope, receive, send)


def sample_server(data_dir: Path) -> MCPServer[Any]:
    """The real server over packaged sample data."""
    return build_server(load_provider("sample", ProviderSettings(data_dir=data_dir)))


@contextmanager
def served(server: MCPServer[Any], *, bearing: bool) -> Generator[str]:
    """Serve `server` through the project's app factory for as long as the block runs; yields its address."""
    built = build_app(server, HttpSettings(token=TOKEN))
    app: ASGIApp = Bearing(built) if bearing else built
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="error", log_config=None, timeout_graceful_shutdown=1)
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not running.started:
        if not thread.is_alive():
            raise RuntimeError("the server ended at its start")
        time.sleep(0.02)
    try:
        # The suite's rebinding scenario takes "localhost" for granted.
        yield f"http://localhost:{listening.getsockname()[1]}/mcp"
    finally:
        running.should_exit = True
        thread.join(timeout=10)
        listening.close()

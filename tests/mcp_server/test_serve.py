"""The server as a process: open before it is ready, back to zero on SIGTERM, gone if its provider cannot be loaded."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from bot.runtime import free_port
from mcp_server.providers import UnknownProvider
from mcp_server.server import serve
from tests.mcp_server.calling import over_http, structured
from tests.mcp_server.yahoo_fake import FakeYahoo
from tests.support.market import TOKEN

PROGRAM = """
import sys
from pathlib import Path
from mcp_server.server import serve
provider, data, port, connect_to, ca_file = sys.argv[1:]
sys.exit(serve(token={token!r}, provider_name=provider, data_dir=Path(data), port=int(port),
               connect_to=connect_to or None, ca_file=Path(ca_file) if ca_file else None))
"""


@asynccontextmanager
async def serving(
    provider: str, data_dir: Path, port: int, *, connect_to: str = "", ca_file: str = ""
) -> AsyncGenerator[asyncio.subprocess.Process]:
    """A server process, killed at the end if it still runs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM.format(token=TOKEN), provider, str(data_dir), str(port), connect_to, ca_file,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def until_ready(port: int) -> list[int]:
    """The statuses of /healthz, up to the first 200."""
    seen: list[int] = []
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        while 200 not in seen:
            try:
                seen.append((await http.get("/healthz")).status_code)
            except httpx2.TransportError:
                await asyncio.sleep(0.02)
    return seen


async def test_it_answers_from_yahoo_and_ends_cleanly_on_sigterm(
    yahoo: FakeYahoo, authority_file: Path, tmp_path: Path
) -> None:
    port = free_port()
    async with serving("yahoo", tmp_path, port, connect_to=yahoo.address, ca_file=str(authority_file)) as process:
        seen = await until_ready(port)
        async with over_http(f"http://127.0.0.1:{port}/mcp", TOKEN) as client:
            quote = structured(await client.call_tool("get_quote", {"symbol": "AAPL"}))
        process.send_signal(signal.SIGTERM)
        code = await process.wait()

    assert set(seen) <= {200, 503}
    assert (quote["price"], quote["source"]) == (109.5, "Yahoo Finance")
    assert (tmp_path / "yfinance").is_dir(), "its files stay in the data directory"
    assert code == 0


@pytest.mark.campaign
async def test_a_provider_that_cannot_be_loaded_ends_the_process(tmp_path: Path) -> None:
    (tmp_path / "yfinance").write_text("in the way")
    async with serving("yahoo", tmp_path, free_port()) as process:
        assert await process.wait() == 1


def test_a_provider_that_does_not_exist_is_refused_before_the_port_opens(tmp_path: Path) -> None:
    for name in ("bloomberg", "../yahoo", "Yahoo", ""):
        with pytest.raises(UnknownProvider, match="no market-data provider"):
            serve(token=TOKEN, provider_name=name, data_dir=tmp_path, port=free_port())

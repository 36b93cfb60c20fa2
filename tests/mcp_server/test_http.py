"""The app over HTTP: who may speak to it, in which protocol era, and how it says that it is ready."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator
from typing import Any

import httpx2
import pytest
from mcp.server.mcpserver import MCPServer
from mcp.shared.exceptions import MCPError

from mcp_server.later import Later
from mcp_server.market_data import MarketData
from mcp_server.server import HttpSettings, build_app, build_server
from tests.mcp_server.calling import ERAS, Era, over_http, structured
from tests.support.market import TOKEN, RunningMarket

ACCEPT = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
LIST: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}


@pytest.fixture
async def http(market_server: RunningMarket) -> AsyncGenerator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=market_server.url.removesuffix("/mcp"), headers=ACCEPT) as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("era", ERAS)
async def test_both_protocol_eras_list_and_call(market_server: RunningMarket, era: Era) -> None:
    async with over_http(market_server.url, market_server.token, era) as client:
        tools = await client.list_tools()
        prompts = await client.list_prompts()
        quote = await client.call_tool("get_quote", {"symbol": "AAPL"})
        spoken = client.protocol_version

    assert len(tools.tools) == 15
    assert len(prompts.prompts) == 9
    assert structured(quote)["price"] == 252.2
    assert spoken == ("2025-11-25" if era == "legacy" else era)


async def test_one_client_serves_many_calls_at_once(market_server: RunningMarket) -> None:
    async with over_http(market_server.url, market_server.token) as client:
        results = await asyncio.gather(
            *(client.call_tool("get_quote", {"symbol": symbol}) for symbol in ("AAPL", "IBM", "MSFT", "GOOG") * 4)
        )

    assert [structured(result)["symbol"] for result in results] == ["AAPL", "IBM", "MSFT", "GOOG"] * 4


@pytest.mark.parametrize(
    "headers",
    [
        {},
        bearer("wrong-token-altogether"),
        bearer(TOKEN + "x"),
        bearer(TOKEN[:-1]),
        {"Authorization": TOKEN},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer äöüäöüäöü"},
    ],
)
async def test_without_the_right_token_nothing_is_answered(http: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]

    response = await http.post("/mcp", json=LIST, headers=encoded)

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert "tools" not in response.text


async def test_no_other_path_is_open_without_the_token(http: httpx2.AsyncClient) -> None:
    assert (await http.get("/")).status_code == 401
    assert (await http.get("/healthz/x")).status_code == 401
    assert (await http.get("/mcp")).status_code == 401


async def test_a_client_with_a_wrong_token_raises(market_server: RunningMarket) -> None:
    with pytest.RaisesGroup(MCPError, flatten_subgroups=True, allow_unwrapped=True):
        async with over_http(market_server.url, "wrong-token-altogether", "legacy"):
            pytest.fail("connected without the token")


async def test_a_foreign_host_name_is_refused(http: httpx2.AsyncClient) -> None:
    response = await http.post("/mcp", json=LIST, headers={**bearer(TOKEN), "Host": "evil.example"})

    assert response.status_code == 421


async def test_a_page_of_a_foreign_origin_is_refused(http: httpx2.AsyncClient) -> None:
    response = await http.post("/mcp", json=LIST, headers={**bearer(TOKEN), "Origin": "https://evil.example"})

    assert response.status_code == 403


async def test_a_body_beyond_the_limit_is_refused(http: httpx2.AsyncClient) -> None:
    long = {**LIST, "params": {"_meta": {"padding": "x" * (4 * 1024 * 1024)}}}

    response = await http.post("/mcp", json=long, headers=bearer(TOKEN))

    assert response.status_code == 413


async def test_evidence_of_a_megabyte_fits_into_a_prompt(market_server: RunningMarket) -> None:
    arguments = {"symbol": "AAPL", "report": "{}", "evidence": "e" * 1_000_000}

    async with over_http(market_server.url, market_server.token) as client:
        found = await client.get_prompt("verifier", arguments)

    assert "e" * 1_000_000 in found.model_dump_json()


async def test_the_stateless_server_offers_no_stream_to_get(http: httpx2.AsyncClient) -> None:
    headers = {**bearer(TOKEN), "MCP-Protocol-Version": "2026-07-28"}

    assert (await http.get("/mcp", headers=headers)).status_code == 405


async def test_allowed_hosts_and_origins_are_added_to_loopback(server: MCPServer[Any]) -> None:
    settings = HttpSettings(token=TOKEN, allowed_hosts=("clew-mcp:*",), allowed_origins=("https://desk.example",))
    app = build_app(server, settings)

    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), headers={**ACCEPT, **bearer(TOKEN)}) as http,
    ):
        allowed = await http.post("http://clew-mcp:9000/mcp", json=LIST, headers={"Origin": "https://desk.example"})
        refused = await http.post("http://clew-api:9000/mcp", json=LIST)

    assert allowed.status_code not in {403, 421}
    assert refused.status_code == 421


async def test_health_needs_no_token_and_says_starting_until_the_provider_is_loaded(sample: MarketData) -> None:
    release = threading.Event()

    def load() -> MarketData:
        release.wait(timeout=60)
        return sample

    market = Later(load)
    app = build_app(build_server(market), HttpSettings(token=TOKEN), ready=lambda: market.ready)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://127.0.0.1:9000") as http:
        before = await http.get("/healthz")
        release.set()
        market.get()
        after = await http.get("/healthz")

    assert (before.status_code, before.json()) == (503, {"status": "starting"})
    assert (after.status_code, after.json()) == (200, {"status": "ok"})


async def test_health_is_open_over_the_network_too(http: httpx2.AsyncClient) -> None:
    assert (await http.get("/healthz")).json() == {"status": "ok"}


@pytest.mark.parametrize("token", ["", "short", "       x       "])
def test_a_token_that_guards_nothing_is_refused(token: str) -> None:
    with pytest.raises(ValueError, match="at least 8 characters"):
        HttpSettings(token=token)


def test_the_token_is_not_shown_with_the_settings() -> None:
    assert TOKEN not in repr(HttpSettings(token=TOKEN))

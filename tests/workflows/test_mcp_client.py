"""The client of the tool server, before the real app: what breaks is opened anew, and every failure has its class."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bot.runtime import free_port
from mcp_server.market_data import Outage, RateLimited
from tests.support.market import TOKEN, RunningMarket, running_market
from tests.support.sandbox import until
from tests.support.wire import Wire, wire_to
from workflows.errors import CallError, Retriable, Terminal
from workflows.mcp_client import MarketTools, ToolTimeouts, connect_tools

AAPL = {"symbol": "AAPL"}


@pytest.fixture
async def wire(market_server: RunningMarket) -> AsyncGenerator[Wire]:
    """What lies between client and server."""
    market_server.market.clear()
    async with wire_to(urlsplit(market_server.url).port or 0) as opened:
        yield opened
    market_server.market.clear()


@pytest.fixture
async def tools(wire: Wire, market_server: RunningMarket) -> AsyncGenerator[MarketTools]:
    """A client that believes a tool list for as long as its connection holds."""
    async with connect_tools(address(wire.port), market_server.token, ToolTimeouts(fresh=60.0)) as opened:
        yield opened


@asynccontextmanager
async def refusing(status: int, *headers: str, port: int = 0) -> AsyncGenerator[int]:
    """A server that answers everything with one status; gives its port."""
    lines = [f"HTTP/1.1 {status} No", "content-length: 0", "connection: close", *headers, "", ""]

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write("\r\n".join(lines).encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", port)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()


def address(port: int) -> str:
    return f"http://127.0.0.1:{port}/mcp"


async def price(tools: MarketTools, symbol: str = "AAPL") -> float:
    """The price that the server says."""
    reply = await tools.call("get_quote", {"symbol": symbol})
    assert reply.structured is not None
    return float(reply.structured["price"])


# --- What breaks -----------------------------------------------------------------------------------------------------


async def test_a_cut_between_two_calls_is_not_noticed(tools: MarketTools, wire: Wire) -> None:
    assert await price(tools) == 252.2
    wire.cut()
    assert await price(tools) == 252.2
    assert wire.connections >= 2


async def test_a_server_that_was_away_is_called_over_a_connection_of_its_own(tools: MarketTools, wire: Wire) -> None:
    await price(tools)
    before = tools.generation
    await wire.down()
    for _ in range(2):
        with pytest.raises(Retriable) as away:
            await price(tools)
        assert away.value.code == "tools_down"
    await wire.up()
    assert await price(tools) == 252.2
    assert tools.generation > before


async def test_a_server_that_was_started_again_is_called_as_before(tmp_path: Path) -> None:
    port = free_port()
    async with connect_tools(address(port), TOKEN) as tools:
        with running_market(tmp_path, port=port):
            before = await tools.list_tools()
        with running_market(tmp_path, port=port):
            assert await tools.list_tools() == before
            assert await price(tools) == 252.2


async def test_a_cut_in_the_middle_of_a_call_ends_that_call_and_the_next_one_works(
    tools: MarketTools, wire: Wire, market_server: RunningMarket
) -> None:
    market_server.market.hang("quote")
    lost = asyncio.create_task(price(tools))
    await until(lambda: ("quote", ("AAPL",)) in market_server.market.calls)
    assert await price(tools, "IBM") > 0
    wire.cut()
    with pytest.raises(Retriable):
        await lost
    assert await price(tools) == 252.2


async def test_a_call_that_is_given_up_disturbs_no_other(tools: MarketTools, market_server: RunningMarket) -> None:
    market_server.market.hang("quote", times=2)
    given_up, kept = asyncio.create_task(price(tools)), asyncio.create_task(price(tools))
    await until(lambda: len(market_server.market.calls) == 2)
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    market_server.market.clear()
    assert await kept == 252.2
    assert tools.generation == 1


async def test_a_server_that_says_nothing_is_given_up_and_called_again(
    tools: MarketTools, wire: Wire, market_server: RunningMarket
) -> None:
    wire.silence()
    async with connect_tools(address(wire.port), market_server.token, ToolTimeouts(call=0.3)) as impatient:
        with pytest.raises(Retriable) as silent:
            await price(impatient)
    assert silent.value.code == "tools_down"
    before = wire.connections
    waiting = asyncio.create_task(price(tools))
    await until(lambda: wire.connections > before)
    wire.speak()
    with pytest.raises(Retriable):
        await waiting
    assert await price(tools) == 252.2


async def test_a_closed_client_opens_a_connection_for_the_next_call(tools: MarketTools) -> None:
    await price(tools)
    await tools.close()
    assert await price(tools) == 252.2
    assert tools.generation == 2


# --- What is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [404, 408, 421, 429, 500, 502, 503, 504])
async def test_a_status_that_passes_is_retriable_after_as_long_as_the_server_says(status: int) -> None:
    async with refusing(status, "retry-after: 7") as port, connect_tools(address(port), TOKEN) as tools:
        with pytest.raises(Retriable) as refused:
            await tools.call("get_quote", AAPL)
    assert (refused.value.code, refused.value.retry_after) == ("tools_down", 7.0)


@pytest.mark.parametrize(("status", "code"), [(401, "tools_auth"), (403, "tools_auth"), (413, "too_large")])
async def test_a_status_that_stays_is_terminal(status: int, code: str) -> None:
    async with refusing(status) as port, connect_tools(address(port), TOKEN) as tools:
        with pytest.raises(Terminal) as refused:
            await tools.list_tools()
    assert (refused.value.code, refused.value.status) == (code, status)


async def test_a_session_that_nobody_knows_any_more_is_begun_anew(market_server: RunningMarket, wire: Wire) -> None:
    await wire.down()
    async with connect_tools(address(wire.port), market_server.token) as tools:
        async with refusing(404, port=wire.port):
            with pytest.raises(Retriable):
                await price(tools)
        await wire.up()
        assert await price(tools) == 252.2


async def test_a_wrong_token_is_terminal_for_whatever_is_asked(wire: Wire) -> None:
    async with connect_tools(address(wire.port), "a-token-of-somebody-else") as tools:
        for asked in (tools.list_tools(), tools.prompt("planner"), tools.call("get_quote", AAPL)):
            with pytest.raises(Terminal) as refused:
                await asked
            assert (refused.value.code, refused.value.status) == ("tools_auth", 401)


async def test_invalid_parameters_are_terminal(tools: MarketTools) -> None:
    for asked in (tools.prompt("nobody"), tools.prompt("planner", {"symbol": "AAPL"})):
        with pytest.raises(Terminal) as refused:
            await asked
        assert refused.value.code == "internal"
        assert "-32602" in str(refused.value)


async def test_an_unknown_tool_and_wrong_arguments_are_told_to_the_model(tools: MarketTools) -> None:
    unknown = await tools.call("get_rich", AAPL)
    wrong = await tools.call("get_quote", {"ticker": "AAPL"})
    assert (unknown.is_error, unknown.text) == (True, "Unknown tool: get_rich")
    assert wrong.is_error
    assert "symbol" in wrong.text


@pytest.mark.parametrize(
    ("error", "wait"), [(RateLimited("slow down", retry_after=3.5), 3.5), (Outage("the provider is away"), None)]
)
async def test_what_keeps_the_provider_is_retriable_and_its_words_stay_behind(
    tools: MarketTools, market_server: RunningMarket, error: Exception, wait: float | None
) -> None:
    market_server.market.fail(error, "quote", times=1)
    with pytest.raises(Retriable) as refused:
        await price(tools)
    assert (refused.value.code, refused.value.retry_after) == ("tools_down", wait)
    assert str(error) not in str(refused.value)
    assert await price(tools) == 252.2


# --- The list of tools -----------------------------------------------------------------------------------------------


async def test_a_list_that_stays_the_same_has_one_digest_and_any_change_another(
    tools: MarketTools, market_server: RunningMarket
) -> None:
    def get_more(symbol: str) -> str:
        """One."""
        return symbol

    digests = [(await tools.list_tools()).digest, (await tools.list_tools()).digest]
    try:
        for description in ("One.", "Another."):
            market_server.server.add_tool(get_more, description=description)
            digests.append((await tools.list_tools()).digest)
            market_server.server.remove_tool("get_more")
        digests.append((await tools.list_tools()).digest)
    finally:
        if "get_more" in {tool.name for tool in await market_server.server.list_tools()}:
            market_server.server.remove_tool("get_more")
    assert digests[0] == digests[1] == digests[4]
    assert len({*digests}) == 3


async def test_a_list_is_believed_until_the_connection_is_another(
    tools: MarketTools, wire: Wire, market_server: RunningMarket
) -> None:
    def get_more(symbol: str) -> str:
        """More."""
        return symbol

    before = await tools.toolset()
    market_server.server.add_tool(get_more)
    try:
        assert await tools.toolset() is before
        await wire.down()
        with pytest.raises(CallError):
            await price(tools)
        await wire.up()
        await price(tools)
        assert (await tools.toolset()).digest != before.digest
    finally:
        market_server.server.remove_tool("get_more")

"""Calls on an MCP server, in memory or over HTTP, and what must hold of every result."""

from __future__ import annotations

import json
import math
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from typing import Any, Literal, cast

import httpx2
import mcp
import pytest
from mcp import types
from mcp.client.streamable_http import streamable_http_client
from mcp.server.mcpserver import MCPServer
from mcp.shared.exceptions import MCPError

from mcp_server.market_data import MarketData
from mcp_server.server import build_server
from tests.support.market import FaultyMarket

Json = dict[str, Any]
Era = Literal["legacy", "2026-07-28"]

ERAS: tuple[Era, ...] = ("legacy", "2026-07-28")


@asynccontextmanager
async def over_http(url: str, token: str, era: Era = "2026-07-28") -> AsyncGenerator[mcp.Client]:
    """A client of the real app, with the bearer token."""
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=20) as http,
        mcp.Client(streamable_http_client(url, http_client=http), mode=era) as client,
    ):
        yield client


def over(market: FaultyMarket) -> MCPServer[Any]:
    """The project's server over a provider that may fail."""
    return build_server(cast("MarketData", market))


async def call(server: MCPServer[Any], tool: str, **arguments: Any) -> types.CallToolResult:
    """Call a tool in memory."""
    async with mcp.Client(server) as client:
        return await client.call_tool(tool, arguments)


async def answer(server: MCPServer[Any], tool: str, **arguments: Any) -> Json:
    """Call a tool in memory; return its structured result."""
    result = await call(server, tool, **arguments)
    assert not result.is_error, told(result)
    return structured(result)


async def refusal(server: MCPServer[Any], tool: str, **arguments: Any) -> str:
    """Call a tool in memory; return the error that the model reads."""
    result = await call(server, tool, **arguments)
    assert result.is_error, result.structured_content
    return told(result)


async def protocol_error(server: MCPServer[Any], tool: str, **arguments: Any) -> MCPError:
    """Call a tool in memory; return the error that the caller gets instead of a result."""
    async with mcp.Client(server) as client:
        # Caught inside: what leaves the client's own block is wrapped in groups.
        with pytest.raises(MCPError) as caught:
            await client.call_tool(tool, arguments)
    return caught.value


def structured(result: types.CallToolResult) -> Json:
    """The structured result; the text beside it says the same."""
    assert isinstance(result.structured_content, dict)
    content = cast("Json", result.structured_content)
    assert strict_json(told(result)) == content
    return content


def told(result: types.CallToolResult) -> str:
    """The text of a result."""
    return "\n".join(block.text for block in result.content if isinstance(block, types.TextContent))


def strict_json(text: str) -> Any:
    """Parse what every JSON parser accepts: no NaN, no Infinity."""

    def refuse(constant: str) -> Any:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def numbers(value: Any) -> Iterator[float]:
    """All numbers inside a result."""
    if isinstance(value, dict):
        for inner in cast("Json", value).values():
            yield from numbers(inner)
    elif isinstance(value, list):
        for inner in cast("list[Any]", value):
            yield from numbers(inner)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield value


def all_finite(value: Any) -> bool:
    """Whether neither NaN nor an infinity is inside."""
    return all(math.isfinite(number) for number in numbers(value))

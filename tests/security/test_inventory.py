"""What there is to be misused: tools, what they may be told, and what models are told (S16, S17)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import mcp
import pytest
from mcp.types import Tool

from mcp_server.market_data import MarketData
from mcp_server.prompt_files import load_prompts
from mcp_server.providers import ProviderSettings, load_provider
from mcp_server.server import build_server

TOOLS = {
    "compare_symbols", "draw_price_chart", "get_analyst_views", "get_company_profile", "get_dividends_and_splits",
    "get_earnings", "get_financials", "get_holders", "get_market_status", "get_news", "get_options_summary",
    "get_price_history", "get_quote", "get_valuation", "search_symbols",
}  # fmt: skip
"""All there are. A new one is looked at, and then named here."""

ARGUMENTS = {
    "symbol", "symbols", "query", "period", "interval", "statement", "frequency",
    "limit", "max_rows", "strikes", "expiration", "exchange",
}  # fmt: skip
"""What they can be told: symbols, windows, kinds, a few words to search for. No address, path or amount of money."""

DOES = re.compile(r"buy|sell|order|trade|execut|run|shell|send|post|write|delete|fetch|load|pay", re.IGNORECASE)
SECRETS = re.compile(
    r"xox[abeprs]-|xapp-|sk-|bearer|password|api[_ ]key|token\b.{0,20}[A-Za-z0-9]{16}|\b[A-Z_]+_(?:KEY|TOKEN|SECRET)\b",
    re.IGNORECASE,
)  # fmt: skip
PERMITS = re.compile(r"\b(?:admin|allow-?list|allowed users?|authori[sz]|permission|U0[A-Z0-9]{6,})", re.IGNORECASE)


async def listed(tmp_path: Path) -> list[Tool]:
    market: MarketData = load_provider("sample", ProviderSettings(data_dir=tmp_path))
    async with mcp.Client(build_server(market)) as client:
        return (await client.list_tools()).tools


async def test_every_tool_only_reads_and_none_trades_or_runs_anything(tmp_path: Path) -> None:
    tools = await listed(tmp_path)
    assert {tool.name for tool in tools} == TOOLS
    assert not [tool.name for tool in tools if DOES.search(tool.name)]
    for tool in tools:
        assert tool.annotations is not None
        assert (tool.annotations.read_only_hint, tool.annotations.destructive_hint) == (True, False)


async def test_no_tool_takes_an_address_or_a_path(tmp_path: Path) -> None:
    for tool in await listed(tmp_path):
        fields: dict[str, Any] = tool.input_schema.get("properties", {})
        assert set(fields) <= ARGUMENTS, tool.name
        assert not re.search(r'"format": "(?:uri|path)|https?://', str(fields)), tool.name


@pytest.mark.parametrize("prompt", load_prompts(), ids=lambda prompt: prompt.name)
def test_no_instructions_hold_a_secret_or_a_permission(prompt: Any) -> None:
    assert len(prompt.instructions) > 200
    assert not SECRETS.search(prompt.instructions)
    assert not PERMITS.search(prompt.instructions)

"""Every tool, over the sample data, as a model sees it: definition, result, and what the sample lacks."""

from __future__ import annotations

import re
from typing import Any

import jsonschema
import mcp
import pytest
from mcp import types
from mcp.server.mcpserver import MCPServer

from tests.mcp_server.calling import all_finite, answer, call, refusal, structured

ANSWERED: dict[str, dict[str, Any]] = {
    "get_quote": {"symbol": "AAPL"},
    "get_price_history": {"symbol": "AAPL"},
    "compare_symbols": {"symbols": ["IBM", "MSFT", "GOOG"]},
    "get_dividends_and_splits": {"symbol": "AAPL"},
    "draw_price_chart": {"symbol": "AAPL", "period": "6mo"},
    "get_company_profile": {"symbol": "SAP.DE"},
    "search_symbols": {"query": "apple"},
    "get_market_status": {},
}
LACKING = (
    "get_financials",
    "get_valuation",
    "get_earnings",
    "get_analyst_views",
    "get_news",
    "get_holders",
    "get_options_summary",
)


async def listed(server: MCPServer[Any]) -> dict[str, types.Tool]:
    async with mcp.Client(server) as client:
        return {tool.name: tool for tool in (await client.list_tools()).tools}


async def test_the_server_offers_these_tools_and_no_others(server: MCPServer[Any]) -> None:
    assert set(await listed(server)) == {*ANSWERED, *LACKING}


@pytest.mark.parametrize("name", [*ANSWERED, *LACKING])
async def test_a_tool_says_what_it_does_what_it_returns_and_that_it_only_reads(
    server: MCPServer[Any], name: str
) -> None:
    tool = (await listed(server))[name]

    assert tool.description is not None
    assert re.match(r"(Get|Find|Tell|Compare|Draw) ", tool.description)
    assert not re.search(r"\S\n\S", tool.description), "lines are joined: models read sentences"
    assert tool.annotations is not None
    assert tool.annotations.read_only_hint is True
    assert tool.annotations.destructive_hint is False
    assert tool.annotations.idempotent_hint is True
    assert tool.annotations.title == tool.title
    for argument in tool.input_schema["properties"].values():
        assert argument["description"]
    assert tool.output_schema is not None
    jsonschema.Draft202012Validator.check_schema(tool.output_schema)
    stamp = tool.output_schema["properties"]
    assert {"as_of", "currency", "source", "delayed", "truncated", "note"} <= set(stamp)


@pytest.mark.parametrize(("name", "arguments"), ANSWERED.items())
async def test_a_result_fits_its_schema_and_says_when_where_from_and_in_what_currency(
    server: MCPServer[Any], name: str, arguments: dict[str, Any]
) -> None:
    tool = (await listed(server))[name]

    result = await call(server, name, **arguments)

    content = structured(result)
    assert tool.output_schema is not None
    jsonschema.validate(content, tool.output_schema)
    assert all_finite(content)
    if content["as_of"] is None:
        assert "which gives no date" in content["note"]
    else:
        assert re.match(r"\d{4}-\d\d-\d\d", content["as_of"])
    assert content["source"]
    assert isinstance(content["delayed"], bool)
    if name in {"get_quote", "get_price_history", "compare_symbols", "get_dividends_and_splits", "draw_price_chart"}:
        assert content["currency"] == "USD"
        assert "Historical sample, not live data" in content["note"]


@pytest.mark.parametrize("name", LACKING)
async def test_what_the_sample_lacks_is_said_to_be_lacking(server: MCPServer[Any], name: str) -> None:
    said = await refusal(server, name, symbol="AAPL")

    assert "Not available in sample mode" in said


async def test_a_company_without_prices_in_the_sample_is_known_but_has_none(server: MCPServer[Any]) -> None:
    said = await refusal(server, "get_quote", symbol="NVDA")

    assert "Prices of NVDA (Nvidia)" in said
    assert "AAPL, FB, GOOG, IBM, MSFT only" in said


async def test_a_symbol_is_taken_in_any_case(server: MCPServer[Any]) -> None:
    assert (await answer(server, "get_quote", symbol="aapl"))["symbol"] == "AAPL"


async def test_the_quote_is_the_samples_last_day(server: MCPServer[Any]) -> None:
    quote = await answer(server, "get_quote", symbol="AAPL")

    assert quote["as_of"] == "2024-12-30"
    assert (quote["price"], quote["previous_close"], quote["change"]) == (252.2, 255.59, -3.39)
    assert quote["change_percent"] == round((252.2 / 255.59 - 1) * 100, 2)
    assert quote["delayed"] is True


async def test_a_comparison_covers_one_window(server: MCPServer[Any]) -> None:
    compared = await answer(server, "compare_symbols", symbols=["GOOG", "IBM"], period="1y")

    assert [row["symbol"] for row in compared["rows"]] == ["GOOG", "IBM"]
    assert compared["last_date"] == "2013-03-01"
    assert compared["first_date"] == "2012-03-01"
    assert compared["as_of"] == "2013-03-01"
    assert compared["note"] == "Historical sample, not live data: prices end on 2013-03-01."
    assert all("valuation" in row["missing"][0] for row in compared["rows"])


async def test_a_comparison_without_a_common_window_warns(server: MCPServer[Any]) -> None:
    compared = await answer(server, "compare_symbols", symbols=["AAPL", "IBM"], period="1y")

    assert "do not compare the returns" in compared["note"]
    assert compared["first_date"] is None
    assert compared["as_of"] is None, "each row is of its own day"
    assert "AAPL: Historical sample, not live data: prices end on 2024-12-30." in compared["note"]
    assert "IBM: Historical sample, not live data: prices end on 2013-03-01." in compared["note"]
    assert [row["as_of"] for row in compared["rows"]] == ["2024-12-30", "2013-03-01"]


async def test_what_the_status_tool_is_asked_decides_the_exchange(server: MCPServer[Any]) -> None:
    assert (await answer(server, "get_market_status"))["mic"] == "XNYS"
    assert (await answer(server, "get_market_status", symbol="SAP.DE"))["mic"] == "XETR"
    assert (await answer(server, "get_market_status", exchange="XLON"))["timezone"] == "Europe/London"
    assert "not known" in await refusal(server, "get_market_status", exchange="QQQQ")

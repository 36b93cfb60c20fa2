"""What goes wrong, and who hears of it: the model what it can avoid, the caller what must be waited out."""

from __future__ import annotations

import logging
import math
from typing import Any

import pytest
from mcp.server.mcpserver import MCPServer

from mcp_server.market_data import Bar, MarketData, NotAvailable, Outage, PriceHistory, Quote, RateLimited
from mcp_server.tools.common import OUTAGE, RATE_LIMITED
from tests.mcp_server.calling import Json, all_finite, answer, over, protocol_error, refusal
from tests.support.market import FaultyMarket

STAMP: Json = {"as_of": "2026-11-20", "currency": "USD", "source": "a broken provider", "delayed": True}


class Holey(FaultyMarket):
    """A provider whose numbers are none."""

    def quote(self, symbol: str) -> Quote:
        return Quote(**STAMP, symbol=symbol, price=math.nan, market_cap=math.inf, change_percent=-math.inf)

    def history(self, symbol: str, *, period: str) -> PriceHistory:
        days = [f"2026-{month:02d}-{day:02d}" for month in range(1, 10) for day in range(1, 28)]
        values = [math.nan if n % 7 == 0 else math.inf if n % 11 == 0 else 100.0 + n % 5 for n in range(len(days))]
        bars = [
            Bar(date=day, open=value, high=value, low=-value, close=value, adj_close=value, volume=None)
            for day, value in zip(days, values, strict=True)
        ]
        return PriceHistory(**STAMP, symbol=symbol, bars=bars)


@pytest.fixture
def faulty(sample: MarketData) -> FaultyMarket:
    return FaultyMarket(sample)


@pytest.mark.parametrize(
    ("written", "meant"), [("APPL", "AAPL (Apple"), ("MSTF", "MSFT (Microsoft"), ("GOGLE", "GOOG"), ("SAP.XX", "SAP")]
)
async def test_an_unknown_symbol_comes_with_the_likeliest_ones(
    server: MCPServer[Any], written: str, meant: str
) -> None:
    said = await refusal(server, "get_quote", symbol=written)

    assert f"no symbol {written}" in said
    assert f"Did you mean {meant}" in said


async def test_where_nothing_is_near_the_search_is_recommended(server: MCPServer[Any]) -> None:
    assert "search_symbols" in await refusal(server, "get_quote", symbol="QXQXQXQX")


@pytest.mark.parametrize(
    "symbol",
    ["", " ", "AAPL MSFT", "../../etc", "A%2FB", "AAPL/../X", "a" * 40, "AAPL;drop", "Ä", "AAPL\n", ".AAPL", "^", "$X"],
)
async def test_what_is_no_symbol_never_reaches_the_provider(faulty: FaultyMarket, symbol: str) -> None:
    said = await refusal(over(faulty), "get_quote", symbol=symbol)

    assert "symbol" in said
    assert faulty.calls == []


@pytest.mark.parametrize(
    ("tool", "arguments", "named"),
    [
        ("get_quote", {}, "symbol"),
        ("get_quote", {"symbol": 7}, "symbol"),
        ("get_price_history", {"symbol": "AAPL", "period": "3y"}, "period"),
        ("get_price_history", {"symbol": "AAPL", "max_rows": 0}, "max_rows"),
        ("get_price_history", {"symbol": "AAPL", "max_rows": 251}, "max_rows"),
        ("get_price_history", {"symbol": "AAPL", "interval": "1m"}, "interval"),
        ("compare_symbols", {"symbols": ["AAPL"]}, "symbols"),
        ("compare_symbols", {"symbols": ["A", "B", "C", "D", "E", "F"]}, "symbols"),
        ("get_financials", {"symbol": "AAPL", "statement": "tax"}, "statement"),
        ("get_options_summary", {"symbol": "AAPL", "expiration": "next"}, "expiration"),
        ("search_symbols", {"query": ""}, "query"),
        ("search_symbols", {"query": "a\x00b"}, "query"),
        ("get_market_status", {"exchange": "nyse"}, "exchange"),
    ],
)
async def test_a_malformed_argument_is_named_to_the_model(
    faulty: FaultyMarket, tool: str, arguments: Json, named: str
) -> None:
    assert named in await refusal(over(faulty), tool, **arguments)
    assert faulty.calls == []


async def test_an_unknown_tool_is_an_error_that_the_model_reads(server: MCPServer[Any]) -> None:
    assert "Unknown tool" in await refusal(server, "buy_shares", symbol="AAPL")


async def test_a_request_to_wait_reaches_the_caller_with_its_seconds(faulty: FaultyMarket) -> None:
    faulty.fail(RateLimited("The provider asks to wait.", retry_after=17.5))

    error = await protocol_error(over(faulty), "get_quote", symbol="AAPL")

    assert error.code == RATE_LIMITED
    assert error.data == {"kind": "rate_limited", "retry_after": 17.5}


async def test_an_outage_reaches_the_caller_as_one(faulty: FaultyMarket) -> None:
    faulty.fail(Outage("The provider is away."))

    error = await protocol_error(over(faulty), "get_price_history", symbol="AAPL")

    assert error.code == OUTAGE
    assert error.data == {"kind": "outage"}


async def test_a_comparison_waits_if_the_multiples_of_one_symbol_cannot_be_read(faulty: FaultyMarket) -> None:
    faulty.fail(Outage("The provider is away."), "valuation")

    error = await protocol_error(over(faulty), "compare_symbols", symbols=["IBM", "GOOG"])

    assert error.code == OUTAGE


async def test_what_a_provider_cannot_know_is_told_in_its_own_words(faulty: FaultyMarket) -> None:
    faulty.fail(NotAvailable("Nobody reports this."))

    assert "Nobody reports this." in await refusal(over(faulty), "get_quote", symbol="AAPL")


async def test_a_programming_error_shows_the_model_nothing_of_itself(
    faulty: FaultyMarket, caplog: pytest.LogCaptureFixture
) -> None:
    faulty.fail(RuntimeError("secret-in-a-traceback"))

    with caplog.at_level(logging.CRITICAL):
        said = await refusal(over(faulty), "get_quote", symbol="AAPL")

    assert "secret" not in said


async def test_neither_nan_nor_infinity_leaves_the_server(sample: MarketData) -> None:
    holey = over(Holey(sample))

    quote = await answer(holey, "get_quote", symbol="AAPL")
    history = await answer(holey, "get_price_history", symbol="AAPL", period="max", max_rows=250)

    assert (quote["price"], quote["market_cap"], quote["change_percent"]) == (None, None, None)
    assert all_finite(history)
    assert history["rows"][0]["close"] is None

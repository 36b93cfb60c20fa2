"""Results stay short, and say so when rows were left out."""

from __future__ import annotations

from typing import Any

import pytest
from mcp.server.mcpserver import MCPServer

from mcp_server import market_data as md
from tests.mcp_server.calling import answer, over
from tests.support.market import FaultyMarket

STAMP: dict[str, Any] = {"as_of": "2026-11-20", "currency": "USD", "source": "a full provider", "delayed": True}


class Plentiful(FaultyMarket):
    """The sample, with more of everything else than a model could read."""

    def profile(self, symbol: str) -> md.CompanyProfile:
        return md.CompanyProfile(**STAMP, symbol=symbol, name="Plenty Inc.", summary="word " * 600)

    def financials(self, symbol: str, *, statement: md.Statement, frequency: md.Frequency) -> md.Financials:
        items = [md.StatementItem(item=f"Item {n}", values={"2025-12-31": 1.0}) for n in range(90)]
        return md.Financials(
            **STAMP, symbol=symbol, statement=statement, frequency=frequency, periods=["2025-12-31"], items=items
        )

    def analyst_views(self, symbol: str) -> md.AnalystViews:
        changes = [md.RatingChange(date="2026-01-01", firm=f"Firm {n}", action="maintained") for n in range(60)]
        return md.AnalystViews(**STAMP, symbol=symbol, targets=None, ratings=[], changes=changes)

    def news(self, symbol: str, *, limit: int) -> md.News:
        items = [md.NewsItem(title=f"Title {n}", publisher=None, published_at=None, url=None) for n in range(50)]
        return md.News(**STAMP, symbol=symbol, items=items)

    def holders(self, symbol: str) -> md.Holders:
        owners = [md.Holder(name=f"Fund {n}", kind="fund", shares=float(n)) for n in range(30)]
        return md.Holders(**STAMP, symbol=symbol, holders=owners, insider_transactions=[])

    def dividends_and_splits(self, symbol: str) -> md.DividendsAndSplits:
        paid = [md.Dividend(date="2020-01-01", amount=0.1) for _ in range(40)]
        return md.DividendsAndSplits(**STAMP, symbol=symbol, dividends=paid, splits=[])

    def options(self, symbol: str, *, expiration: str | None) -> md.OptionsSummary:
        contracts = [
            md.OptionContract(kind=kind, strike=float(strike)) for kind in ("call", "put") for strike in range(50, 150)
        ]
        dates = [f"2027-01-{day:02d}" for day in range(1, 32)] + [f"2027-03-{day:02d}" for day in range(1, 32)]
        return md.OptionsSummary(
            **STAMP, symbol=symbol, expiration="2027-01-01", expirations=dates, underlying_price=100.2,
            contracts=contracts,
        )  # fmt: skip


@pytest.fixture
def plenty(sample: md.MarketData) -> MCPServer[Any]:
    return over(Plentiful(sample))


@pytest.mark.parametrize("rows", [1, 250])
async def test_the_newest_rows_come_and_the_statistics_cover_all(server: MCPServer[Any], rows: int) -> None:
    history = await answer(server, "get_price_history", symbol="AAPL", period="5y", max_rows=rows)

    assert len(history["rows"]) == rows
    assert history["truncated"] is True
    assert history["rows"][-1]["date"] == history["last_date"] == "2024-12-30"
    assert history["sessions"] == 1258
    assert history["statistics"]["start_date"] == "2019-12-30"


async def test_nothing_is_called_truncated_that_is_whole(server: MCPServer[Any]) -> None:
    history = await answer(server, "get_price_history", symbol="AAPL", period="1mo", interval="1wk", max_rows=20)

    assert history["truncated"] is False
    assert history["rows"][0]["date"] == "2024-12-06"


async def test_twenty_rows_come_unless_more_are_asked_for(server: MCPServer[Any]) -> None:
    assert len((await answer(server, "get_price_history", symbol="AAPL"))["rows"]) == 20


@pytest.mark.parametrize(
    ("tool", "rows", "most"),
    [
        ("get_financials", "items", 40),
        ("get_analyst_views", "changes", 15),
        ("get_news", "items", 8),
        ("get_holders", "holders", 15),
        ("get_dividends_and_splits", "dividends", 24),
    ],
)
async def test_a_long_list_is_cut_and_the_result_says_so(
    plenty: MCPServer[Any], tool: str, rows: str, most: int
) -> None:
    found = await answer(plenty, tool, symbol="AAPL")

    assert len(found[rows]) == most
    assert found["truncated"] is True


async def test_how_many_dividends_there_are_in_all_is_told(plenty: MCPServer[Any]) -> None:
    assert (await answer(plenty, "get_dividends_and_splits", symbol="AAPL"))["dividends_total"] == 40


async def test_a_long_summary_ends_at_a_word(plenty: MCPServer[Any]) -> None:
    profile = await answer(plenty, "get_company_profile", symbol="AAPL")

    assert len(profile["summary"]) <= 1_202
    assert profile["summary"].endswith("word …")
    assert profile["truncated"] is True


async def test_the_strikes_nearest_to_the_price_are_kept(plenty: MCPServer[Any]) -> None:
    options = await answer(plenty, "get_options_summary", symbol="AAPL", strikes=3)

    assert [(one["strike"], one["kind"]) for one in options["contracts"]] == [
        (99.0, "call"), (99.0, "put"), (100.0, "call"), (100.0, "put"), (101.0, "call"), (101.0, "put"),
    ]  # fmt: skip
    assert len(options["expirations"]) == 30
    assert options["truncated"] is True


async def test_a_search_returns_at_most_what_was_asked_for(server: MCPServer[Any]) -> None:
    found = await answer(server, "search_symbols", query="bank", limit=3)

    assert len(found["matches"]) == 3

"""Results in the shapes of the market-data tools: one of each, and those of the packaged sample data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mcp_server import market_data as md
from mcp_server.later import Later
from mcp_server.providers.sample import SampleMarketData
from mcp_server.tools.company import CompanyTools
from mcp_server.tools.painter import Painter
from mcp_server.tools.prices import PriceTools
from mcp_server.tools.results import Chart, MarketStatus

Json = dict[str, Any]

STAMP: dict[str, Any] = {"as_of": "2026-11-23", "currency": "USD", "source": "Test exchange", "delayed": False}
UNPRICED: dict[str, Any] = {**STAMP, "currency": None}


def _dump(value: md.Value) -> Json:
    return value.model_dump(mode="json")


VALUATION = _dump(
    md.Valuation(
        **STAMP, symbol="AAPL", market_cap=3.8127e12, trailing_pe=31.234, profit_margin_percent=24.3, beta=1.24
    )
)
FINANCIALS = _dump(
    md.Financials(
        **STAMP,
        symbol="AAPL",
        statement="income",
        frequency="annual",
        periods=["2026-09-26", "2025-09-27"],
        items=[
            md.StatementItem(item="Total revenue", values={"2026-09-26": 4.30512e11, "2025-09-27": 4.16161e11}),
            md.StatementItem(item="Net income", values={"2026-09-26": 1.1534e11, "2025-09-27": None}),
        ],
        ratios_percent=[md.StatementItem(item="Net margin", values={"2026-09-26": 26.79})],
    )
)
EARNINGS = _dump(
    md.Earnings(
        **STAMP,
        symbol="AAPL",
        next_earnings_date="2027-01-28",
        reports=[md.EarningsReport(quarter_end="2026-09-26", eps_estimate=1.76, eps_actual=1.85, surprise_percent=5.1)],
        estimates=[md.Estimate(period="next year", eps_average=8.91)],
    )
)
VIEWS = _dump(
    md.AnalystViews(
        **STAMP,
        symbol="AAPL",
        targets=md.PriceTargets(low=200.0, mean=290.5, high=345.0),
        ratings=[md.RatingCounts(period="0m", strong_buy=5, buy=20, hold=14, sell=2, strong_sell=1)],
        changes=[md.RatingChange(date="2026-11-02", firm="Broker One", action="up", to_grade="Outperform")],
    )
)
NEWS = _dump(
    md.News(
        **STAMP,
        symbol="AAPL",
        items=[
            md.NewsItem(
                title="Apple [sues] somebody",
                publisher="The Paper",
                published_at="2026-11-20T10:00:00+00:00",
                url="https://paper.example/a",
            )
        ],
    )
)
HOLDERS = _dump(
    md.Holders(
        **STAMP,
        symbol="AAPL",
        insiders_percent=1.7,
        institutions_percent=63.4,
        holders=[md.Holder(name="Big Fund", kind="fund", percent_of_shares=8.9)],
        insider_transactions=[
            md.InsiderTransaction(date="2026-10-01", insider="A Person", transaction="Sale", shares=5000)
        ],
    )
)
OPTIONS = _dump(
    md.OptionsSummary(
        **STAMP,
        symbol="AAPL",
        expiration="2026-12-18",
        expirations=["2026-12-18"],
        put_call_volume_ratio=0.71,
        at_the_money_implied_volatility_percent=27.5,
        contracts=[],
    )
)
MATCHES = _dump(md.SymbolMatches(**UNPRICED, query="apple", matches=[md.SymbolMatch(symbol="AAPL", name="Apple Inc.")]))
STATUS = _dump(
    MarketStatus(
        **UNPRICED,
        exchange="New York Stock Exchange",
        mic="XNYS",
        timezone="America/New_York",
        is_open=False,
        reason="weekend",
        session_date=None,
        next_open="2026-11-23T09:30:00-05:00",
        next_close="2026-11-23T16:00:00-05:00",
        last_session="2026-11-20",
    )
)
CHART = _dump(
    Chart(
        **STAMP,
        symbol="AAPL",
        title="AAPL",
        alt_text="A line that rises.",
        period="1y",
        first_date="2025-11-24",
        last_date="2026-11-23",
        width=100,
        height=50,
        mime_type="image/png",
    )
)


def always(value: Json) -> Callable[[Json], Json]:
    """A tool that gives the same whatever it is asked."""
    return lambda _: value


def _no_painter() -> Painter:
    raise AssertionError("nobody draws here")


def sample() -> dict[str, Callable[[Json], Json]]:
    """The tools on the packaged sample data; what it lacks is refused in its own words."""
    market: Later[md.MarketData] = Later(SampleMarketData)
    prices, company = PriceTools(market, Later(_no_painter)), CompanyTools(market)
    tools: dict[str, Callable[..., md.Value]] = {
        "get_quote": prices.get_quote,
        "get_price_history": prices.get_price_history,
        "compare_symbols": prices.compare_symbols,
        "get_dividends_and_splits": prices.get_dividends_and_splits,
        "get_options_summary": prices.get_options_summary,
        "get_company_profile": company.get_company_profile,
        "get_financials": company.get_financials,
        "get_valuation": company.get_valuation,
        "get_earnings": company.get_earnings,
        "get_analyst_views": company.get_analyst_views,
        "get_news": company.get_news,
        "get_holders": company.get_holders,
    }

    def search(given: Json) -> Json:
        return _dump(market.get().search(str(given["query"]), limit=8))

    return {**{name: _telling(tool) for name, tool in tools.items()}, "search_symbols": search}


def _telling(tool: Callable[..., md.Value]) -> Callable[[Json], Json]:
    def told(given: Json) -> Json:
        try:
            return _dump(tool(**given))
        except md.MarketDataError as error:
            return {"error": str(error)}

    return told


def everything() -> dict[str, Callable[[Json], Json]]:
    """The sample's prices, and one of each of what it lacks."""
    return sample() | {
        "get_valuation": always(VALUATION),
        "get_financials": always(FINANCIALS),
        "get_earnings": always(EARNINGS),
        "get_analyst_views": always(VIEWS),
        "get_news": always(NEWS),
        "get_holders": always(HOLDERS),
        "get_options_summary": always(OPTIONS),
        "get_market_status": always(STATUS),
        "draw_price_chart": always(CHART),
    }

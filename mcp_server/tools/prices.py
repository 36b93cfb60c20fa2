"""Tools about prices: quote, history, comparison, dividends and splits, options, the chart."""

import base64
from collections.abc import Sequence
from typing import Annotated, Any

from mcp.server.mcpserver import MCPServer
from mcp.types import CallToolResult, ImageContent, TextContent
from pydantic import Field

from mcp_server import price_statistics
from mcp_server.later import Later
from mcp_server.market_data import (
    Bar,
    DividendsAndSplits,
    Interval,
    MarketData,
    NotAvailable,
    OptionsSummary,
    Period,
    PriceHistory,
    Quote,
    Stamped,
    Valuation,
)
from mcp_server.price_statistics import Window
from mcp_server.tools.common import Symbol, add_tool
from mcp_server.tools.painter import Painter
from mcp_server.tools.results import Chart, Comparison, ComparisonRow, PriceHistoryResult

MAX_DIVIDENDS = 24
NO_COMMON_WINDOW = "The symbols' prices share no window, so each row covers its own period: do not compare the returns."

PeriodArgument = Annotated[Period, Field(description="Length of the window that ends with the newest price.")]


class PriceTools:
    """Tools that answer from a provider's prices."""

    def __init__(self, market: Later[MarketData], painter: Later[Painter]) -> None:
        self._market = market
        self._painter = painter

    def register(self, server: MCPServer[Any]) -> None:
        """Add the tools to `server`."""
        add_tool(server, self.get_quote, title="Quote", agents=("prices", "fundamentals", "risk"))
        add_tool(server, self.get_price_history, title="Price history", agents=("prices", "risk"))
        add_tool(server, self.compare_symbols, title="Comparison", agents=("prices", "fundamentals", "risk"))
        add_tool(server, self.get_dividends_and_splits, title="Dividends and splits", agents=("prices", "fundamentals"))
        add_tool(server, self.get_options_summary, title="Options", agents=("risk",))
        add_tool(server, self.draw_price_chart, title="Price chart", agents=("prices",))

    def get_quote(self, symbol: Symbol) -> Quote:
        """Get the last price of one symbol, and the day around it.

        With the day's change, range and volume, market value, 52-week range and moving averages. Start here when a
        question is about what something costs now. Several symbols: use compare_symbols.
        """
        return self._market.get().quote(symbol)

    def get_price_history(
        self,
        symbol: Symbol,
        period: PeriodArgument = "1y",
        interval: Annotated[Interval, Field(description="Length of one row.")] = "1d",
        max_rows: Annotated[int, Field(ge=1, le=250, description="How many of the newest rows to return.")] = 20,
    ) -> PriceHistoryResult:
        """Get how a price developed: statistics of a window, and its newest rows.

        Return with and without dividends, annualised volatility, deepest fall, high and low of the window, 52-week
        range, 50- and 200-day averages. The statistics cover the whole window however few rows come back: prefer them
        to arithmetic on rows, and ask for many rows only if you need the single days.
        """
        history, window = self._window(symbol, period)
        rows = price_statistics.resample(window.bars, interval)
        return PriceHistoryResult(
            **_stamp(history, truncated=len(rows) > max_rows),
            symbol=history.symbol,
            name=history.name,
            period=period,
            interval=interval,
            first_date=window.bars[0].date,
            last_date=window.bars[-1].date,
            sessions=len(window.bars),
            statistics=price_statistics.describe(history.bars, window),
            rows=rows[-max_rows:],
        )

    def compare_symbols(
        self,
        symbols: Annotated[list[Symbol], Field(min_length=2, max_length=5, description="Two to five tickers.")],
        period: PeriodArgument = "1y",
    ) -> Comparison:
        """Compare two to five symbols side by side over one common window.

        Return, volatility, deepest fall, market value, multiples, margin, growth and dividend yield. Use it for peers
        instead of calling get_quote for each.
        """
        market = self._market.get()
        histories = [market.history(symbol, period=price_statistics.fetch_period(period)) for symbol in symbols]
        windows, common = _common_windows([history.bars for history in histories], period)
        rows = [self._row(history, window) for history, window in zip(histories, windows, strict=True)]
        currencies = {history.currency for history in histories}
        days = {window.bars[-1].date for window in windows}
        return Comparison(
            as_of=days.pop() if len(days) == 1 else None,
            currency=currencies.pop() if len(currencies) == 1 else None,
            source=" and ".join(dict.fromkeys(history.source for history in histories)),
            delayed=any(history.delayed for history in histories),
            note=" ".join([*_notes(histories), *([] if common else [NO_COMMON_WINDOW])]) or None,
            period=period,
            first_date=max(window.start.date for window in windows) if common else None,
            last_date=windows[0].bars[-1].date if common else None,
            rows=rows,
        )

    def get_dividends_and_splits(self, symbol: Symbol) -> DividendsAndSplits:
        """Get the dividends per share and the share splits of a symbol, newest first.

        With the sum and the yield of the last twelve months.
        """
        found = self._market.get().dividends_and_splits(symbol)
        return found.model_copy(
            update={
                "dividends": found.dividends[:MAX_DIVIDENDS],
                "dividends_total": len(found.dividends),
                "truncated": len(found.dividends) > MAX_DIVIDENDS,
            }
        )

    def get_options_summary(
        self,
        symbol: Symbol,
        expiration: Annotated[
            str | None,
            Field(pattern=r"^\d{4}-\d{2}-\d{2}$", description="One of the expirations, or null for the nearest."),
        ] = None,
        strikes: Annotated[int, Field(ge=1, le=20, description="How many strikes around the price to list.")] = 5,
    ) -> OptionsSummary:
        """Get what the options of one expiration say.

        Volume and open interest of calls and puts, their ratios, the implied volatility at the money, and the contracts
        nearest to the share's price.
        """
        found = self._market.get().options(symbol, expiration=expiration)
        middle = found.underlying_price or 0.0
        nearest = sorted({contract.strike for contract in found.contracts}, key=lambda strike: abs(strike - middle))
        kept = set(nearest[:strikes])
        contracts = sorted(
            (contract for contract in found.contracts if contract.strike in kept),
            key=lambda contract: (contract.strike, contract.kind),
        )
        return found.model_copy(
            update={
                "contracts": contracts,
                "expirations": found.expirations[:30],
                "truncated": len(contracts) < len(found.contracts) or len(found.expirations) > 30,
            }
        )

    def draw_price_chart(self, symbol: Symbol, period: PeriodArgument = "1y") -> Annotated[CallToolResult, Chart]:
        """Draw a picture of a symbol's price with its 50- and 200-day averages and volume.

        People see the picture; you get what it shows in words. Call it once, for the main symbol of a report.
        """
        history, window = self._window(symbol, period)
        picture = self._painter.get()(history, window, period)
        return CallToolResult(
            content=[
                TextContent(type="text", text=picture.chart.model_dump_json()),
                ImageContent(
                    type="image",
                    data=base64.b64encode(picture.png).decode("ascii"),
                    mime_type=picture.chart.mime_type,
                ),
            ],
            structured_content=picture.chart.model_dump(mode="json"),
        )

    def _window(self, symbol: str, period: Period) -> tuple[PriceHistory, Window]:
        history = self._market.get().history(symbol, period=price_statistics.fetch_period(period))
        return history, price_statistics.cut(history.bars, period)

    def _row(self, history: PriceHistory, window: Window) -> ComparisonRow:
        missing: list[str] = []
        try:
            valuation = self._market.get().valuation(history.symbol)
        except NotAvailable as error:
            missing.append(str(error))
            valuation = None
        statistics = price_statistics.describe(history.bars, window)
        return ComparisonRow(
            symbol=history.symbol,
            name=history.name,
            as_of=window.bars[-1].date,
            currency=history.currency,
            price=statistics.end_price,
            price_return_percent=statistics.price_return_percent,
            total_return_percent=statistics.total_return_percent,
            annualised_volatility_percent=statistics.annualised_volatility_percent,
            max_drawdown_percent=statistics.max_drawdown_percent,
            missing=missing,
            **_multiples(valuation),
        )


def _multiples(valuation: Valuation | None) -> dict[str, Any]:
    if valuation is None:
        return {}
    return valuation.model_dump(
        include={
            "market_cap",
            "trailing_pe",
            "forward_pe",
            "price_to_sales",
            "ev_to_ebitda",
            "profit_margin_percent",
            "revenue_growth_percent",
            "dividend_yield_percent",
        }
    )


def _notes(histories: Sequence[PriceHistory]) -> list[str]:
    """What must be told of the symbols; where that differs, whose note each is."""
    symbols: dict[str, list[str]] = {}
    for history in histories:
        if history.note:
            symbols.setdefault(history.note, []).append(history.symbol)
    if len(symbols) == 1 and all(history.note for history in histories):
        return list(symbols)
    return [f"{', '.join(named)}: {note}" for note, named in symbols.items()]


def _common_windows(series: Sequence[Sequence[Bar]], period: Period) -> tuple[list[Window], bool]:
    """Return a window per series: over the same dates, or over each one's own if they share none."""
    own = [price_statistics.cut(bars, period) for bars in series]
    start = max(window.start.date for window in own)
    end = min(window.bars[-1].date for window in own)
    windows = [price_statistics.between(bars, start, end) for bars in series]
    common = all(window.bars for window in windows)
    return (windows, True) if common else (own, False)


def _stamp(value: Stamped, *, truncated: bool) -> dict[str, Any]:
    return {
        "as_of": value.as_of,
        "currency": value.currency,
        "source": value.source,
        "delayed": value.delayed,
        "note": value.note,
        "truncated": truncated,
    }

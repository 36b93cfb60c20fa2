"""Historical sample data that comes with installed packages: real prices and companies, years old, no network.

Prices: `hvsampledata` (AAPL 2019-2024) and `bokeh_sampledata` (AAPL, FB, GOOG, IBM, MSFT up to 2013-03-01), the newest
series for a symbol winning. Companies: `pytickersymbols`. What these lack is said to be lacking, never made up.
"""

import csv
import difflib
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import resources
from itertools import pairwise
from typing import Any, NamedTuple, NoReturn

from bokeh_sampledata import stocks
from bokeh_sampledata.stocks import StockData

from mcp_server.companies import Company, CompanyBook, load_companies
from mcp_server.later import Later
from mcp_server.market_data import (
    AnalystViews,
    Bar,
    CompanyProfile,
    Dividend,
    DividendsAndSplits,
    Earnings,
    Financials,
    Frequency,
    Holders,
    MarketData,
    News,
    NotAvailable,
    OptionsSummary,
    Period,
    PriceHistory,
    Quote,
    Split,
    Statement,
    SymbolMatch,
    SymbolMatches,
    UnknownSymbol,
    Valuation,
)
from mcp_server.price_statistics import Window, change_percent, describe
from mcp_server.providers import ProviderSettings

NOTE = "Historical sample, not live data"

_MIN_STEP = 0.0008
"""A smaller step between raw and adjusted closes is rounding, not a dividend."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Series:
    """Daily bars of one symbol, and the dividends and splits that the adjusted closes imply, newest first."""

    bars: tuple[Bar, ...]
    source: str
    dividends: tuple[Dividend, ...]
    splits: tuple[Split, ...]
    actions_note: str | None = None


class _Row(NamedTuple):
    day: str
    open: float
    high: float
    low: float
    close: float
    adj_close: float
    volume: int


def build(settings: ProviderSettings) -> MarketData:  # noqa: ARG001 - every provider is built alike
    """Return the sample provider; it reads its files when they are first needed."""
    return SampleMarketData()


class SampleMarketData:
    """MarketData from packaged files."""

    def __init__(self) -> None:
        self._series = Later(load_series)
        self._companies = Later(load_companies)

    @property
    def name(self) -> str:
        """The provider's name for people."""
        return "Packaged sample data"

    def warm_up(self) -> None:
        """Read the files."""
        self._series.get()
        self._companies.get()

    def search(self, query: str, *, limit: int) -> SymbolMatches:
        """Search the packaged list of companies by symbol and name; no funds, currencies or cryptocurrencies."""
        book = self._companies.get()
        matches = [_match(company) for company in book.search(query, limit=limit)]
        return SymbolMatches(**self._company_stamp(), query=query, matches=matches)

    def quote(self, symbol: str) -> Quote:
        """Return the last bar of the sample as a quote of its day."""
        series = self._prices(symbol)
        last, before = series.bars[-1], series.bars[-2]
        figures = describe(series.bars, Window(bars=series.bars[-63:], baseline=None))
        company = self._companies.get().find(symbol)
        change = None if last.close is None or before.close is None else round(last.close - before.close, 4)
        return Quote(
            **_stamp(series),
            symbol=symbol,
            name=company.name if company else None,
            price=last.close,
            previous_close=before.close,
            change=change,
            change_percent=change_percent(before.close, last.close),
            open=last.open,
            day_high=last.high,
            day_low=last.low,
            volume=last.volume,
            average_volume_3m=None if figures.average_daily_volume is None else round(figures.average_daily_volume),
            week_52_high=figures.week_52_high,
            week_52_low=figures.week_52_low,
            sma_50=figures.sma_50,
            sma_200=figures.sma_200,
            timezone="America/New_York",
        )

    def history(self, symbol: str, *, period: Period) -> PriceHistory:
        """Return all bars of the sample, whatever the period: the caller cuts from the end."""
        series = self._prices(symbol)
        company = self._companies.get().find(symbol)
        return PriceHistory(
            **_stamp(series), symbol=symbol, name=company.name if company else None, bars=list(series.bars)
        )

    def profile(self, symbol: str) -> CompanyProfile:
        """Return what the packaged list of companies says."""
        company = self._company(symbol)
        return CompanyProfile(
            **self._company_stamp(),
            symbol=symbol,
            name=company.name,
            industry=", ".join(company.industries[:3]) or None,
            country=company.country,
            city=company.headquarters,
            website=company.website,
            isin=company.isin,
            indices=list(company.indices),
            key_figures=company.key_figures,
        )

    def dividends_and_splits(self, symbol: str) -> DividendsAndSplits:
        """Return what the sample's adjusted closes imply."""
        series = self._prices(symbol)
        last = date.fromisoformat(series.bars[-1].date)
        year_ago = (last - timedelta(days=365)).isoformat()
        recent = [item.amount for item in series.dividends if item.date > year_ago and item.amount is not None]
        total = round(sum(recent), 4)
        close = series.bars[-1].close
        stamp = _stamp(series)
        if series.actions_note:
            stamp["note"] = f"{stamp['note']} {series.actions_note}"
        return DividendsAndSplits(
            **stamp,
            symbol=symbol,
            dividends=list(series.dividends),
            splits=list(series.splits),
            trailing_12m_dividend=total,
            trailing_yield_percent=total / close * 100 if close else None,
        )

    def financials(self, symbol: str, *, statement: Statement, frequency: Frequency) -> Financials:
        """Always NotAvailable."""
        self._refuse(symbol, f"{symbol}'s {statement.replace('_', ' ')} statement", hint=True)

    def valuation(self, symbol: str) -> Valuation:
        """Always NotAvailable."""
        self._refuse(symbol, f"{symbol}'s valuation", hint=True)

    def earnings(self, symbol: str) -> Earnings:
        """Always NotAvailable."""
        self._refuse(symbol, f"{symbol}'s earnings and estimates", hint=True)

    def analyst_views(self, symbol: str) -> AnalystViews:
        """Always NotAvailable."""
        self._refuse(symbol, f"analysts' views on {symbol}")

    def news(self, symbol: str, *, limit: int) -> News:
        """Always NotAvailable."""
        self._refuse(symbol, f"news about {symbol}")

    def holders(self, symbol: str) -> Holders:
        """Always NotAvailable."""
        self._refuse(symbol, f"{symbol}'s holders")

    def options(self, symbol: str, *, expiration: str | None) -> OptionsSummary:
        """Always NotAvailable."""
        self._refuse(symbol, f"options on {symbol}")

    def _prices(self, symbol: str) -> Series:
        """Return the symbol's series, or raise what tells why there is none."""
        series = self._series.get()
        if symbol in series:
            return series[symbol]
        company = self._company(symbol)
        raise NotAvailable(
            f"Prices of {symbol} ({company.name}) are not available in sample mode. The sample has prices of "
            f"{', '.join(sorted(series))} only. For live prices, set CLEW_MARKET_DATA=yahoo."
        )

    def _company(self, symbol: str) -> Company:
        book = self._companies.get()
        company = book.find(symbol)
        if company is None:
            raise UnknownSymbol(
                symbol,
                statement=f"The sample's list of large companies has no symbol {symbol}.",
                suggestions=tuple(_match(near) for near in self._near(book, symbol)),
            )
        return company

    def _near(self, book: CompanyBook, symbol: str) -> list[Company]:
        """Put the symbols that have prices first: they are what this provider answers best."""
        priced = difflib.get_close_matches(symbol, list(self._series.get()), n=1, cutoff=0.6)
        first = [company for near in priced if (company := book.find(near))]
        return list(dict.fromkeys([*first, *book.near(symbol)]))[:3]

    def _refuse(self, symbol: str, what: str, *, hint: bool = False) -> NoReturn:
        if symbol not in self._series.get():
            self._company(symbol)
        rough = " get_company_profile has rough yearly figures." if hint else ""
        raise NotAvailable(f"Not available in sample mode: {what}.{rough}")

    def _company_stamp(self) -> dict[str, Any]:
        book = self._companies.get()
        note = f"{NOTE}: companies as listed in the package pytickersymbols {book.version}, which gives no date."
        return {"as_of": None, "currency": None, "source": "pytickersymbols", "delayed": True, "note": note}


@functools.cache
def load_series() -> Mapping[str, Series]:
    """Read all price files, keyed by symbol; once a process."""
    old = {symbol: _rows(table) for symbol, table in _tables().items()}
    series = {
        symbol: Series(
            bars=_bars(rows, splits := _splits(rows)),
            source="bokeh_sampledata (Quandl WIKI prices)",
            dividends=_dividends(rows),
            splits=splits,
        )
        for symbol, rows in old.items()
    }
    apple, dividends = _smooth(_newest_apple())
    series["AAPL"] = Series(
        bars=_bars(apple, ()),
        source="hvsampledata (Yahoo Finance prices)",
        dividends=dividends,
        splits=(),
        actions_note="Dividends are derived from adjusted prices, to about half a cent; splits are not recorded.",
    )
    return series


def _tables() -> dict[str, StockData]:
    return {
        "AAPL": stocks.AAPL, "FB": stocks.FB, "GOOG": stocks.GOOG, "IBM": stocks.IBM, "MSFT": stocks.MSFT
    }  # fmt: skip


def _rows(table: StockData) -> list[_Row]:
    columns = ("date", "open", "high", "low", "close", "adj_close", "volume")
    return [_Row(*row) for row in zip(*(table[column] for column in columns), strict=True)]


def _newest_apple() -> list[_Row]:
    # Read as text: the package's own reader needs pandas, which takes longer to import than all else here.
    content = (resources.files("hvsampledata") / "_data" / "apple_stocks.csv").read_text("utf-8")
    return [
        _Row(
            record["date"], float(record["open"]), float(record["high"]), float(record["low"]), float(record["close"]),
            float(record["adj_close"]), int(record["volume"]),
        )
        for record in csv.DictReader(content.splitlines())
    ]  # fmt: skip


def _step(before: _Row, after: _Row) -> float:
    """Return how much further the raw close moved than the adjusted one: 0.5 on the day of a 2-for-1 split."""
    return (after.close / before.close) / (after.adj_close / before.adj_close)


def _splits(rows: list[_Row]) -> tuple[Split, ...]:
    """Find the splits, newest first."""
    steps = ((after.day, 1 / _step(before, after)) for before, after in pairwise(rows))
    return tuple(Split(date=day, ratio=round(ratio, 2)) for day, ratio in reversed(list(steps)) if ratio > 1.3)


def _dividends(rows: list[_Row]) -> tuple[Dividend, ...]:
    """Find the dividends, newest first, adjusted for the splits that follow within the series."""
    found: list[Dividend] = []
    factor = 1.0
    for before, after in reversed(list(pairwise(rows))):
        step = _step(before, after)
        if step < 1 / 1.3:
            factor /= round(1 / step, 2)
        elif step < 1 - _MIN_STEP:
            # The source divides by 1 + dividend / close of the ex-dividend day.
            found.append(Dividend(date=after.day, amount=round(after.close * (1 / step - 1) * factor, 4)))
    return tuple(found)


def _smooth(rows: list[_Row]) -> tuple[list[_Row], tuple[Dividend, ...]]:
    """Undo the rounding of adjusted closes to two decimals, and find the dividends.

    Between two ex-dividend days the ratio of adjusted to raw closes is constant, so its mean over those days is far
    more precise than any single one; the step from one mean to the next tells the dividend.
    """
    cuts = [i + 1 for i, (before, after) in enumerate(pairwise(rows)) if _step(before, after) < 1 - _MIN_STEP]
    parts = [rows[start:end] for start, end in pairwise([0, *cuts, len(rows)])]
    ratios = [sum(row.adj_close for row in part) / sum(row.close for row in part) for part in parts]
    dividends = [
        Dividend(date=after[0].day, amount=round(before[-1].close * (1 - ratio / next_ratio), 2))
        for (before, after), (ratio, next_ratio) in zip(pairwise(parts), pairwise(ratios), strict=True)
    ]
    smooth = [
        row._replace(adj_close=row.close * ratio) for part, ratio in zip(parts, ratios, strict=True) for row in part
    ]
    return smooth, tuple(reversed(dividends))


def _bars(rows: list[_Row], splits: tuple[Split, ...]) -> tuple[Bar, ...]:
    """Adjust raw rows for splits, and rescale the adjusted closes so that the last one equals the last close."""
    scale = rows[-1].close / rows[-1].adj_close
    bars: list[Bar] = []
    pending = list(splits)
    factor = 1.0
    for row in reversed(rows):
        bars.append(
            Bar(
                date=row.day,
                open=round(row.open / factor, 4),
                high=round(row.high / factor, 4),
                low=round(row.low / factor, 4),
                close=round(row.close / factor, 4),
                adj_close=round(row.adj_close * scale, 4),
                volume=round(row.volume * factor),
            )
        )
        if pending and pending[0].date == row.day:
            factor *= pending.pop(0).ratio
    return tuple(reversed(bars))


def _stamp(series: Series) -> dict[str, Any]:
    last = series.bars[-1].date
    note = f"{NOTE}: prices end on {last}."
    return {"as_of": last, "currency": "USD", "source": series.source, "delayed": True, "note": note}


def _match(company: Company) -> SymbolMatch:
    return SymbolMatch(
        symbol=company.symbol,
        name=company.name,
        country=company.country,
        industry=", ".join(company.industries[:2]) or None,
    )

"""Answers in the shapes of Yahoo's, every figure made up: what yfinance 1.7 reads of them, and no more."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

Json = dict[str, Any]

LAST_DAY = date(2026, 11, 20)
RANGES = ["1d", "5d", "1mo", "3mo", "6mo", "1y", "2y", "5y", "10y", "ytd", "max"]


@dataclass(kw_only=True)
class Listing:
    """One made-up share: a close a day up to LAST_DAY, in the unit that Yahoo would give it in."""

    symbol: str
    name: str
    currency: str = "USD"
    financial_currency: str = "USD"
    timezone: str = "America/New_York"
    exchange: str = "NasdaqGS"
    delay: int | None = 0
    closes: list[float | None] = field(default_factory=lambda: [100 + (n % 40) * 0.5 for n in range(300)])
    dividends: dict[str, float] = field(default_factory=dict[str, float])
    splits: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    modules: Json = field(default_factory=dict[str, Any])
    statements: dict[str, dict[str, float]] = field(default_factory=dict[str, dict[str, float]])
    """Yahoo's key of an item to period end to amount."""

    headlines: list[Json] = field(default_factory=list[Json])
    options: Json | None = None

    @property
    def days(self) -> list[date]:
        """Weekdays, as many as there are closes."""
        found: list[date] = []
        day = LAST_DAY
        while len(found) < len(self.closes):
            if day.weekday() < 5:
                found.append(day)
            day -= timedelta(days=1)
        return found[::-1]

    @property
    def last(self) -> float:
        """The newest close."""
        return next((close for close in reversed(self.closes) if close is not None), 0.0)


def stamp_of(day: date, hour: int = 16) -> int:
    """Seconds since the epoch, while London and New York have the same date."""
    return int(datetime(day.year, day.month, day.day, hour, tzinfo=UTC).timestamp())


def chart(listing: Listing) -> Json:
    """`/v8/finance/chart/`: daily bars with the day's metadata."""
    closes, stamps = listing.closes, [stamp_of(day) for day in listing.days]
    known = [close for close in closes[-252:] if close is not None]

    def shifted(by: float) -> list[float | None]:
        return [None if close is None else close + by for close in closes]

    period = {"timezone": "X", "start": stamps[-1] - 3600, "end": stamps[-1] + 3600, "gmtoffset": 0}
    meta = {
        "currency": listing.currency,
        "symbol": listing.symbol,
        "exchangeName": "XXX",
        "fullExchangeName": listing.exchange,
        "instrumentType": "EQUITY",
        "firstTradeDate": stamps[0],
        "regularMarketTime": stamps[-1] + 4 * 3600,
        "gmtoffset": 0,
        "timezone": "X",
        "exchangeTimezoneName": listing.timezone,
        "regularMarketPrice": listing.last,
        "fiftyTwoWeekHigh": max(known, default=0.0) + 1,
        "fiftyTwoWeekLow": min(known, default=0.0) - 1,
        "regularMarketDayHigh": listing.last + 1,
        "regularMarketDayLow": listing.last - 1,
        "regularMarketVolume": 1_234_567,
        "longName": listing.name,
        "shortName": listing.name[:8],
        "chartPreviousClose": closes[0],
        "priceHint": 2,
        "currentTradingPeriod": {"pre": period, "regular": period, "post": period},
        "dataGranularity": "1d",
        "range": "1y",
        "validRanges": RANGES,
    }
    dividends = {
        str(at): {"amount": amount, "date": at}
        for day, amount in listing.dividends.items()
        for at in [stamp_of(date.fromisoformat(day))]
    }
    splits = {
        str(at): {"date": at, "numerator": new, "denominator": old, "splitRatio": f"{new}:{old}"}
        for day, (new, old) in listing.splits.items()
        for at in [stamp_of(date.fromisoformat(day))]
    }
    bars = {
        "open": shifted(-0.5),
        "high": shifted(1.0),
        "low": shifted(-1.0),
        "close": closes,
        "volume": [None if close is None else 1_000_000 for close in closes],
    }
    result = {
        "meta": meta,
        "timestamp": stamps,
        "events": {"dividends": dividends, "splits": splits},
        "indicators": {"quote": [bars], "adjclose": [{"adjclose": shifted(0.0)}]},
    }
    return {"chart": {"result": [result], "error": None}}


def unknown_chart() -> Json:
    """What Yahoo says of a symbol that does not exist, with status 404."""
    error = {"code": "Not Found", "description": "No data found, symbol may be delisted"}
    return {"chart": {"result": None, "error": error}}


def unknown_summary(symbol: str) -> Json:
    """The same of company data."""
    error = {"code": "Not Found", "description": f"Quote not found for symbol: {symbol}"}
    return {"quoteSummary": {"result": None, "error": error}}


def summary(listing: Listing, modules: list[str]) -> Json:
    """`/v10/finance/quoteSummary/`: the modules asked for, as far as there are any."""
    basic: Json = {
        "quoteType": {"quoteType": "EQUITY", "longName": listing.name, "symbol": listing.symbol},
        "summaryDetail": {"currency": listing.currency, "marketCap": 5_000_000_000},
        "financialData": {"currentPrice": listing.last, "financialCurrency": listing.financial_currency},
    }
    known = {name: {**basic.get(name, {}), **listing.modules.get(name, {})} for name in {*basic, *listing.modules}}
    return {"quoteSummary": {"result": [{name: known[name] for name in modules if name in known}], "error": None}}


def quote(listing: Listing) -> Json:
    """`/v7/finance/quote`."""
    found = {
        "symbol": listing.symbol,
        "quoteType": "EQUITY",
        "currency": listing.currency,
        "regularMarketPrice": listing.last,
        "regularMarketTime": stamp_of(LAST_DAY, 20),
        "exchangeTimezoneName": listing.timezone,
        "fullExchangeName": listing.exchange,
        "longName": listing.name,
        "shortName": listing.name[:8],
        **({} if listing.delay is None else {"exchangeDataDelayedBy": listing.delay}),
        **listing.modules.get("quote", {}),
    }
    return {"quoteResponse": {"result": [found], "error": None}}


def timeseries(listing: Listing, types: list[str]) -> Json:
    """`/ws/fundamentals-timeseries/`: one list per item asked for that the company reports."""
    results: list[Json] = []
    for kind in types:
        amounts = listing.statements.get(kind)
        if amounts:
            points = [{"asOfDate": day, "reportedValue": {"raw": amount}} for day, amount in amounts.items()]
            stamps = [stamp_of(date.fromisoformat(day), 0) for day in amounts]
            results.append({"meta": {"type": [kind]}, "timestamp": stamps, kind: points})
    return {"timeseries": {"result": results, "error": None}}


def news(listing: Listing) -> Json:
    """`/xhr/ncp`: a stream of articles."""
    return {"data": {"tickerStream": {"stream": listing.headlines}}}


def raw(**values: float) -> Json:
    """Numbers as Yahoo wraps them."""
    return {name: {"raw": value, "fmt": str(value)} for name, value in values.items()}

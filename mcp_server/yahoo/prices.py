"""From yfinance's price frames and chart metadata to bars, quotes, dividends and options."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd

from mcp_server.market_data import Bar, Dividend, DividendsAndSplits, OptionContract, OptionsSummary, Quote, Split
from mcp_server.price_statistics import change_percent, moving_average
from mcp_server.yahoo.frames import SOURCE, instant, major_unit, number, percent, price, records, text, whole

_QUARTER = 63
"""Trading days in three months."""


def bars_of(frame: pd.DataFrame, factor: float) -> list[Bar]:
    """Return the bars that have a close, in ascending order."""
    bars: list[Bar] = []
    for row in records(frame):
        close = price(row.get("Close"), factor)
        if close is None:
            continue
        bars.append(
            Bar(
                date=str(row["index"].date()),
                open=price(row.get("Open"), factor),
                high=price(row.get("High"), factor),
                low=price(row.get("Low"), factor),
                close=close,
                adj_close=price(row.get("Adj Close"), factor) or close,
                volume=whole(row.get("Volume")),
            )
        )
    return bars


def quote_of(symbol: str, bars: list[Bar], meta: Mapping[str, Any], info: Mapping[str, Any]) -> Quote:
    """Build a quote from a year of bars and the chart's metadata; `info` may be empty."""
    currency, factor = major_unit(meta.get("currency"))
    timezone = text(meta.get("exchangeTimezoneName"))
    as_of = instant(meta.get("regularMarketTime"), timezone) or bars[-1].date
    last = price(meta.get("regularMarketPrice"), factor) or bars[-1].close
    today = bars[-1] if bars[-1].date == as_of[:10] else None
    before = next((bar for bar in reversed(bars) if bar.date < as_of[:10]), None)
    previous = before.close if before else None
    volumes = [bar.volume for bar in bars[-_QUARTER:] if bar.volume]
    shares = number(info.get("sharesOutstanding"))
    return Quote(
        as_of=as_of,
        currency=currency,
        source=SOURCE,
        delayed=is_delayed(info),
        symbol=symbol,
        name=name_of(meta) or name_of(info),
        price=last,
        previous_close=previous,
        change=None if last is None or previous is None else round(last - previous, 4),
        change_percent=change_percent(previous, last),
        open=today.open if today else None,
        day_high=price(meta.get("regularMarketDayHigh"), factor) or (today.high if today else None),
        day_low=price(meta.get("regularMarketDayLow"), factor) or (today.low if today else None),
        volume=whole(meta.get("regularMarketVolume")) or (today.volume if today else None),
        average_volume_3m=round(sum(volumes) / len(volumes)) if volumes else None,
        market_cap=round(shares * last) if shares and last else None,
        week_52_high=price(meta.get("fiftyTwoWeekHigh"), factor),
        week_52_low=price(meta.get("fiftyTwoWeekLow"), factor),
        sma_50=moving_average(bars, 50)[-1],
        sma_200=moving_average(bars, 200)[-1],
        exchange=text(meta.get("fullExchangeName")) or text(meta.get("exchangeName")),
        timezone=timezone,
    )


def name_of(facts: Mapping[str, Any]) -> str | None:
    """Return the long name, else the short one."""
    return text(facts.get("longName")) or text(facts.get("shortName"))


def is_delayed(info: Mapping[str, Any]) -> bool:
    """Return False only where Yahoo says that its quotes of this exchange are fresh."""
    minutes = number(info.get("exchangeDataDelayedBy"))
    return minutes is None or minutes >= 15


def actions_of(symbol: str, frame: pd.DataFrame, meta: Mapping[str, Any], bars: list[Bar]) -> DividendsAndSplits:
    """Collect the dividends and splits that the frame notes."""
    currency, factor = major_unit(meta.get("currency"))
    rows = list(reversed(records(frame)))
    dividends = [
        Dividend(date=str(row["index"].date()), amount=price(row["Dividends"], factor))
        for row in rows
        if number(row.get("Dividends"))
    ]
    splits = [
        Split(date=str(row["index"].date()), ratio=float(row["Stock Splits"]))
        for row in rows
        if number(row.get("Stock Splits"))
    ]
    year_ago = (date.fromisoformat(bars[-1].date) - timedelta(days=365)).isoformat()
    total = round(sum(item.amount or 0.0 for item in dividends if item.date > year_ago), 6)
    close = bars[-1].close
    return DividendsAndSplits(
        as_of=bars[-1].date,
        currency=currency,
        source=SOURCE,
        delayed=True,
        note=f"Dividends and splits since {bars[0].date}.",
        symbol=symbol,
        dividends=dividends,
        splits=splits,
        trailing_12m_dividend=total,
        trailing_yield_percent=total / close * 100 if close else None,
    )


def options_of(symbol: str, expirations: tuple[str, ...], expiration: str, chain: Any) -> OptionsSummary:
    """Summarise an option chain: all contracts, totals, ratios, and the volatility at the money."""
    underlying: Mapping[str, Any] = chain.underlying or {}
    currency, factor = major_unit(underlying.get("currency"))
    spot = price(underlying.get("regularMarketPrice"), factor)
    contracts = [*_contracts("call", chain.calls, factor), *_contracts("put", chain.puts, factor)]
    calls, puts = ([c for c in contracts if c.kind == kind] for kind in ("call", "put"))
    return OptionsSummary(
        as_of=instant(underlying.get("regularMarketTime"), underlying.get("exchangeTimezoneName"))
        or datetime.now(UTC).isoformat(timespec="seconds"),
        currency=currency,
        source=SOURCE,
        delayed=True,
        symbol=symbol,
        expiration=expiration,
        expirations=list(expirations),
        underlying_price=spot,
        call_volume=sum(c.volume or 0 for c in calls),
        put_volume=sum(c.volume or 0 for c in puts),
        call_open_interest=sum(c.open_interest or 0 for c in calls),
        put_open_interest=sum(c.open_interest or 0 for c in puts),
        put_call_volume_ratio=_ratio(sum(c.volume or 0 for c in puts), sum(c.volume or 0 for c in calls)),
        put_call_open_interest_ratio=_ratio(
            sum(c.open_interest or 0 for c in puts), sum(c.open_interest or 0 for c in calls)
        ),
        at_the_money_implied_volatility_percent=_at_the_money(contracts, spot),
        contracts=contracts,
    )


def _contracts(kind: Any, frame: Any, factor: float) -> list[OptionContract]:
    return [
        OptionContract(
            kind=kind,
            strike=strike,
            last_price=price(row.get("lastPrice"), factor),
            bid=price(row.get("bid"), factor),
            ask=price(row.get("ask"), factor),
            implied_volatility_percent=percent(row.get("impliedVolatility")),
            volume=whole(row.get("volume")),
            open_interest=whole(row.get("openInterest")),
        )
        for row in records(frame)
        if (strike := price(row.get("strike"), factor)) is not None
    ]


def _ratio(part: int, whole_: int) -> float | None:
    return round(part / whole_, 3) if whole_ else None


def _at_the_money(contracts: list[OptionContract], spot: float | None) -> float | None:
    """Return the mean implied volatility of call and put at the strike nearest to the price."""
    quoted = [c for c in contracts if c.implied_volatility_percent]
    if spot is None or not quoted:
        return None
    nearest = min(quoted, key=lambda c: abs(c.strike - spot)).strike
    found = [c.implied_volatility_percent or 0.0 for c in quoted if c.strike == nearest]
    return sum(found) / len(found)

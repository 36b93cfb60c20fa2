"""Windows over daily bars, and the figures that describe them. Pure functions."""

import calendar
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby, pairwise

from mcp_server.market_data import Bar, Interval, Period
from mcp_server.tools.results import PriceStatistics

SESSIONS_PER_YEAR = 252
MINIMUM_RETURNS = 20
"""Fewer daily returns than these say nothing about a year's volatility."""

_MONTHS: dict[Period, int] = {"1mo": 1, "3mo": 3, "6mo": 6, "1y": 12, "2y": 24, "5y": 60, "10y": 120}


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """The bars of a period, and the bar just before them, whose close returns are measured from."""

    bars: tuple[Bar, ...]
    baseline: Bar | None

    @property
    def start(self) -> Bar:
        """The bar that returns are measured from."""
        return self.baseline or self.bars[0]

    @property
    def measured(self) -> tuple[Bar, ...]:
        """The bars with the baseline before them."""
        return (self.baseline, *self.bars) if self.baseline else self.bars


def fetch_period(period: Period) -> Period:
    """Return a period long enough for the window, its baseline and the 52 weeks and 200 sessions up to its end."""
    match period:
        case "2y":
            return "5y"
        case "5y":
            return "10y"
        case "10y" | "max":
            return "max"
        case _:
            return "2y"


def months_before(day: date, months: int) -> date:
    """Return the same day of the month, `months` earlier, or that month's last day."""
    index = day.year * 12 + day.month - 1 - months
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def cut(bars: Sequence[Bar], period: Period) -> Window:
    """Return the window of `period` that ends with the last bar. `bars` ascend and are not empty."""
    last = date.fromisoformat(bars[-1].date)
    if period == "max":
        return Window(bars=tuple(bars), baseline=None)
    if period == "5d":
        return _from_index(bars, max(len(bars) - 5, 0))
    start = date(last.year - 1, 12, 31) if period == "ytd" else months_before(last, _MONTHS[period])
    return between(bars, start.isoformat(), bars[-1].date)


def between(bars: Sequence[Bar], after: str, until: str) -> Window:
    """Return the window of the bars later than the date `after` and not later than `until`; it may be empty."""
    upto = [bar for bar in bars if bar.date <= until]
    index = next((i for i, bar in enumerate(upto) if bar.date > after), len(upto))
    return _from_index(upto, index)


def _from_index(bars: Sequence[Bar], index: int) -> Window:
    return Window(bars=tuple(bars[index:]), baseline=bars[index - 1] if index > 0 else None)


def describe(bars: Sequence[Bar], window: Window) -> PriceStatistics:
    """Compute the figures of `window`; those of the last year look back over all `bars` up to the window's end."""
    past = [bar for bar in bars if bar.date <= window.bars[-1].date]
    year = _last_52_weeks(past)
    high = max((bar for bar in window.bars if bar.high is not None), key=lambda bar: bar.high or 0.0, default=None)
    low = min((bar for bar in window.bars if bar.low is not None), key=lambda bar: bar.low or 0.0, default=None)
    drawdown, peak, trough = max_drawdown(window.measured)
    volumes = [bar.volume for bar in window.bars if bar.volume is not None]
    return PriceStatistics(
        start_date=window.start.date,
        start_price=window.start.close,
        end_price=window.bars[-1].close,
        price_return_percent=change_percent(window.start.close, window.bars[-1].close),
        total_return_percent=change_percent(window.start.adj_close, window.bars[-1].adj_close),
        annualised_volatility_percent=volatility_percent(window.measured),
        max_drawdown_percent=drawdown,
        max_drawdown_peak_date=peak,
        max_drawdown_trough_date=trough,
        high=high.high if high else None,
        high_date=high.date if high else None,
        low=low.low if low else None,
        low_date=low.date if low else None,
        average_daily_volume=round(statistics.fmean(volumes)) if volumes else None,
        week_52_high=max((bar.high for bar in year if bar.high is not None), default=None),
        week_52_low=min((bar.low for bar in year if bar.low is not None), default=None),
        sma_50=moving_average(past, 50)[-1],
        sma_200=moving_average(past, 200)[-1],
    )


def change_percent(start: float | None, end: float | None) -> float | None:
    """Return the change from `start` to `end` in percent, or None where it is not defined."""
    return None if start is None or start <= 0 or end is None else (end / start - 1) * 100


def volatility_percent(bars: Sequence[Bar]) -> float | None:
    """Return the annualised standard deviation of daily log returns in percent, dividends included."""
    prices = [price for bar in bars if (price := bar.adj_close or bar.close)]
    if any(price < 0 for price in prices):
        return None  # a future may trade below zero, as oil did in April 2020: then no return is defined
    returns = [math.log(after) - math.log(before) for before, after in pairwise(prices)]
    if len(returns) < MINIMUM_RETURNS:
        return None
    return statistics.stdev(returns) * math.sqrt(SESSIONS_PER_YEAR) * 100


def max_drawdown(bars: Sequence[Bar]) -> tuple[float | None, str | None, str | None]:
    """Return the deepest fall between closes in percent (0 or negative) with the dates of its peak and trough."""
    closes = [(bar.date, bar.close) for bar in bars if bar.close]
    if not closes or closes[0][1] < 0:
        return None, None, None
    worst, worst_peak, worst_trough = 0.0, None, None
    peak_date, peak = closes[0]
    for day, close in closes:
        if close > peak:
            peak_date, peak = day, close
        fall = close / peak - 1
        if fall < worst:
            worst, worst_peak, worst_trough = fall, peak_date, day
    return worst * 100, worst_peak, worst_trough


def moving_average(bars: Sequence[Bar], sessions: int) -> list[float | None]:
    """Return, per bar, the mean of the last `sessions` closes; None unless as many are known."""
    closes = [bar.close for bar in bars]
    means: list[float | None] = []
    for end in range(1, len(closes) + 1):
        known = [close for close in closes[max(end - sessions, 0) : end] if close is not None]
        means.append(round(math.fsum(known) / sessions, 4) if len(known) == sessions else None)
    return means


def resample(bars: Sequence[Bar], interval: Interval) -> list[Bar]:
    """Gather daily bars into weeks or months, each dated by its last session."""
    if interval == "1d":
        return list(bars)

    def group(bar: Bar) -> tuple[int, int]:
        day = date.fromisoformat(bar.date)
        return (day.year, day.month) if interval == "1mo" else day.isocalendar()[:2]

    return [_merge(list(members)) for _, members in groupby(bars, key=group)]


def _merge(bars: list[Bar]) -> Bar:
    volumes = [bar.volume for bar in bars if bar.volume is not None]
    return Bar(
        date=bars[-1].date,
        open=bars[0].open,
        high=max((bar.high for bar in bars if bar.high is not None), default=None),
        low=min((bar.low for bar in bars if bar.low is not None), default=None),
        close=bars[-1].close,
        adj_close=bars[-1].adj_close,
        volume=sum(volumes) if volumes else None,
    )


def _last_52_weeks(bars: Sequence[Bar]) -> list[Bar]:
    """Return the bars of the last 52 weeks, or none if the history is shorter than that."""
    start = (date.fromisoformat(bars[-1].date) - timedelta(weeks=52)).isoformat()
    return [bar for bar in bars if bar.date > start] if bars[0].date <= start else []

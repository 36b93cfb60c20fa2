"""Windows over daily bars: where a period begins, what it is measured from, and weeks and months."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_server import price_statistics as ps
from mcp_server.market_data import Bar, Period

PERIODS: tuple[Period, ...] = ("5d", "1mo", "3mo", "6mo", "ytd", "1y", "2y", "5y", "10y", "max")


def weekdays(first: date, last: date) -> list[Bar]:
    """A bar for every weekday, whose close is its position."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [
        Bar(date=day.isoformat(), open=n - 0.5, high=n + 2.0, low=n - 2.0, close=float(n), adj_close=float(n), volume=n)
        for n, day in enumerate((day for day in days if day.weekday() < 5), start=10)
    ]


BARS = weekdays(date(2012, 1, 2), date(2024, 3, 29))


@pytest.mark.parametrize(
    ("period", "first", "measured_from"),
    [
        ("5d", "2024-03-25", "2024-03-22"),
        ("1mo", "2024-03-01", "2024-02-29"),  # to the 29th: a leap year has it
        ("3mo", "2024-01-01", "2023-12-29"),
        ("6mo", "2023-10-02", "2023-09-29"),
        ("ytd", "2024-01-01", "2023-12-29"),
        ("1y", "2023-03-30", "2023-03-29"),
        ("5y", "2019-04-01", "2019-03-29"),
        ("max", "2012-01-02", "2012-01-02"),
    ],
)
def test_a_period_begins_after_the_same_day_back_then(period: Period, first: str, measured_from: str) -> None:
    window = ps.cut(BARS, period)

    assert window.bars[0].date == first
    assert window.start.date == measured_from
    assert window.bars[-1].date == "2024-03-29"


@pytest.mark.parametrize("period", PERIODS)
def test_what_is_fetched_reaches_back_a_year_beyond_the_window_or_as_far_as_it_goes(period: Period) -> None:
    rank = {name: place for place, name in enumerate(PERIODS)}
    fetched = ps.fetch_period(period)

    assert fetched == "max" or (rank[fetched] > rank[period] and rank[fetched] >= rank["2y"])


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2024, 3, 31), 1, date(2024, 2, 29)),
        (date(2023, 3, 31), 1, date(2023, 2, 28)),
        (date(2024, 1, 15), 1, date(2023, 12, 15)),
        (date(2024, 2, 29), 12, date(2023, 2, 28)),
        (date(2024, 12, 31), 120, date(2014, 12, 31)),
    ],
)
def test_months_before_a_day_end_where_their_month_ends(day: date, months: int, expected: date) -> None:
    assert ps.months_before(day, months) == expected


def test_a_history_shorter_than_the_period_is_measured_from_its_first_bar() -> None:
    window = ps.cut(BARS[-10:], "1y")

    assert window.baseline is None
    assert window.start == window.bars[0] == BARS[-10]


def test_a_week_is_one_bar_dated_by_its_last_session() -> None:
    weeks = ps.resample(BARS, "1wk")

    last = weeks[-1]
    days = BARS[-5:]
    assert (last.date, last.open, last.close) == ("2024-03-29", days[0].open, days[-1].close)
    assert (last.high, last.low) == (days[-1].high, days[0].low)
    assert last.volume == sum(bar.volume or 0 for bar in days)


def test_the_turn_of_the_year_does_not_cut_a_week() -> None:
    weeks = ps.resample(weekdays(date(2024, 12, 30), date(2025, 1, 3)), "1wk")

    assert [week.date for week in weeks] == ["2025-01-03"]


@given(
    st.integers(min_value=0, max_value=2000), st.integers(min_value=1, max_value=900), st.sampled_from(["1wk", "1mo"])
)
def test_gathering_loses_no_volume_and_no_extreme(start: int, length: int, interval: ps.Interval) -> None:
    bars = BARS[start : start + length]

    gathered = ps.resample(bars, interval)

    assert sum(bar.volume or 0 for bar in gathered) == sum(bar.volume or 0 for bar in bars)
    assert max(bar.high or 0 for bar in gathered) == bars[-1].high
    assert gathered[-1].close == bars[-1].close
    assert [bar.date for bar in gathered] == sorted({bar.date for bar in gathered})


@given(st.integers(min_value=1, max_value=3000), st.sampled_from(PERIODS))
def test_a_window_is_the_end_of_the_bars_and_its_baseline_the_bar_before(length: int, period: Period) -> None:
    bars = BARS[:length]

    window = ps.cut(bars, period)

    count = len(window.bars)
    assert list(window.bars) == bars[-count:]
    assert window.baseline == (bars[-count - 1] if count < len(bars) else None)

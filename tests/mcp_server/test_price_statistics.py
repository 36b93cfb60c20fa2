"""Figures about prices: against values worked out by hand, and against what must hold of any prices."""

from __future__ import annotations

import math
from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mcp_server import price_statistics as ps
from mcp_server.market_data import Bar

START = date(2024, 1, 1)
PRICES = st.lists(st.floats(min_value=0.01, max_value=1e6), min_size=1, max_size=80)


def bars_of(closes: list[float | None], *, adjusted: list[float] | None = None) -> list[Bar]:
    """One bar a day; the day's range is the close and one beside it."""
    return [
        Bar(
            date=(START + timedelta(days=index)).isoformat(),
            open=close,
            high=None if close is None else close + 1,
            low=None if close is None else close - 1,
            close=close,
            adj_close=close if adjusted is None else adjusted[index],
            volume=100 * (index + 1),
        )
        for index, close in enumerate(closes)
    ]


def whole(bars: list[Bar]) -> ps.Window:
    return ps.Window(bars=tuple(bars), baseline=None)


def test_a_return_runs_from_the_close_before_the_window() -> None:
    bars = bars_of([100.0, 110.0, 121.0], adjusted=[98.0, 110.0, 121.0])

    figures = ps.describe(bars, ps.Window(bars=tuple(bars[1:]), baseline=bars[0]))

    assert (figures.start_date, figures.start_price, figures.end_price) == ("2024-01-01", 100.0, 121.0)
    assert figures.price_return_percent == 21.0
    assert figures.total_return_percent == 23.47  # 121 / 98, dividends included
    assert (figures.high, figures.high_date) == (122.0, "2024-01-03")
    assert (figures.low, figures.low_date) == (109.0, "2024-01-02")
    assert figures.average_daily_volume == 250.0


def test_the_deepest_fall_is_from_a_peak_to_a_later_trough() -> None:
    # 120 to 60 is half; the later fall from 200 to 150 is a quarter; the rise from 50 counts for nothing.
    fall, peak, trough = ps.max_drawdown(bars_of([50.0, 120.0, 80.0, 60.0, 200.0, 150.0]))

    assert fall == -50.0
    assert (peak, trough) == ("2024-01-02", "2024-01-04")


def test_prices_that_only_rise_have_no_fall() -> None:
    assert ps.max_drawdown(bars_of([1.0, 2.0, 3.0])) == (0.0, None, None)


def test_volatility_is_the_yearly_deviation_of_log_returns() -> None:
    # Returns alternate between +ln 1.1 and -ln 1.1: mean 0 over 20, so the sample variance is 20/19 of ln(1.1)^2.
    bars = bars_of([100.0 if index % 2 == 0 else 110.0 for index in range(21)])

    expected = math.log(1.1) * math.sqrt(20 / 19) * math.sqrt(252) * 100

    assert ps.volatility_percent(bars) == pytest.approx(expected)


def test_a_constant_growth_has_no_volatility() -> None:
    assert ps.volatility_percent(bars_of([100 * 1.01**index for index in range(30)])) == pytest.approx(0.0, abs=1e-9)


def test_too_few_returns_tell_no_volatility() -> None:
    assert ps.volatility_percent(bars_of([100.0, 101.0] * 10)) is None


def test_a_price_below_zero_has_neither_return_nor_volatility() -> None:
    # What a barrel of oil cost in April 2020.
    closes: list[float | None] = [18.27, -37.63, 10.01] * 10

    figures = ps.describe(bars_of(closes), whole(bars_of(closes)))

    assert figures.annualised_volatility_percent is None
    assert figures.low == -38.63
    assert ps.change_percent(-37.63, 10.01) is None


@pytest.mark.parametrize(("start", "end"), [(None, 1.0), (1.0, None), (0.0, 1.0), (None, None)])
def test_an_undefined_change_is_none(start: float | None, end: float | None) -> None:
    assert ps.change_percent(start, end) is None


def test_a_moving_average_needs_as_many_closes() -> None:
    assert ps.moving_average(bars_of([1.0, 2.0, 3.0, 4.0]), 3) == [None, None, 2.0, 3.0]


def test_a_missing_close_leaves_out_the_averages_over_it() -> None:
    assert ps.moving_average(bars_of([2.0, None, 4.0, 6.0, 8.0]), 2) == [None, None, None, 5.0, 7.0]


def test_the_52_week_range_covers_52_weeks() -> None:
    closes: list[float | None] = [500.0, *[100.0] * 364, 50.0]
    bars = bars_of(closes)

    figures = ps.describe(bars, whole(bars[-5:]))

    assert figures.high == 101.0
    assert figures.week_52_high == 101.0, "the first day is 52 weeks and a day ago"
    assert figures.week_52_low == 49.0


def test_a_history_shorter_than_a_year_has_no_52_week_range() -> None:
    bars = bars_of([1.0] * 100)

    figures = ps.describe(bars, whole(bars))

    assert figures.week_52_high is None
    assert figures.sma_50 == 1.0
    assert figures.sma_200 is None


@given(PRICES)
def test_a_deepest_fall_is_between_minus_100_and_0_and_no_shallower_than_any_fall(closes: list[float]) -> None:
    bars = bars_of([*closes])

    fall, peak, trough = ps.max_drawdown(bars)

    assert fall is not None
    assert -100.0 <= fall <= 0.0
    steepest = min(((b / a - 1) * 100 for i, a in enumerate(closes) for b in closes[i:]), default=0.0)
    assert fall == pytest.approx(min(steepest, 0.0))
    assert (peak is None) == (fall == 0.0)
    assert peak is None or trough is None or peak < trough


@given(PRICES, st.floats(min_value=0.001, max_value=1000))
def test_the_unit_of_the_prices_changes_no_percentage(closes: list[float], factor: float) -> None:
    bars, scaled = bars_of([*closes]), bars_of([close * factor for close in closes])

    assert ps.max_drawdown(scaled)[0] == pytest.approx(ps.max_drawdown(bars)[0], abs=1e-6)
    one, other = ps.volatility_percent(bars), ps.volatility_percent(scaled)
    assert (one is None) == (other is None)
    assert one is None or other == pytest.approx(one, rel=1e-6, abs=1e-6)


@given(PRICES, st.integers(min_value=1, max_value=20))
def test_an_average_lies_between_the_prices_it_is_of(closes: list[float], sessions: int) -> None:
    means = ps.moving_average(bars_of([*closes]), sessions)

    assert len(means) == len(closes)
    for index, mean in enumerate(means):
        part = closes[max(index - sessions + 1, 0) : index + 1]
        if index + 1 < sessions:
            assert mean is None
        else:
            assert mean is not None
            assert min(part) - 1e-4 <= mean <= max(part) + 1e-4


@example([7e38, 1.7e-285])  # their quotient is 0 in floating point, and has no logarithm
@given(st.lists(st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True)), min_size=1, max_size=40))
def test_no_figure_is_ever_nan_or_infinite(closes: list[float | None]) -> None:
    bars = bars_of(closes)

    figures = ps.describe(bars, whole(bars))

    for value in figures.model_dump().values():
        assert not isinstance(value, float) or math.isfinite(value)

"""The packaged sample: real prices of the past, split where shares were split, and never more than is there."""

from __future__ import annotations

from itertools import pairwise
from statistics import fmean

import exchange_calendars
import pytest

from mcp_server.market_data import MarketData, NotAvailable, PriceHistory, UnknownSymbol
from mcp_server.providers.sample import load_series

RANGES = {
    "AAPL": ("2019-01-02", "2024-12-30", 1509),
    "FB": ("2012-05-18", "2013-03-01", 196),
    "GOOG": ("2004-08-19", "2013-03-01", 2148),
    "IBM": ("2000-03-01", "2013-03-01", 3270),
    "MSFT": ("2000-03-01", "2013-03-01", 3270),
}


def history(sample: MarketData, symbol: str) -> PriceHistory:
    return sample.history(symbol, period="max")


@pytest.mark.parametrize(("symbol", "expected"), RANGES.items())
def test_a_series_has_its_days_in_order(sample: MarketData, symbol: str, expected: tuple[str, str, int]) -> None:
    bars = history(sample, symbol).bars

    assert (bars[0].date, bars[-1].date, len(bars)) == expected
    assert all(before.date < after.date for before, after in pairwise(bars))


@pytest.mark.parametrize("symbol", RANGES)
def test_a_days_prices_lie_within_its_range(sample: MarketData, symbol: str) -> None:
    for bar in history(sample, symbol).bars:
        assert bar.low is not None
        assert bar.high is not None
        assert bar.close is not None
        assert bar.low - 0.02 <= bar.close <= bar.high + 0.02, bar
        assert bar.volume is not None
        assert bar.volume >= 0


def test_apples_days_are_the_sessions_of_new_york(sample: MarketData) -> None:
    calendar = exchange_calendars.get_calendar("XNYS", start="2019-01-02", end="2024-12-30")

    assert [bar.date for bar in history(sample, "AAPL").bars] == [str(day.date()) for day in calendar.sessions]


def test_apples_four_for_one_split_of_2020_leaves_no_step(sample: MarketData) -> None:
    around = {bar.date: bar for bar in history(sample, "AAPL").bars if "2020-08-25" <= bar.date <= "2020-09-04"}

    # Unadjusted, the close of 28 August was 499.23, and that of 31 August 129.04.
    assert around["2020-08-28"].close == pytest.approx(499.23 / 4, abs=0.01)
    assert around["2020-08-31"].close == pytest.approx(129.04, abs=0.01)


def test_splits_of_the_older_series_are_found_and_adjusted_for() -> None:
    series = load_series()

    assert [(split.date, split.ratio) for split in series["MSFT"].splits] == [("2003-02-18", 2.0)]
    closes = {bar.date: bar.close for bar in series["MSFT"].bars}
    assert closes["2003-02-14"] == pytest.approx(48.30 / 2, abs=0.01)
    assert closes["2003-02-18"] == pytest.approx(24.96, abs=0.01)


def test_no_close_of_any_series_jumps_as_an_unadjusted_split_would() -> None:
    for symbol, series in load_series().items():
        for before, after in pairwise(series.bars):
            assert before.close is not None
            assert after.close is not None
            assert 0.6 < after.close / before.close < 1.6, (symbol, after.date)


@pytest.mark.parametrize("symbol", RANGES)
def test_adjusted_and_raw_closes_end_together(sample: MarketData, symbol: str) -> None:
    last = history(sample, symbol).bars[-1]

    assert last.adj_close == pytest.approx(last.close)


def test_apples_dividends_are_those_it_paid(sample: MarketData) -> None:
    found = sample.dividends_and_splits("AAPL")
    paid = {dividend.date: dividend.amount for dividend in found.dividends}

    # What the company declared, after the split of 2020.
    for day, amount in {"2024-11-08": 0.25, "2024-05-10": 0.25, "2023-08-11": 0.24, "2021-05-07": 0.22}.items():
        assert paid[day] == pytest.approx(amount, abs=0.011)
    assert len(paid) == 24
    assert found.trailing_12m_dividend == pytest.approx(0.99, abs=0.02)
    assert found.trailing_yield_percent == pytest.approx(0.99 / 252.2 * 100, abs=0.02)
    assert "splits are not recorded" in (found.note or "")


def test_the_quotes_averages_are_means_of_its_closes(sample: MarketData) -> None:
    closes = [bar.close or 0.0 for bar in history(sample, "IBM").bars]

    quote = sample.quote("IBM")

    assert quote.sma_50 == pytest.approx(fmean(closes[-50:]), abs=1e-3)
    assert quote.sma_200 == pytest.approx(fmean(closes[-200:]), abs=1e-3)
    assert quote.week_52_high is not None
    assert quote.week_52_high >= max(closes[-240:])


def test_a_profile_is_what_the_list_of_companies_says(sample: MarketData) -> None:
    profile = sample.profile("SAP.DE")

    assert profile.name == "SAP"
    assert profile.country == "Germany"
    assert "DAX" in profile.indices
    assert profile.currency is None
    assert "pytickersymbols" in (profile.note or "")


def test_what_is_known_of_a_company_is_not_called_unknown(sample: MarketData) -> None:
    with pytest.raises(NotAvailable):
        sample.news("NVDA", limit=3)
    with pytest.raises(UnknownSymbol):
        sample.news("NOPE9", limit=3)

"""Prices from Yahoo: currencies in major units, when they were true, and what the chart's metadata adds."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from mcp_server.market_data import NotAvailable
from tests.mcp_server.yahoo_fake import OUT_OF_ORDER, TOO_MANY
from tests.mcp_server.yahoo_payloads import Listing, stamp_of
from tests.mcp_server.yahoo_rig import Rig


def pence() -> Listing:
    """A London share: prices and dividends in pence, accounts in dollars."""
    return Listing(
        symbol="HSBA.L",
        name="Bank plc",
        currency="GBp",
        financial_currency="USD",
        timezone="Europe/London",
        exchange="LSE",
        delay=20,
        closes=[1000.0 + n for n in range(300)],
        dividends={"2026-05-07": 8.0, "2025-03-06": 30.0},
        modules={"financialData": {"targetMeanPrice": 1500.0, "targetHighPrice": 1700.0}},
    )


def test_a_quote_says_what_when_where_and_in_which_currency(rig: Rig) -> None:
    quote = rig.market.quote("AAPL")

    assert quote.price == 109.5
    assert (quote.previous_close, quote.change, quote.change_percent) == (109.0, 0.5, 0.46)
    assert quote.as_of == "2026-11-20T15:00:00-05:00"
    assert (quote.currency, quote.source, quote.delayed) == ("USD", "Yahoo Finance", False)
    assert (quote.name, quote.exchange, quote.timezone) == ("Apple Inc.", "NasdaqGS", "America/New_York")
    assert (quote.day_high, quote.day_low, quote.week_52_high, quote.week_52_low) == (110.5, 108.5, 120.5, 99.0)
    assert (quote.volume, quote.average_volume_3m) == (1_234_567, 1_000_000)


def test_pence_become_pounds_everywhere(rig: Rig) -> None:
    rig.yahoo.add(pence())

    quote = rig.market.quote("HSBA.L")
    history = rig.market.history("HSBA.L", period="1y")
    actions = rig.market.dividends_and_splits("HSBA.L")
    valuation = rig.market.valuation("HSBA.L")
    views = rig.market.analyst_views("HSBA.L")

    assert (quote.currency, quote.price, quote.week_52_high) == ("GBP", 12.99, 13.0)
    assert (history.currency, history.bars[-1].close, history.bars[-1].high) == ("GBP", 12.99, 13.0)
    assert history.bars[-1].adj_close == 12.99
    assert (actions.currency, actions.dividends[0].amount) == ("GBP", 0.08)
    assert actions.trailing_12m_dividend == 0.08
    assert actions.trailing_yield_percent == 0.62  # 8 pence on 1299
    assert (valuation.currency, valuation.price, valuation.financial_currency) == ("GBP", 12.99, "USD")
    assert views.targets is not None
    assert (views.currency, views.targets.mean, views.targets.current) == ("GBP", 15.0, 12.99)


@pytest.mark.parametrize(
    ("given", "code", "price"), [("GBp", "GBP", 1.0), ("ZAc", "ZAR", 1.0), ("ILA", "ILS", 1.0), ("JPY", "JPY", 100.0)]
)
def test_minor_units_are_known_by_their_codes(rig: Rig, given: str, code: str, price: float) -> None:
    rig.yahoo.add(Listing(symbol="X.Y", name="X", currency=given, closes=[100.0] * 260))

    quote = rig.market.quote("X.Y")

    assert (quote.currency, quote.price) == (code, price)


@pytest.mark.parametrize(("minutes", "delayed"), [(0, False), (10, False), (15, True), (20, True), (None, True)])
def test_prices_count_as_delayed_unless_yahoo_says_otherwise(rig: Rig, minutes: int | None, *, delayed: bool) -> None:
    rig.yahoo.add(Listing(symbol="XYZ", name="X", delay=minutes))

    assert rig.market.quote("XYZ").delayed is delayed


@pytest.mark.parametrize("reply", [OUT_OF_ORDER, TOO_MANY])
def test_a_quote_survives_the_loss_of_company_data(rig: Rig, reply: Any) -> None:
    rig.yahoo.fail(reply, kinds=("summary", "quote"))

    quote = rig.market.quote("AAPL")

    assert quote.price == 109.5
    assert quote.market_cap is None
    assert quote.delayed is True, "nobody says how fresh it is"


def test_the_market_value_is_shares_times_price(rig: Rig) -> None:
    rig.yahoo.add(Listing(symbol="XYZ", name="X", modules={"defaultKeyStatistics": {"sharesOutstanding": 2_000_000}}))

    assert rig.market.quote("XYZ").market_cap == 2_000_000 * 109.5


def test_days_without_a_close_are_left_out(rig: Rig) -> None:
    rig.yahoo.add(Listing(symbol="GAP", name="Gap", closes=[10.0, None, 12.0, float("nan"), 14.0]))

    history = rig.market.history("GAP", period="5d")

    assert [bar.close for bar in history.bars] == [10.0, 12.0, 14.0]
    assert history.as_of == "2026-11-20"


def test_splits_and_dividends_come_newest_first(rig: Rig) -> None:
    rig.yahoo.add(
        Listing(
            symbol="XYZ",
            name="X",
            dividends={"2026-02-06": 0.25, "2026-08-07": 0.26, "2025-11-07": 0.24},
            splits={"2026-06-08": (4, 1)},
        )
    )

    found = rig.market.dividends_and_splits("XYZ")

    assert [(one.date, one.amount) for one in found.dividends] == [
        ("2026-08-07", 0.26),
        ("2026-02-06", 0.25),
        ("2025-11-07", 0.24),
    ]
    assert [(split.date, split.ratio) for split in found.splits] == [("2026-06-08", 4.0)]
    assert found.trailing_12m_dividend == 0.51
    assert found.as_of == "2026-11-20"


def chain(expiration: str, strikes: range, spot: float) -> dict[str, Any]:
    """An option chain whose volatility grows with the distance from the price."""

    def contracts(side: int) -> list[dict[str, Any]]:
        return [
            {
                "strike": float(strike),
                "lastPrice": 1.5,
                "bid": 1.4,
                "ask": 1.6,
                "volume": 10 * side,
                "openInterest": 100 * side,
                "impliedVolatility": 0.2 + abs(strike - spot) / 100,
                "lastTradeDate": stamp_of(date(2026, 11, 20)),
            }
            for strike in strikes
        ]

    at = [stamp_of(date.fromisoformat(day), 0) for day in (expiration, "2027-01-15")]
    quote = {
        "currency": "USD",
        "regularMarketPrice": spot,
        "regularMarketTime": stamp_of(date(2026, 11, 20), 20),
        "exchangeTimezoneName": "America/New_York",
    }
    options = [{"expirationDate": at[0], "calls": contracts(1), "puts": contracts(2)}]
    return {"optionChain": {"result": [{"expirationDates": at, "quote": quote, "options": options}], "error": None}}


def test_an_option_chain_is_summed_up(rig: Rig) -> None:
    rig.yahoo.add(Listing(symbol="OPT", name="O", options=chain("2026-12-18", range(95, 106), 100.0)))

    found = rig.market.options("OPT", expiration=None)

    assert (found.expiration, found.expirations) == ("2026-12-18", ["2026-12-18", "2027-01-15"])
    assert (found.call_volume, found.put_volume, found.put_call_volume_ratio) == (110, 220, 2.0)
    assert (found.call_open_interest, found.put_call_open_interest_ratio) == (1100, 2.0)
    assert found.at_the_money_implied_volatility_percent == 20.0
    assert (found.underlying_price, found.currency, found.as_of) == (100.0, "USD", "2026-11-20T15:00:00-05:00")
    assert len(found.contracts) == 22


def test_an_expiration_that_does_not_exist_comes_with_those_that_do(rig: Rig) -> None:
    rig.yahoo.add(Listing(symbol="OPT", name="O", options=chain("2026-12-18", range(95, 106), 100.0)))

    with pytest.raises(NotAvailable, match="The next dates are 2026-12-18, 2027-01-15"):
        rig.market.options("OPT", expiration="2026-12-25")

"""How long an answer of Yahoo's is kept, kind by kind, and what is shared."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from mcp_server.providers.yahoo import YahooMarketData
from tests.mcp_server.yahoo_payloads import Listing, stamp_of
from tests.mcp_server.yahoo_rig import Rig

Ask = Callable[[YahooMarketData], object]

KEPT: dict[str, tuple[Ask, str, float]] = {
    "quote": (lambda market: market.quote("FULL"), "chart", 30),
    "history": (lambda market: market.history("FULL", period="1y"), "chart", 600),
    "dividends": (lambda market: market.dividends_and_splits("FULL"), "chart", 600),
    "news": (lambda market: market.news("FULL", limit=5), "news", 600),
    "valuation": (lambda market: market.valuation("FULL"), "summary", 600),
    "search": (lambda market: market.search("full", limit=5), "search", 3_600),
    "profile": (lambda market: market.profile("FULL"), "summary", 6 * 3_600),
    "financials": (
        lambda market: market.financials("FULL", statement="income", frequency="annual"),
        "timeseries",
        24 * 3_600,
    ),
    "options": (lambda market: market.options("FULL", expiration=None), "options", 30),
}


@pytest.fixture
def full(rig: Rig) -> Rig:
    chain = {
        "expirationDates": [stamp_of(Listing(symbol="", name="").days[-1], 0)],
        "quote": {"currency": "USD", "regularMarketPrice": 100.0},
        "options": [{"calls": [{"strike": 100.0}], "puts": [{"strike": 100.0}]}],
    }
    rig.yahoo.add(
        Listing(
            symbol="FULL",
            name="Full Inc.",
            statements={"annualTotalRevenue": {"2025-12-31": 1.0}},
            options={"optionChain": {"result": [chain], "error": None}},
        )
    )
    return rig


@pytest.mark.parametrize("method", KEPT)
def test_an_answer_is_kept_for_its_time_and_then_asked_for_again(full: Rig, method: str) -> None:
    ask, kind, seconds = KEPT[method]
    ask(full.market)
    asked = len(full.yahoo.asked(kind))

    full.clock.now += seconds - 0.5
    ask(full.market)
    kept = len(full.yahoo.asked(kind))
    full.clock.now += 1.0
    ask(full.market)

    assert asked > 0
    assert kept == asked
    assert len(full.yahoo.asked(kind)) > asked


def test_a_price_that_changed_is_seen_once_the_old_one_has_expired(rig: Rig) -> None:
    before = rig.market.quote("AAPL").price
    rig.yahoo.listings["AAPL"].closes[-1] = 77.0
    rig.clock.now += 31

    assert before == 109.5
    assert rig.market.quote("AAPL").price == 77.0


def test_periods_and_symbols_are_kept_apart(rig: Rig) -> None:
    rig.yahoo.add(Listing(symbol="XYZ", name="X", closes=[5.0] * 260))

    assert rig.market.history("AAPL", period="1y").bars[-1].close == 109.5
    assert rig.market.history("XYZ", period="1y").bars[-1].close == 5.0
    rig.market.history("XYZ", period="2y")

    assert {request.query.get("range") for request in rig.yahoo.asked("chart")} >= {"1y", "2y"}


def test_many_who_ask_for_one_symbol_at_once_cost_one_answer(rig: Rig) -> None:
    with ThreadPoolExecutor(max_workers=8) as pool:
        asking = [pool.submit(rig.market.history, "AAPL", period="1y") for _ in range(8)]
        bars = [len(future.result(timeout=30).bars) for future in asking]

    assert bars == [300] * 8
    assert len([one for one in rig.yahoo.asked("chart") if one.query.get("range") == "1y"]) == 1


def test_several_symbols_at_once_get_each_its_own_prices(rig: Rig) -> None:
    symbols = [f"S{n}" for n in range(8)]
    for n, symbol in enumerate(symbols):
        rig.yahoo.add(Listing(symbol=symbol, name=symbol, closes=[10.0 + n] * 260))

    with ThreadPoolExecutor(max_workers=8) as pool:
        quotes = list(pool.map(rig.market.quote, symbols))

    assert [(quote.symbol, quote.price) for quote in quotes] == [(s, 10.0 + n) for n, s in enumerate(symbols)]


def test_the_cookie_and_the_crumb_are_fetched_once_and_sent_with_every_question(rig: Rig) -> None:
    rig.market.quote("AAPL")
    rig.market.profile("AAPL")

    assert len(rig.yahoo.asked("crumb")) == 1
    (summary,) = rig.yahoo.asked("summary")
    assert summary.query["crumb"] == "made/up.crumb"
    assert "A3=made-up" in summary.cookie

"""Yahoo's bad days, over the real yfinance and curl_cffi: each becomes the error that it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from bot.runtime import free_port
from mcp_server.market_data import MarketDataError, NotAvailable, Outage, RateLimited, UnknownSymbol
from mcp_server.providers.yahoo import YahooMarketData
from mcp_server.yahoo.session import DEFAULT_RETRY_AFTER
from tests.mcp_server import yahoo_fake as fake
from tests.mcp_server.yahoo_fake import FakeYahoo, Reply
from tests.mcp_server.yahoo_payloads import Listing, unknown_chart
from tests.mcp_server.yahoo_rig import Rig, rigged

Ask = Callable[[YahooMarketData], object]

EVERYTHING: dict[str, Ask] = {
    "search": lambda market: market.search("apple", limit=5),
    "quote": lambda market: market.quote("AAPL"),
    "history": lambda market: market.history("AAPL", period="1y"),
    "profile": lambda market: market.profile("AAPL"),
    "financials": lambda market: market.financials("AAPL", statement="income", frequency="annual"),
    "valuation": lambda market: market.valuation("AAPL"),
    "earnings": lambda market: market.earnings("AAPL"),
    "views": lambda market: market.analyst_views("AAPL"),
    "news": lambda market: market.news("AAPL", limit=5),
    "holders": lambda market: market.holders("AAPL"),
    "dividends": lambda market: market.dividends_and_splits("AAPL"),
    "options": lambda market: market.options("AAPL", expiration=None),
}
FAILURES: dict[str, tuple[Reply, type[MarketDataError]]] = {
    "429": (fake.TOO_MANY, RateLimited),
    "401": (fake.REFUSED_CRUMB, Outage),
    "500": (fake.OUT_OF_ORDER, Outage),
    "garbage": (fake.GARBAGE, Outage),
    "html": (fake.BACK_SOON, Outage),
}


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("method", EVERYTHING)
def test_every_failure_of_every_method_becomes_its_own_error(rig: Rig, method: str, failure: str) -> None:
    reply, expected = FAILURES[failure]
    rig.yahoo.fail(reply)

    with pytest.raises(MarketDataError) as caught:
        EVERYTHING[method](rig.market)

    assert type(caught.value) is expected


@pytest.mark.parametrize("method", EVERYTHING)
def test_a_refused_connection_is_an_outage(method: str, yahoo: FakeYahoo, authority_file: Path, tmp_path: Path) -> None:
    yahoo.address = f"127.0.0.1:{free_port()}"
    with rigged(yahoo, authority_file, tmp_path) as rig, pytest.raises(Outage):
        EVERYTHING[method](rig.market)


@pytest.mark.parametrize("method", ["quote", "profile", "news", "search"])
def test_an_answer_that_does_not_come_is_an_outage(
    method: str, yahoo: FakeYahoo, authority_file: Path, tmp_path: Path
) -> None:
    yahoo.fail(fake.SILENCE)
    with rigged(yahoo, authority_file, tmp_path, request_seconds=0.4) as rig, pytest.raises(Outage):
        EVERYTHING[method](rig.market)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("17", 17.0), ("0", 1.0), ("99999", 600.0), ("soon", DEFAULT_RETRY_AFTER), (None, DEFAULT_RETRY_AFTER)],
)
def test_how_long_to_wait_is_what_yahoo_says_within_reason(rig: Rig, header: str | None, seconds: float) -> None:
    headers = {} if header is None else {"Retry-After": header}
    rig.yahoo.fail(Reply(status=429, body="Too Many Requests", headers=headers))

    with pytest.raises(RateLimited) as caught:
        rig.market.quote("AAPL")

    assert caught.value.retry_after == seconds


def test_until_the_wait_is_over_yahoo_is_asked_nothing(rig: Rig) -> None:
    rig.yahoo.fail(Reply(status=429, body="", headers={"Retry-After": "60"}), times=1)
    with pytest.raises(RateLimited):
        rig.market.quote("AAPL")
    asked = len(rig.yahoo.requests)
    rig.clock.now += 45
    with pytest.raises(RateLimited) as caught:
        rig.market.quote("AAPL")

    assert caught.value.retry_after == 15.0
    assert len(rig.yahoo.requests) == asked

    rig.clock.now += 15
    assert rig.market.quote("AAPL").symbol == "AAPL"


def test_one_429_costs_one_request(rig: Rig) -> None:
    rig.yahoo.fail(fake.TOO_MANY)

    with pytest.raises(RateLimited):
        rig.market.history("AAPL", period="1y")

    assert len([request for request in rig.yahoo.requests if request.kind == "chart"]) == 1


@pytest.mark.parametrize("reply", [fake.TOO_MANY, fake.OUT_OF_ORDER, fake.REFUSED_CRUMB])
@pytest.mark.parametrize("kind", ["crumb", "cookie"])
def test_trouble_with_cookie_or_crumb_alone_does_no_harm_to_prices(rig: Rig, kind: str, reply: Reply) -> None:
    rig.yahoo.fail(reply, kinds=(kind,))

    assert len(rig.market.history("AAPL", period="1y").bars) == 300


def test_a_crumb_that_has_expired_is_replaced(rig: Rig) -> None:
    rig.yahoo.fail(fake.REFUSED_CRUMB, kinds=("summary",), times=1)

    assert rig.market.profile("AAPL").name == "Apple Inc."


def test_a_symbol_that_does_not_exist_is_unknown_and_others_are_suggested(rig: Rig) -> None:
    with pytest.raises(UnknownSymbol) as caught:
        rig.market.quote("APPL")

    assert caught.value.suggestions[0].symbol == "AAPL"
    assert "Did you mean AAPL" in str(caught.value)


@pytest.mark.parametrize("method", ["profile", "valuation", "earnings", "analyst_views", "holders"])
def test_company_data_of_a_symbol_that_does_not_exist_is_unknown_too(rig: Rig, method: str) -> None:
    with pytest.raises(UnknownSymbol):
        getattr(rig.market, method)("NOPE")


def test_if_the_canary_is_gone_too_it_is_an_outage(rig: Rig) -> None:
    rig.yahoo.listings.clear()

    with pytest.raises(Outage):
        rig.market.quote("NOPE")


def test_if_the_canary_cannot_be_asked_it_is_an_outage(rig: Rig) -> None:
    rig.yahoo.fail(fake.OUT_OF_ORDER, symbols=("AAPL",))

    with pytest.raises(Outage):
        rig.market.quote("NOPE")


def test_a_refusal_while_making_sure_is_no_proof_of_absence(rig: Rig) -> None:
    rig.yahoo.fail(Reply(status=404, body=unknown_chart()), kinds=("chart",), symbols=("LIVE",), times=1)
    rig.yahoo.fail(fake.REFUSED_CRUMB, kinds=("chart",), symbols=("LIVE",))

    with pytest.raises(Outage):
        rig.market.quote("LIVE")


def test_a_symbol_that_exists_but_lacks_data_is_not_called_unknown(rig: Rig) -> None:
    with pytest.raises(NotAvailable, match="no options for AAPL"):
        rig.market.options("AAPL", expiration=None)
    with pytest.raises(NotAvailable, match="no income statement for AAPL"):
        rig.market.financials("AAPL", statement="income", frequency="annual")
    with pytest.raises(NotAvailable, match="no holders for AAPL"):
        rig.market.holders("AAPL")


def test_bars_without_a_close_are_no_prices(rig: Rig) -> None:
    rig.yahoo.add(Listing(symbol="NEW", name="New Inc.", closes=[None, None]))

    with pytest.raises(NotAvailable, match="no prices of NEW"):
        rig.market.history("NEW", period="5d")


def test_after_the_bad_day_the_same_question_is_answered(rig: Rig) -> None:
    rig.yahoo.fail(fake.GARBAGE)
    with pytest.raises(Outage):
        rig.market.profile("AAPL")
    rig.yahoo.recover()

    assert rig.market.profile("AAPL").name == "Apple Inc."


def test_a_redirect_away_from_yahoo_is_not_followed(rig: Rig) -> None:
    rig.yahoo.fail(Reply(status=302, body="", headers={"Location": "https://evil.example/v8/finance/chart/AAPL"}))

    with pytest.raises(Outage, match="another address"):
        rig.market.history("AAPL", period="1y")


def test_a_redirect_within_yahoo_is_followed(rig: Rig) -> None:
    target = "https://query1.finance.yahoo.com/v8/finance/chart/AAPL"
    rig.yahoo.fail(Reply(status=302, body="", headers={"Location": target}), kinds=("chart",), times=1)

    assert rig.market.history("AAPL", period="1y").bars
    assert "query1.finance.yahoo.com" in {request.host for request in rig.yahoo.asked("chart")}


def test_a_redirect_without_end_is_an_outage(rig: Rig) -> None:
    target = "https://query1.finance.yahoo.com/v8/finance/chart/AAPL"
    rig.yahoo.fail(Reply(status=302, body="", headers={"Location": target}), kinds=("chart",))

    with pytest.raises(Outage, match="without end"):
        rig.market.history("AAPL", period="1y")


def test_a_certificate_that_nobody_vouches_for_is_an_outage(yahoo: FakeYahoo, tmp_path: Path) -> None:
    stranger = fake.write_authority(trustme.CA(), tmp_path)
    with rigged(yahoo, stranger, tmp_path) as rig, pytest.raises(Outage):
        rig.market.quote("AAPL")
    assert yahoo.requests == []

"""Whether an exchange is open: real holidays, early closes, breaks, and the edges of a session."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mcp_server.market_data import NotAvailable
from mcp_server.market_hours import exchange_of, market_status
from mcp_server.tools.results import MarketStatus


def at(instant: str, *, symbol: str | None = None, exchange: str | None = None) -> MarketStatus:
    """The status at an instant in UTC."""
    moment = datetime.fromisoformat(instant).replace(tzinfo=UTC)
    return market_status(symbol=symbol, exchange=exchange, clock=lambda: moment)


@pytest.mark.parametrize(
    ("instant", "exchange", "reason"),
    [
        ("2024-07-02T14:00", "XNYS", "open"),
        ("2024-07-04T15:00", "XNYS", "holiday"),  # Independence Day
        ("2024-11-28T15:00", "XNYS", "holiday"),  # Thanksgiving
        ("2024-03-29T15:00", "XNYS", "holiday"),  # Good Friday
        ("2025-01-09T15:00", "XNYS", "holiday"),  # day of mourning for a former president
        ("2024-06-19T15:00", "XNYS", "holiday"),  # Juneteenth
        ("2024-07-06T15:00", "XNYS", "weekend"),
        ("2024-07-02T13:29", "XNYS", "before open"),
        ("2024-07-02T13:30", "XNYS", "open"),
        ("2024-07-02T19:59", "XNYS", "open"),
        ("2024-07-02T20:00", "XNYS", "after close"),
        ("2024-01-02T14:29", "XNYS", "before open"),  # in winter New York is an hour later
        ("2024-05-06T10:00", "XLON", "holiday"),  # May Day bank holiday
        ("2024-05-06T10:00", "XETR", "open"),
        ("2024-12-24T10:00", "XETR", "holiday"),
        ("2024-07-02T03:00", "XTKS", "break"),  # noon in Tokyo
        ("2024-07-02T01:00", "XTKS", "open"),
        ("2024-02-12T03:00", "XHKG", "holiday"),  # Lunar New Year
    ],
)
def test_the_reason_is_what_the_exchange_published(instant: str, exchange: str, reason: str) -> None:
    status = at(instant, exchange=exchange)

    assert status.reason == reason
    assert status.is_open is (reason == "open")


def test_the_day_after_thanksgiving_closes_early() -> None:
    status = at("2024-11-29T17:30", exchange="XNYS")

    assert status.is_open
    assert status.is_early_close
    assert status.closes_at == "2024-11-29T13:00:00-05:00"


def test_after_an_early_close_the_market_is_closed() -> None:
    status = at("2024-12-24T18:30", exchange="XNYS")

    assert status.reason == "after close"
    assert status.is_early_close
    assert status.last_session == "2024-12-24"
    assert status.next_open == "2024-12-26T09:30:00-05:00"


def test_an_ordinary_day_is_no_early_close() -> None:
    assert not at("2024-07-02T15:00", exchange="XNYS").is_early_close


def test_the_next_open_skips_weekend_and_holiday() -> None:
    status = at("2024-08-30T20:30", exchange="XNYS")  # Friday before Labor Day

    assert status.next_open == "2024-09-03T09:30:00-04:00"
    assert status.session_date == "2024-08-30"


def test_the_session_belongs_to_the_exchanges_own_day() -> None:
    status = at("2024-07-01T22:00", exchange="XTKS")

    assert status.as_of == "2024-07-02T07:00:00+09:00"
    assert status.session_date == "2024-07-02"
    assert status.reason == "before open"
    assert status.last_session == "2024-07-01"


def test_the_status_says_what_it_cannot_know() -> None:
    assert "halts" in (at("2024-07-02T15:00").note or "")


@pytest.mark.parametrize(
    ("symbol", "exchange"),
    [
        ("AAPL", "XNYS"), ("BRK-B", "XNYS"), ("SAP.DE", "XETR"), ("VOD.L", "XLON"), ("7203.T", "XTKS"),
        ("0700.HK", "XHKG"), ("^GSPC", "XNYS"), ("^FTSE", "XLON"), ("BTC-USD", "24/7"), ("EURUSD=X", "24/5"),
        ("RELIANCE.NS", "XNSE"), ("SHOP.TO", "XTSE"),
    ],
)  # fmt: skip
def test_a_symbol_trades_where_its_suffix_says(symbol: str, exchange: str) -> None:
    assert exchange_of(symbol) == exchange
    assert at("2024-07-02T10:00", symbol=symbol).mic == exchange


@pytest.mark.parametrize("symbol", ["GC=F", "AAPL.ZZ", "^UNKNOWN"])
def test_an_exchange_that_is_not_known_is_said_to_be(symbol: str) -> None:
    with pytest.raises(NotAvailable, match="not known"):
        exchange_of(symbol)


@pytest.mark.parametrize("mic", ["QQQQ", "XXXX"])
def test_a_mic_that_is_not_known_is_said_to_be(mic: str) -> None:
    with pytest.raises(NotAvailable, match="not known"):
        at("2024-07-02T10:00", exchange=mic)


def test_coins_trade_round_the_clock() -> None:
    assert at("2024-12-25T03:00", symbol="BTC-USD").is_open

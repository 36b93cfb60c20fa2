"""Whether an exchange is open, from the published sessions and holidays of exchange_calendars."""

import functools
from collections.abc import Callable
from datetime import UTC, date, datetime

import exchange_calendars
import pandas as pd
from exchange_calendars import ExchangeCalendar, errors

from mcp_server.market_data import NotAvailable
from mcp_server.tools.results import MarketStatus

SOURCE = "exchange_calendars"

# Yahoo's suffix of a symbol to the MIC of its exchange. No suffix: New York, whose hours Nasdaq shares.
_SUFFIXES = {
    "": "XNYS", "AS": "XAMS", "AT": "ASEX", "AX": "XASX", "BK": "XBKK", "BO": "XBOM", "BR": "XBRU", "CO": "XCSE",
    "DE": "XETR", "F": "XFRA", "HE": "XHEL", "HK": "XHKG", "IC": "XICE", "IR": "XDUB", "IS": "XIST", "JK": "XIDX",
    "JO": "XJSE", "KL": "XKLS", "KQ": "XKRX", "KS": "XKRX", "L": "XLON", "LS": "XLIS", "MC": "XMAD", "MI": "XMIL",
    "MX": "XMEX", "NS": "XNSE", "NZ": "XNZE", "OL": "XOSL", "PA": "XPAR", "PR": "XPRA", "SA": "BVMF", "SI": "XSES",
    "SN": "XSGO", "SR": "XSAU", "SS": "XSHG", "ST": "XSTO", "SW": "XSWX", "SZ": "XSHE", "T": "XTKS", "TA": "XTAE",
    "TO": "XTSE", "TW": "XTAI", "V": "XTSE", "VI": "XWBO", "WA": "XWAR",
}  # fmt: skip
_INDICES = {
    "^GSPC": "XNYS", "^DJI": "XNYS", "^IXIC": "XNYS", "^NDX": "XNYS", "^RUT": "XNYS", "^VIX": "XNYS", "^TNX": "XNYS",
    "^GDAXI": "XETR", "^STOXX50E": "XETR", "^FTSE": "XLON", "^FCHI": "XPAR", "^N225": "XTKS", "^HSI": "XHKG",
}  # fmt: skip
_SAME_HOURS = {"XNSE": "XBOM", "XSHE": "XSHG"}
_NAMES = {
    "XNYS": "New York (NYSE, Nasdaq)", "XNAS": "Nasdaq", "XLON": "London", "XETR": "Frankfurt (Xetra)",
    "XFRA": "Frankfurt", "XPAR": "Paris", "XAMS": "Amsterdam", "XSWX": "Zurich", "XTKS": "Tokyo", "XHKG": "Hong Kong",
    "XTSE": "Toronto", "XASX": "Sydney", "XMIL": "Milan", "XMAD": "Madrid", "XSHG": "Shanghai", "XBOM": "Mumbai",
    "24/7": "round the clock", "24/5": "round the clock on weekdays",
}  # fmt: skip


def exchange_of(symbol: str) -> str:
    """Return the calendar's name for the exchange that a symbol in Yahoo's notation trades on.

    Raises:
        NotAvailable: If the suffix belongs to an exchange whose sessions are not known.
    """
    if symbol.startswith("^") and symbol in _INDICES:
        return _INDICES[symbol]
    if symbol.endswith("=X"):
        return "24/5"
    if "-" in symbol and symbol.rsplit("-", 1)[1] in {"USD", "EUR", "GBP", "JPY", "CAD"}:
        return "24/7"
    suffix = symbol.rsplit(".", 1)[1] if "." in symbol else ""
    if suffix not in _SUFFIXES or symbol.startswith("^") or symbol.endswith("=F"):
        raise NotAvailable(f"The trading hours of {symbol}'s exchange are not known. Ask with its MIC as exchange.")
    return _SUFFIXES[suffix]


def market_status(
    *, symbol: str | None, exchange: str | None, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> MarketStatus:
    """Return the status of `exchange`, a MIC, else of `symbol`'s exchange, else of New York.

    Raises:
        NotAvailable: If the sessions of that exchange are not known.
    """
    mic = exchange or (exchange_of(symbol) if symbol else "XNYS")
    now = pd.Timestamp(clock())
    calendar = _calendar(_SAME_HOURS.get(mic, mic), now.date())
    local = now.tz_convert(calendar.tz)
    today = pd.Timestamp(local.date())
    session = today if calendar.is_session(today) else None
    minute = now.floor("min")
    is_open = calendar.is_open_on_minute(minute, ignore_breaks=False)
    opens = calendar.session_open(session) if session is not None else None
    closes = calendar.session_close(session) if session is not None else None
    usual = calendar.closes[-250:].dt.tz_convert(calendar.tz).dt.time.mode().iloc[0]

    def stamp(instant: pd.Timestamp | None) -> str | None:
        return instant.tz_convert(calendar.tz).isoformat() if instant is not None else None

    return MarketStatus(
        as_of=local.floor("s").isoformat(),
        currency=None,
        source=SOURCE,
        delayed=False,
        note="Planned sessions: halts and closures decided at short notice are not known.",
        exchange=_NAMES.get(mic, calendar.name),
        mic=mic,
        timezone=str(calendar.tz),
        is_open=is_open,
        reason=_reason(minute, is_open=is_open, today=today, opens=opens, closes=closes),
        session_date=str(today.date()) if session is not None else None,
        opens_at=stamp(opens),
        closes_at=stamp(closes),
        is_early_close=closes is not None and closes.tz_convert(calendar.tz).time() < usual,
        next_open=stamp(calendar.next_open(minute)) or "",
        next_close=stamp(calendar.next_close(minute)) or "",
        last_session=str(calendar.minute_to_past_session(minute).date()),
    )


def _reason(
    minute: pd.Timestamp,
    *,
    is_open: bool,
    today: pd.Timestamp,
    opens: pd.Timestamp | None,
    closes: pd.Timestamp | None,
) -> str:
    if is_open:
        return "open"
    if opens is None or closes is None:
        return "weekend" if today.dayofweek >= 5 else "holiday"
    if minute < opens:
        return "before open"
    return "after close" if minute >= closes else "break"


@functools.lru_cache(maxsize=64)
def _calendar(mic: str, day: date) -> ExchangeCalendar:
    """Build only the sessions around `day`: the whole history takes several times as long."""
    start, end = pd.Timestamp(day) - pd.Timedelta(days=400), pd.Timestamp(day) + pd.Timedelta(days=30)
    try:
        return exchange_calendars.get_calendar(mic, start=start, end=end)
    except errors.InvalidCalendarName:
        raise NotAvailable(f"The sessions of {mic} are not known. Use the MIC of a stock exchange.") from None
    except errors.CalendarError:
        raise NotAvailable(f"The sessions of {mic} around {day} are not known.") from None

"""Live market data from Yahoo Finance by yfinance. For personal use and research: see Yahoo's terms."""

import contextlib
import json
import logging
import warnings
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn, TypeVar, cast

import pandas as pd
import yfinance as yf
from curl_cffi.requests.exceptions import RequestException
from yfinance.data import YfData
from yfinance.exceptions import YFException, YFRateLimitError, YFTickerMissingError

from mcp_server.companies import CompanyBook, load_companies
from mcp_server.later import Later
from mcp_server.market_data import (
    AnalystViews,
    CompanyProfile,
    DividendsAndSplits,
    Earnings,
    Financials,
    Frequency,
    Holders,
    MarketData,
    MarketDataError,
    News,
    NotAvailable,
    OptionsSummary,
    Outage,
    Period,
    PriceHistory,
    Quote,
    RateLimited,
    Statement,
    SymbolMatch,
    SymbolMatches,
    UnknownSymbol,
    Valuation,
)
from mcp_server.providers import ProviderSettings
from mcp_server.ttl_cache import TtlCache
from mcp_server.yahoo import company, prices
from mcp_server.yahoo.frames import SOURCE, major_unit, mapping, text
from mcp_server.yahoo.session import DEFAULT_RETRY_AFTER, NotFound, YahooSession

CANARY = "AAPL"
"""A symbol that exists as long as Yahoo works: only if it answers is another one's absence believed."""

QUOTE, NEWS, HISTORY, VALUATION, SEARCH = 30.0, 600.0, 600.0, 600.0, 3_600.0
PROFILE, STATEMENTS = 6 * 3_600.0, 24 * 3_600.0
"""Seconds that an answer of each kind is kept."""

_CHART = "https://query2.finance.yahoo.com/v8/finance/chart/"
_ODD_ANSWER = (YFException, KeyError, IndexError, TypeError, ValueError, AttributeError)
"""What yfinance raises for an answer that is JSON, but lacks what was asked for."""

T = TypeVar("T")


def build(settings: ProviderSettings) -> MarketData:
    """Return the Yahoo provider. Sets yfinance up for the whole process: it keeps one session and one configuration."""
    set_up(settings.data_dir)
    return YahooMarketData(YahooSession(connect_to=settings.connect_to, ca_file=settings.ca_file))


def set_up(data_dir: Path) -> None:
    """Make yfinance tell failures, leave retries to its caller, and keep its files under `data_dir`."""
    yf.config.debug.hide_exceptions = False  # else outages look like companies without data
    yf.config.network.retries = 0  # whoever called the tool decides on another try
    logging.getLogger("yfinance").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", module=r"yfinance\..*")  # it uses what pandas 3 deprecates
    cache = data_dir / "yfinance"
    cache.mkdir(parents=True, exist_ok=True)
    yf.set_tz_cache_location(str(cache))


class YahooMarketData:
    """MarketData from Yahoo Finance, cached per kind of answer."""

    def __init__(self, session: YahooSession, *, cache: TtlCache | None = None) -> None:
        self._session = session
        self._cache = cache or TtlCache()
        self._companies: Later[CompanyBook] = Later(load_companies)

    @property
    def name(self) -> str:
        """The provider's name for people."""
        return SOURCE

    def warm_up(self) -> None:
        """Read the list of companies that suggestions come from. Asks Yahoo nothing."""
        self._companies.get()

    def search(self, query: str, *, limit: int) -> SymbolMatches:
        """Search all that Yahoo lists."""

        def find() -> list[dict[str, Any]]:
            found: Any = yf.Search(query, max_results=20, news_count=0, lists_count=0, session=self._session)
            return [quote for quote in found.quotes if isinstance(quote, dict)]

        quotes = self._cached(("search", query.casefold()), SEARCH, lambda: self._call(None, "matches", find))
        matches = [
            SymbolMatch(
                symbol=str(quote["symbol"]),
                name=text(quote.get("longname")) or text(quote.get("shortname")) or str(quote["symbol"]),
                exchange=text(quote.get("exchDisp")),
                kind=str(quote.get("quoteType") or "equity").lower(),
                industry=text(quote.get("industry")),
            )
            for quote in quotes
        ]
        return SymbolMatches(
            as_of=_now(),
            currency=None,
            source=SOURCE,
            delayed=False,
            truncated=len(matches) > limit,
            query=query,
            matches=matches[:limit],
        )

    def quote(self, symbol: str) -> Quote:
        """Build the quote from a year of bars: one request, which works without cookie and crumb."""
        frame, meta = self._frame(symbol, "1y", QUOTE)
        bars = self._bars(symbol, frame, meta)
        info: Mapping[str, Any] = {}
        with contextlib.suppress(MarketDataError):  # only the market value and the delay come from it
            info = self._info(symbol, PROFILE)
        return prices.quote_of(symbol, bars, meta, info)

    def history(self, symbol: str, *, period: Period) -> PriceHistory:
        """Return daily bars."""
        frame, meta = self._frame(symbol, period, HISTORY)
        bars = self._bars(symbol, frame, meta)
        return PriceHistory(
            as_of=bars[-1].date,
            currency=major_unit(meta.get("currency"))[0],
            source=SOURCE,
            delayed=True,
            symbol=symbol,
            name=prices.name_of(meta),
            bars=bars,
        )

    def dividends_and_splits(self, symbol: str) -> DividendsAndSplits:
        """Return those of the last ten years."""
        frame, meta = self._frame(symbol, "10y", HISTORY)
        return prices.actions_of(symbol, frame, meta, self._bars(symbol, frame, meta))

    def profile(self, symbol: str) -> CompanyProfile:
        """Return what the company is."""
        return company.profile_of(symbol, self._info(symbol, PROFILE))

    def valuation(self, symbol: str) -> Valuation:
        """Return multiples and ratios."""
        return company.valuation_of(symbol, self._info(symbol, VALUATION))

    def financials(self, symbol: str, *, statement: Statement, frequency: Frequency) -> Financials:
        """Return four years or five quarters, as Yahoo keeps them."""
        what = f"{statement.replace('_', ' ')} statement"

        def fetch() -> pd.DataFrame:
            ticker = self._ticker(symbol)
            freq = "yearly" if frequency == "annual" else "quarterly"
            match statement:
                case "income":
                    frame = ticker.get_income_stmt(pretty=True, freq=freq)
                case "balance_sheet":
                    frame = ticker.get_balance_sheet(pretty=True, freq=freq)
                case "cash_flow":
                    frame = ticker.get_cash_flow(pretty=True, freq=freq)
            if not isinstance(frame, pd.DataFrame) or frame.empty:
                raise NotFound(what)
            return frame

        key = ("statement", symbol, statement, frequency)
        frame = self._cached(key, STATEMENTS, lambda: self._call(symbol, what, fetch))
        currency, _ = major_unit(self._info(symbol, STATEMENTS).get("financialCurrency"))
        return company.financials_of(symbol, statement, frequency, frame, currency)

    def earnings(self, symbol: str) -> Earnings:
        """Return the last four reports, the next date, and the estimates."""

        def fetch() -> dict[str, Any]:
            ticker = self._ticker(symbol)
            return {
                "history": _part(lambda: ticker.earnings_history),
                "calendar": _part(lambda: ticker.calendar),
                "eps": _part(lambda: ticker.earnings_estimate),
                "revenue": _part(lambda: ticker.revenue_estimate),
            }

        parts = self._cached(("earnings", symbol), PROFILE, lambda: self._call(symbol, "earnings", fetch))
        currency, _ = major_unit(self._info(symbol, PROFILE).get("financialCurrency"))
        found = company.earnings_of(symbol, currency, today=_today(), **parts)
        return self._unless_empty(found, symbol, "earnings", found.reports, found.estimates)

    def analyst_views(self, symbol: str) -> AnalystViews:
        """Return price targets, ratings and their changes."""

        def fetch() -> dict[str, Any]:
            ticker = self._ticker(symbol)
            return {
                "targets": _part(lambda: ticker.analyst_price_targets),
                "ratings": _part(lambda: ticker.recommendations),
                "changes": _part(lambda: ticker.upgrades_downgrades),
            }

        parts = self._cached(("views", symbol), PROFILE, lambda: self._call(symbol, "analysts' views", fetch))
        currency = self._info(symbol, PROFILE).get("currency")
        found = company.views_of(symbol, currency, today=_today(), **parts)
        return self._unless_empty(found, symbol, "analysts' views", found.targets, found.ratings, found.changes)

    def news(self, symbol: str, *, limit: int) -> News:
        """Return the newest headlines."""

        def fetch() -> list[Any]:
            return list(self._ticker(symbol).get_news(count=20))

        articles = self._cached(("news", symbol), NEWS, lambda: self._call(symbol, "news", fetch))
        items = [item for article in articles if (item := company.news_of(article))]
        return News(
            as_of=_now(),
            currency=None,
            source=SOURCE,
            delayed=False,
            truncated=len(items) > limit,
            symbol=symbol,
            items=sorted(items, key=lambda item: item.published_at or "", reverse=True)[:limit],
        )

    def holders(self, symbol: str) -> Holders:
        """Return owners and insiders' transactions."""

        def fetch() -> dict[str, Any]:
            ticker = self._ticker(symbol)
            return {
                "major": _part(lambda: ticker.major_holders),
                "institutions": _part(lambda: ticker.institutional_holders),
                "funds": _part(lambda: ticker.mutualfund_holders),
                "insiders": _part(lambda: ticker.insider_transactions),
            }

        parts = self._cached(("holders", symbol), STATEMENTS, lambda: self._call(symbol, "holders", fetch))
        currency, _ = major_unit(self._info(symbol, PROFILE).get("currency"))
        found = company.holders_of(symbol, currency, today=_today(), **parts)
        return self._unless_empty(found, symbol, "holders", found.holders, found.institutions_percent)

    def options(self, symbol: str, *, expiration: str | None) -> OptionsSummary:
        """Return the chain of one expiration."""

        def fetch() -> OptionsSummary:
            ticker = self._ticker(symbol)
            expirations = tuple(str(item) for item in ticker.options)
            if not expirations:
                raise NotFound("options")
            if expiration is not None and expiration not in expirations:
                listed = ", ".join(expirations[:8])
                raise NotAvailable(f"{symbol} has no options expiring on {expiration}. The next dates are {listed}.")
            chosen = expiration or expirations[0]
            return prices.options_of(symbol, expirations, chosen, ticker.option_chain(chosen))

        return self._cached(("options", symbol, expiration), QUOTE, lambda: self._call(symbol, "options", fetch))

    def _ticker(self, symbol: str) -> Any:
        return yf.Ticker(symbol, session=self._session)

    def _frame(self, symbol: str, period: Period, ttl: float) -> tuple[pd.DataFrame, Mapping[str, Any]]:
        def fetch() -> tuple[pd.DataFrame, Mapping[str, Any]]:
            ticker = self._ticker(symbol)
            frame = ticker.history(period=period, interval="1d", auto_adjust=False, actions=True)
            # A dict of what is there: the mapping itself would fetch more when asked for what is not.
            meta = ticker.get_history_metadata()
            return frame, {key: meta[key] for key in meta if key != "tradingPeriods"}

        return self._cached(("frame", symbol, period, ttl), ttl, lambda: self._call(symbol, "prices", fetch))

    def _bars(self, symbol: str, frame: pd.DataFrame, meta: Mapping[str, Any]) -> list[Any]:
        bars = prices.bars_of(frame, major_unit(meta.get("currency"))[1])
        if not bars:
            raise NotAvailable(f"Yahoo Finance has no prices of {symbol} for this period.")
        return bars

    def _info(self, symbol: str, ttl: float) -> Mapping[str, Any]:
        def fetch() -> Mapping[str, Any]:
            info: Mapping[str, Any] = self._ticker(symbol).info
            if not info.get("quoteType"):
                raise NotFound("profile")
            return info

        return self._cached(("info", symbol), ttl, lambda: self._call(symbol, "company data", fetch))

    def _cached(self, key: tuple[object, ...], ttl: float, make: Callable[[], T]) -> T:
        return self._cache.get(key, ttl=ttl, make=make)

    def _call(self, symbol: str | None, what: str, fetch: Callable[[], T]) -> T:
        """Run `fetch` under the session's limits; every failure leaves as a MarketDataError."""
        with self._session.call():
            # yfinance keeps answers, failed ones too, until 64 others push them out; the provider has its own cache.
            cast("Any", YfData).cache_get.cache_clear()
            try:
                return fetch()
            except MarketDataError:
                raise
            except YFRateLimitError as error:
                raise RateLimited("Yahoo Finance asks to wait.", retry_after=DEFAULT_RETRY_AFTER) from error
            except (RequestException, OSError) as error:
                raise Outage("Yahoo Finance cannot be reached.") from error
            except json.JSONDecodeError as error:
                raise Outage("Yahoo Finance answers with something that is not data.") from error
            except (NotFound, YFTickerMissingError, *_ODD_ANSWER) as error:
                self._explain_absence(symbol, what, error)

    def _explain_absence(self, symbol: str | None, what: str, cause: Exception) -> NoReturn:
        """Tell a symbol that does not exist from one without such data, and both from an outage."""
        if symbol is None:
            raise Outage("Yahoo Finance answers with something that is not data.") from cause
        try:
            if self._exists(symbol):
                raise NotAvailable(f"Yahoo Finance has no {what} for {symbol}.") from cause
            if not self._exists(CANARY):
                raise Outage("Yahoo Finance is out of order.") from cause
        except (RequestException, OSError, json.JSONDecodeError) as error:
            raise Outage("Yahoo Finance cannot be reached.") from error
        near = [near for near in self._companies.get().near(symbol) if near.symbol != symbol]
        suggestions = tuple(SymbolMatch(symbol=item.symbol, name=item.name, country=item.country) for item in near)
        raise UnknownSymbol(symbol, suggestions=suggestions) from cause

    def _exists(self, symbol: str) -> bool:
        try:
            response = self._session.get(_CHART + symbol, params={"range": "5d", "interval": "1d"})
        except NotFound:
            return False
        if response.status_code != 200:
            raise Outage("Yahoo Finance refuses to answer.")
        return bool(mapping(mapping(response.json()).get("chart")).get("result"))

    @staticmethod
    def _unless_empty(found: T, symbol: str, what: str, *parts: object) -> T:
        if not any(parts):
            raise NotAvailable(f"Yahoo Finance has no {what} for {symbol}.")
        return found


def _part(fetch: Callable[[], Any]) -> Any:
    """Return one part of an answer, or None if Yahoo has not got it: the others still count."""
    try:
        return fetch()
    except json.JSONDecodeError:
        raise
    except _ODD_ANSWER:
        return None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _today() -> str:
    return datetime.now(UTC).date().isoformat()

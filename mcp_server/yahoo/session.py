"""The HTTP session that yfinance is given: fixed hosts, time limits, and failures that keep their cause.

yfinance turns many failures into empty frames or misleading errors ("possibly delisted" for a refused session), and
keeps failed answers in a cache. Here every answer is judged before yfinance sees it.
"""

import importlib
import re
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, cast
from urllib.parse import urljoin, urlsplit

from curl_cffi import CurlOpt, requests

from mcp_server.market_data import Outage, RateLimited

REQUEST_SECONDS = 8.0
CALL_SECONDS = 25.0
"""Upper bound for all requests that one tool call needs."""

DEFAULT_RETRY_AFTER = 30.0
MAX_RETRY_AFTER = 600.0
PARALLEL_CALLS = 4

_HOST = r"(?:query[12]\.finance|fc|(?:[a-z]{2}\.)?(?:finance|guce|consent))\.yahoo\.com"
"""Data, the cookie, pages, and the consent that is asked for before a page in some countries."""

_ADDRESS = re.compile(rf"https://{_HOST}(?::443)?(?:[/?#][^\x00-\x20\x7f\\]*)?", re.ASCII | re.IGNORECASE)
"""Told from the text as it is: two parsers may disagree on where a host ends, and libcurl is another one than ours."""

_MAX_REDIRECTS = 5
_CRUMB_HOSTS = ("fc.", "guce.", "consent.")
_PAGES = "finance.yahoo.com"
_NOT_FOUND = ("/v8/finance/chart/", "/v10/finance/quoteSummary/", "/v7/finance/options/")


class NotFound(Exception):
    """Yahoo answered that it has nothing under this address. Not an error of the market's yet: see the provider."""


class YahooSession(requests.Session[Any]):
    """curl_cffi's session with Chrome's fingerprint, bound to a few of Yahoo's hosts.

    `connect_to` ("host:port") sends every connection there instead, while names, cookies and certificates' names stay
    Yahoo's; `ca_file` then names who signed that address's certificate. `request_seconds` bounds a single request.
    """

    def __init__(
        self,
        *,
        connect_to: str | None = None,
        ca_file: Path | None = None,
        request_seconds: float = REQUEST_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        # libcurl reads the list whenever it connects: it must live as long as the session.
        self._connect_to = _curl_list(f"::{connect_to}") if connect_to else None
        options: dict[CurlOpt, Any] = {CurlOpt.CONNECT_TO: self._connect_to} if connect_to else {}
        # The type says bool; a path is what curl_cffi's documentation asks for, and passes to libcurl.
        verify = cast("bool", str(ca_file) if ca_file else True)
        super().__init__(impersonate="chrome", verify=verify, curl_options=options)
        self._local = threading.local()
        self._slots = threading.BoundedSemaphore(PARALLEL_CALLS)
        self._blocked_until = float("-inf")
        self._request_seconds = request_seconds
        self._clock = clock

    @contextmanager
    def call(self) -> Generator[None]:
        """Bound what is requested inside: in time, in number beside others, and not at all while Yahoo says wait.

        Raises:
            RateLimited: If an earlier answer asked to wait, and the time is not over.
            Outage: If no slot becomes free in time.
        """
        self._refuse_while_blocked()
        if not self._slots.acquire(timeout=CALL_SECONDS):
            raise Outage("Yahoo Finance answers too slowly.")
        self._local.deadline = self._clock() + CALL_SECONDS
        self._local.refused = 0
        try:
            yield
        finally:
            self._local.deadline = None
            self._slots.release()

    def request(self, method: Any, url: str, **kwargs: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride] - all options pass through
        """Send a request to Yahoo, following redirects among these hosts only.

        Raises:
            RateLimited: Status 429, with its Retry-After.
            NotFound: Status 404 for a symbol.
            Outage: Another host, no time left, a status of 500 or above, a refused session, or no JSON where it is due.
        """
        self._refuse_while_blocked()
        kwargs["allow_redirects"] = False
        for _ in range(_MAX_REDIRECTS + 1):
            _check_address(url)
            kwargs["timeout"] = self._seconds_left()
            response: Any = cast("Any", super()).request(method, url, **kwargs)
            location = response.headers.get("location")
            if not (300 <= response.status_code < 400 and location):
                self._judge(url, response)
                return response
            url = urljoin(url, location)
            if response.status_code in {301, 302, 303} and method == "POST":
                method = "GET"
                kwargs.pop("data", None)
                kwargs.pop("json", None)
            kwargs.pop("params", None)
        raise Outage("Yahoo Finance redirects without end.")

    def _seconds_left(self) -> float:
        deadline = getattr(self._local, "deadline", None)
        left = self._request_seconds if deadline is None else min(self._request_seconds, deadline - self._clock())
        if left <= 0:
            raise Outage("Yahoo Finance answers too slowly.")
        return left

    def _refuse_while_blocked(self) -> None:
        wait = self._blocked_until - self._clock()
        if wait > 0:
            raise RateLimited("Yahoo Finance asks to wait.", retry_after=round(wait, 1))

    def _judge(self, url: str, response: Any) -> None:
        parts = urlsplit(url)
        # yfinance gets by without cookie and crumb; only the data's own answer counts.
        if (parts.hostname or "").startswith(_CRUMB_HOSTS) or parts.path.endswith("/getcrumb"):
            return
        status: int = response.status_code
        if status == 429:
            wait = retry_after_seconds(response.headers.get("retry-after"))
            self._blocked_until = self._clock() + wait
            raise RateLimited("Yahoo Finance asks to wait.", retry_after=wait)
        if status >= 500:
            raise Outage("Yahoo Finance is out of order.")
        if status == 404 and parts.path.startswith(_NOT_FOUND):
            raise NotFound(parts.path)
        if status in {401, 403}:
            # The first time yfinance fetches a new crumb and tries again.
            self._local.refused = getattr(self._local, "refused", 0) + 1
            if self._local.refused > 1:
                raise Outage("Yahoo Finance refuses to answer.")
            return
        page = parts.hostname == _PAGES and not parts.path.startswith("/xhr/")
        if status == 200 and not page and response.content.lstrip()[:1] not in (b"{", b"["):
            raise Outage("Yahoo Finance answers with something that is not data.")


def _curl_list(item: str) -> Any:
    """Return a list of libcurl's own: the only form that CONNECT_TO takes."""
    low: Any = importlib.import_module("curl_cffi.curl")
    return low.lib.curl_slist_append(low.ffi.NULL, item.encode())


def retry_after_seconds(value: str | None) -> float:
    """Read a Retry-After header, seconds or an HTTP date; a default where it is missing or unreadable."""
    if value is None:
        return DEFAULT_RETRY_AFTER
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value).astimezone(UTC) - datetime.now(UTC)).total_seconds()
        except ValueError:
            return DEFAULT_RETRY_AFTER
    return min(max(seconds, 1.0), MAX_RETRY_AFTER) if seconds == seconds else DEFAULT_RETRY_AFTER  # noqa: PLR0124 - NaN


def _check_address(url: str) -> None:
    if not _ADDRESS.fullmatch(url):
        raise Outage("Yahoo Finance sends to another address, which is not followed.")

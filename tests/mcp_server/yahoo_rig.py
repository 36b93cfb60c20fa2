"""The yahoo provider over the real yfinance and curl_cffi, connected to the fake."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yfinance.data as yf_data

from mcp_server.providers.yahoo import YahooMarketData, set_up
from mcp_server.ttl_cache import TtlCache
from mcp_server.yahoo.session import YahooSession
from tests.mcp_server.yahoo_fake import FakeYahoo
from tests.mcp_server.yahoo_payloads import Listing


class Clock:
    """Monotonic time that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True, kw_only=True)
class Rig:
    """A provider, the service it asks, and the clock that both its cache and its session go by."""

    market: YahooMarketData
    yahoo: FakeYahoo
    clock: Clock


def apple(symbol: str = "AAPL") -> Listing:
    """The canary, which every working Yahoo lists."""
    return Listing(symbol=symbol, name="Apple Inc.")


@contextmanager
def rigged(yahoo: FakeYahoo, authority: Path, data_dir: Path, *, request_seconds: float = 10.0) -> Generator[Rig]:
    """A provider that knows nothing yet: no cookie, no crumb, no cached answer."""
    forget()
    set_up(data_dir)
    clock = Clock()
    session = YahooSession(connect_to=yahoo.address, ca_file=authority, request_seconds=request_seconds, clock=clock)
    with session:
        yield Rig(market=YahooMarketData(session, cache=TtlCache(clock=clock)), yahoo=yahoo, clock=clock)
    forget()


def forget() -> None:
    """Drop yfinance's session, cookie and crumb: it keeps one of each for the whole process."""
    cast("Any", yf_data.SingletonMeta)._instances.clear()

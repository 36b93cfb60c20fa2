"""Where tools can be led (S6): a captured model chooses their arguments, a captured Yahoo its redirects.

curl takes every connection to the loopback Yahoo, whoever it is meant for; the TLS handshake says whom. The same corpus
behind a wall of the kernel's: `python -m tests.security.walls`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import mcp
import pytest
import trustme

from mcp_server.market_data import MarketDataError, Outage
from mcp_server.server import build_server
from mcp_server.tools.common import SYMBOL_PATTERN
from mcp_server.yahoo import session
from tests.mcp_server.calling import structured, told
from tests.mcp_server.yahoo_fake import FakeYahoo, Reply, running_yahoo, write_authority
from tests.mcp_server.yahoo_rig import Rig, apple, rigged
from tests.security.addresses import arguments, in_a_header, locations

HOSTS = {"query1.finance.yahoo.com", "query2.finance.yahoo.com", "finance.yahoo.com", "fc.yahoo.com"}
"""The only hosts that the tools ask."""

TICKERS = (
    "get_quote", "get_price_history", "get_dividends_and_splits", "get_options_summary", "draw_price_chart",
    "get_company_profile", "get_financials", "get_valuation", "get_earnings", "get_analyst_views", "get_news",
    "get_holders", "get_market_status",
)  # fmt: skip
"""Every tool that takes one ticker."""

SOME = 5
"""Of the whole corpus, every so many are tried where a few show the same."""

IMPOSSIBLE = "https://evil.example/v8/finance/chart/AAPL"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def rig(authority: trustme.CA, tmp_path: Path) -> Iterator[Rig]:
    with running_yahoo(authority) as yahoo:
        yahoo.add(apple())
        with rigged(yahoo, write_authority(authority, tmp_path), tmp_path) as ready:
            yield ready


def strangers(yahoo: FakeYahoo) -> set[str]:
    """Whom connections were meant for, Yahoo's own hosts aside; "plain" where one spoke no TLS."""
    plain = {"plain"} if yahoo.connections != len(yahoo.names) else set[str]()
    return plain | (set(yahoo.names) | {request.host for request in yahoo.requests}) - HOSTS


def redirect(rig: Rig, location: str) -> None:
    """Let the next answer lead elsewhere; nothing of an earlier one is remembered."""
    rig.clock.now += 10_000.0
    rig.yahoo.recover()
    rig.yahoo.fail(Reply(status=302, body="", headers={"Location": in_a_header(location)}), times=1)


@pytest.mark.parametrize(
    "tool", ["get_quote", *(pytest.param(tool, marks=pytest.mark.campaign) for tool in TICKERS[1:])]
)
async def test_no_tool_takes_an_address_for_a_ticker(rig: Rig, tool: str) -> None:
    async with mcp.Client(build_server(rig.market)) as client:
        for argument in (one for one in arguments() if not re.fullmatch(SYMBOL_PATTERN, one)):
            result = await client.call_tool(tool, {"symbol": argument})
            assert result.is_error, argument
            assert "symbol" in told(result)
        assert rig.yahoo.connections == 0

        for argument in (one for one in arguments() if re.fullmatch(SYMBOL_PATTERN, one)):
            await client.call_tool(tool, {"symbol": argument})
        assert strangers(rig.yahoo) == set()
        assert bool(rig.yahoo.connections) == (tool != "get_market_status")


async def test_one_address_among_tickers_is_enough_to_refuse_all(rig: Rig) -> None:
    async with mcp.Client(build_server(rig.market)) as client:
        for argument in (
            "http://169.254.169.254/",
            "[::1]",
            "AAPL/../X",
            "@evil.example",
            "AAPL\r\nHost: evil.example",
        ):
            result = await client.call_tool("compare_symbols", {"symbols": ["AAPL", argument]})
            assert result.is_error, argument

        assert rig.yahoo.connections == 0


@pytest.mark.parametrize("every", [SOME, pytest.param(1, marks=pytest.mark.campaign)])
async def test_what_is_searched_for_stays_a_word_in_a_request_to_yahoo(rig: Rig, every: int) -> None:
    tried = [one for one in arguments()[::every] if one.isprintable() and len(one) <= 80]
    async with mcp.Client(build_server(rig.market)) as client:
        for argument in tried:
            rig.clock.now += 10_000.0
            await client.call_tool("search_symbols", {"query": argument})

    asked = rig.yahoo.asked("search")
    assert {request.query.get("q", "") for request in asked} == {one.strip() for one in tried}
    assert {request.path for request in asked} == {"/v1/finance/search"}
    assert {request.kind for request in rig.yahoo.requests} <= {"search", "cookie", "crumb"}
    assert strangers(rig.yahoo) == set()


@pytest.mark.parametrize("every", [SOME, pytest.param(1, marks=pytest.mark.campaign)])
def test_no_redirect_is_followed_to_where_yahoo_is_not(rig: Rig, every: int) -> None:
    tried = locations()[::every]
    for location in tried:
        redirect(rig, location)
        # Some are no more than another path on the same host, and may lead to an answer.
        with suppress(MarketDataError):
            rig.market.history("AAPL", period="1y")

    assert len(rig.yahoo.asked("chart")) >= len(tried)
    assert strangers(rig.yahoo) == set()


def test_no_redirect_escapes_as_anything_but_an_outage(rig: Rig) -> None:
    for location in (
        "https://evil.example%00.yahoo.com/",
        "https://evil.example\\.yahoo.com/",
        "https://u@fc.yahoo.com/",
    ):
        redirect(rig, location)

        with pytest.raises(Outage, match="another address"):
            rig.market.history("AAPL", period="1y")


def test_a_redirect_that_was_followed_would_be_seen(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def anything(_url: str) -> None:
        """As if nobody looked where a redirect leads."""

    monkeypatch.setattr(session, "_check_address", anything)
    redirect(rig, IMPOSSIBLE)

    with pytest.raises(Outage):
        rig.market.history("AAPL", period="1y")

    assert strangers(rig.yahoo) == {"evil.example"}


async def test_tools_work_and_ask_yahoo_alone(rig: Rig) -> None:
    async with mcp.Client(build_server(rig.market)) as client:
        quote = structured(await client.call_tool("get_quote", {"symbol": "AAPL"}))

    assert quote["price"] == 109.5
    assert rig.yahoo.names
    assert strangers(rig.yahoo) == set()


def test_whoever_answers_under_yahoos_name_without_its_certificate_hears_no_request(
    authority: trustme.CA, tmp_path: Path
) -> None:
    with running_yahoo(trustme.CA()) as impostor:
        impostor.add(apple())
        with rigged(impostor, write_authority(authority, tmp_path), tmp_path) as rig, pytest.raises(Outage):
            rig.market.history("AAPL", period="1y")

        assert set(impostor.names) <= HOSTS
        assert impostor.names
        assert impostor.requests == []

"""The tool server's door (S7): without the token, under another name, from elsewhere or with too much, no tool runs.

Each request asks for a tool that runs where it is let through, as the first test shows. The provider counts its calls.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from typing import Any

import pytest

from mcp_server import server as door
from tests.security.door import BODY, CALL, RIGHT
from tests.security.mutations import besiege
from tests.security.raw import Reply, ask
from tests.support.market import TOKEN, RunningMarket, running_market

LIMIT = 4 * 1024 * 1024

TOKENS: dict[str, dict[str, str]] = {
    "another one": {"Authorization": "Bearer another-token-altogether"},
    "in capitals": {"Authorization": f"Bearer {TOKEN.upper()}"},
    "its beginning": {"Authorization": f"Bearer {TOKEN[:8]}"},
    "its end": {"Authorization": f"Bearer {TOKEN[-8:]}"},
    "one byte more": {"Authorization": f"Bearer {TOKEN}\x00"},
    "twice": {"Authorization": f"Bearer {TOKEN} {TOKEN}"},
    "two, by a comma": {"Authorization": f"Bearer wrong, Bearer {TOKEN}"},
    "in base64": {"Authorization": "Bearer YS10b2tlbi1mb3ItdGVzdHMtb25seQ=="},
    "empty": {"Authorization": "Bearer "},
    "another scheme": {"Authorization": f"Token {TOKEN}"},
    "basic": {"Authorization": f"Basic {TOKEN}"},
    "digest": {"Authorization": f'Digest username="bearer", response="{TOKEN}"'},
    "no scheme": {"Authorization": TOKEN},
    "a scheme that begins so": {"Authorization": f"BearerX {TOKEN}"},
    "a cookie": {"Cookie": f"Authorization=Bearer {TOKEN}; token={TOKEN}"},
    "a key header": {"X-Api-Key": TOKEN},
    "a proxy's header": {"Proxy-Authorization": f"Bearer {TOKEN}"},
    "said by a proxy": {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Authorization": f"Bearer {TOKEN}"},
    "none": {},
}
HOSTS = (
    "evil.example", "evil.example:{port}", "127.0.0.1.evil.example:{port}", "localhost.evil.example", "0.0.0.0:{port}",
    "[::]:{port}", "169.254.169.254", "10.0.0.1:{port}", "127.0.0.1@evil.example", "evil.example#127.0.0.1:{port}",
    "localhost:{port}.evil.example", "127.1:{port}", "2130706433:{port}", "", "clew-mcp:{port}", "LOCALHOST.:{port}",
)  # fmt: skip
ORIGINS = (
    "https://evil.example", "http://evil.example:{port}", "null", "http://127.0.0.1.evil.example:{port}",
    "http://localhost@evil.example", "http://localhost:{port}.evil.example", "https://localhost.evil.example", "file://",
    "http://169.254.169.254", "chrome-extension://abcdef", "http://0.0.0.0:{port}", "http://evil.example/127.0.0.1:80",
)  # fmt: skip
KINDS = (
    "text/plain", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
    None, "text/html", "application/xml", "application/octet-stream", "text/plain; application/json",
)  # fmt: skip
METHODS = ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "post", "BREW")
PATHS = (
    "/", "/mcp/", "//mcp", "/MCP", "/healthz/../mcp", "/healthz/%2e%2e/mcp", "/healthz%2f..%2fmcp", "/mcp;/healthz",
    "/mcp?/healthz", "/mcp#/healthz", "/mcp%00/healthz", "/./mcp", "/healthz/mcp", "/healthz", "/healthz/",
    f"/mcp?token={TOKEN}", f"/mcp?access_token={TOKEN}", "http://127.0.0.1/healthz/../mcp",
)  # fmt: skip


@pytest.fixture(scope="module", params=["127.0.0.1", "0.0.0.0"])
def market(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningMarket]:
    """The tool server, bound to loopback and, as in a container, to every address."""
    with running_market(tmp_path_factory.mktemp("door"), host=request.param) as running:
        yield running


@pytest.fixture
def runs(market: RunningMarket) -> list[tuple[str, tuple[Any, ...]]]:
    """What the tools asked of the provider."""
    market.market.calls.clear()
    return market.market.calls


async def said(market: RunningMarket, *, without: str = "", body: bytes = BODY, **how: Any) -> Reply:
    """Ask for a quote, with headers other than the right ones."""
    port = int(market.url.rpartition(":")[2].partition("/")[0])
    headers = {**RIGHT, **how.pop("headers", {})}
    filled = {name: value.format(port=port) for name, value in headers.items() if name != without}
    return await ask(port, headers=filled, body=body, **how)


async def test_whoever_comes_as_one_should_runs_the_tool(market: RunningMarket, runs: list[Any]) -> None:
    for origin in ("", "http://localhost:{port}", "http://[::1]:{port}"):
        reply = await said(market, headers={"Origin": origin} if origin else {})

        assert reply.status == 200
        assert b"252.2" in reply.body

    assert runs == [("quote", ("AAPL",))] * 3


@pytest.mark.parametrize("token", TOKENS)
async def test_a_wrong_token_is_refused(market: RunningMarket, runs: list[Any], token: str) -> None:
    reply = await said(
        market, without="" if "Authorization" in TOKENS[token] else "Authorization", headers=TOKENS[token]
    )

    assert reply.status in (400, 401)
    assert runs == []


@pytest.mark.parametrize("host", HOSTS)
async def test_a_name_that_is_not_ours_is_refused(market: RunningMarket, runs: list[Any], host: str) -> None:
    reply = await said(market, headers={"Host": host})

    assert reply.status in (400, 421)
    assert runs == []


async def test_two_names_at_once_are_refused(market: RunningMarket, runs: list[Any]) -> None:
    reply = await said(market, more=[("Host", "evil.example")])

    assert 400 <= reply.status < 500
    assert runs == []


@pytest.mark.parametrize("origin", ORIGINS)
async def test_a_page_from_elsewhere_is_refused(market: RunningMarket, runs: list[Any], origin: str) -> None:
    reply = await said(market, headers={"Origin": origin})

    assert reply.status == 403
    assert runs == []


@pytest.mark.parametrize("kind", KINDS)
async def test_what_a_page_may_send_without_asking_is_refused(
    market: RunningMarket, runs: list[Any], kind: str | None
) -> None:
    headers = {} if kind is None else {"Content-Type": kind}

    reply = await said(market, headers=headers, without="Content-Type" if kind is None else "")

    assert 400 <= reply.status < 500
    assert runs == []


@pytest.mark.parametrize("method", METHODS)
async def test_another_method_runs_nothing(market: RunningMarket, runs: list[Any], method: str) -> None:
    reply = await said(market, method=method)

    assert 400 <= reply.status < 500
    assert runs == []


@pytest.mark.parametrize("path", PATHS)
async def test_no_other_path_leads_in_without_the_token(market: RunningMarket, runs: list[Any], path: str) -> None:
    reply = await said(market, path=path, without="Authorization")

    assert 300 <= reply.status < 500
    assert runs == []


async def test_a_body_that_says_that_it_is_too_long_is_refused_unread(market: RunningMarket, runs: list[Any]) -> None:
    reply = await said(market, length=LIMIT + 1)

    assert reply.status == 413
    assert runs == []


async def test_a_body_that_does_not_say_how_long_it_is_is_cut_at_the_limit(
    market: RunningMarket, runs: list[Any]
) -> None:
    padding = "x" * (LIMIT - len(BODY) + 1)
    long = json.dumps({**CALL, "params": {**CALL["params"], "padding": padding}}).encode()

    # Nothing follows the byte that is too much: whoever closes a connection with bytes unread takes its reply along.
    reply = await said(market, body=long[: LIMIT + 1], chunked=True)

    assert reply.status == 413
    assert runs == []


async def test_a_body_that_is_longer_than_it_says_is_none(market: RunningMarket, runs: list[Any]) -> None:
    reply = await said(market, length=9)

    assert reply.status == 400
    assert runs == []


@pytest.mark.parametrize("path", ["/mcp", "/healthz", "/"])
async def test_no_socket_opens_without_the_token(market: RunningMarket, runs: list[Any], path: str) -> None:
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }

    reply = await said(market, method="GET", path=path, headers=upgrade, without="Authorization", body=b"")

    assert reply.status == 401
    assert runs == []


async def test_a_token_is_compared_as_a_whole_and_in_constant_time(
    market: RunningMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[bytes] = []

    def noted(told: bytes, right: bytes) -> bool:
        compared.append(told)
        return hmac.compare_digest(told, right)

    class Noting:
        compare_digest = staticmethod(noted)

    monkeypatch.setattr(door, "hmac", Noting)
    wrong = [TOKEN[:n] for n in range(1, len(TOKEN))]
    for token in wrong:
        assert (await said(market, headers={"Authorization": f"Bearer {token}"})).status == 401

    assert compared == [token.encode() for token in wrong]


async def test_a_request_that_was_changed_anywhere_runs_nothing_and_breaks_nothing(market: RunningMarket) -> None:
    statuses, wrong = await besiege(market, 300, seed=2)

    assert wrong == []
    assert statuses[401] > 100

"""Yahoo Finance on loopback: its hosts behind one TLS port, its addresses, its cookie and crumb, and its bad days."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import trustme

from tests.mcp_server import yahoo_payloads as payloads
from tests.mcp_server.yahoo_payloads import Json, Listing

HOSTS = ("yahoo.com", "*.yahoo.com", "*.finance.yahoo.com")
CRUMB = "made/up.crumb"
WAIT = 30.0


@dataclass(kw_only=True)
class Reply:
    """What is sent; with `hang`, nothing before the fake ends or is told to let go."""

    status: int = 200
    body: str | Json = field(default_factory=dict[str, Any])
    headers: dict[str, str] = field(default_factory=dict[str, str])
    hang: bool = False


@dataclass(frozen=True, kw_only=True)
class Request:
    """What was asked: `kind` is the sort of address, such as chart or crumb; `at` is on the monotonic clock."""

    kind: str
    host: str
    path: str
    query: dict[str, str]
    cookie: str
    at: float = field(default_factory=time.monotonic)


@dataclass(kw_only=True)
class _Fault:
    reply: Reply
    kinds: frozenset[str]
    symbols: frozenset[str]
    times: int


TOO_MANY = Reply(status=429, body="Too Many Requests\r\n")
REFUSED_CRUMB = Reply(
    status=401, body={"finance": {"result": None, "error": {"code": "Unauthorized", "description": "Invalid Crumb"}}}
)
OUT_OF_ORDER = Reply(status=500, body="Internal Server Error")
GARBAGE = Reply(body="\x1f\x8bnot json at all")
BACK_SOON = Reply(body="<html><body>Will be right back...</body></html>", headers={"Content-Type": "text/html"})
SILENCE = Reply(hang=True)

# The parts of an address that tell its kind.
_KINDS = {
    "/v8/finance/chart/": "chart",
    "/v10/finance/quoteSummary/": "summary",
    "/v7/finance/quote": "quote",
    "/v7/finance/options/": "options",
    "/v1/finance/search": "search",
    "/ws/fundamentals-timeseries/": "timeseries",
    "/v1/test/getcrumb": "crumb",
    "/xhr/ncp": "news",
}
DATA = ("chart", "summary", "quote", "options", "search", "timeseries", "news")


class FakeYahoo:
    """The state of the fake: listings, faults, and what was asked of it."""

    def __init__(self) -> None:
        self.listings: dict[str, Listing] = {}
        self.search_results: list[Json] = []
        self.requests: list[Request] = []
        self.connections = 0
        self.names: list[str] = []
        """Whom connections asked for in their TLS handshakes, "" for nobody. Who speaks no TLS names nothing."""
        self.address = ""
        self._faults: list[_Fault] = []
        self._lock = threading.Lock()
        self.released = threading.Event()

    def add(self, *listings: Listing) -> None:
        """List shares."""
        self.listings.update({listing.symbol: listing for listing in listings})

    def fail(
        self, reply: Reply, *, kinds: tuple[str, ...] = DATA, symbols: tuple[str, ...] = (), times: int = 1_000_000
    ) -> None:
        """Answer the next `times` requests of these kinds (and symbols, if any are named) with `reply`."""
        with self._lock:
            fault = _Fault(reply=reply, kinds=frozenset(kinds), symbols=frozenset(symbols), times=times)
            self._faults.append(fault)

    def recover(self) -> None:
        """Answer rightly again."""
        with self._lock:
            self._faults.clear()

    def asked(self, kind: str) -> list[Request]:
        """What was asked of one kind."""
        with self._lock:
            return [request for request in self.requests if request.kind == kind]

    def answer(self, request: Request) -> Reply:
        """Note the request, and find its answer."""
        symbol = request.path.rsplit("/", 1)[-1]
        with self._lock:
            self.requests.append(request)
            for fault in self._faults:
                struck = request.kind in fault.kinds and (not fault.symbols or symbol in fault.symbols)
                if struck and fault.times > 0:
                    fault.times -= 1
                    return fault.reply
        return self._rightly(request, symbol)

    def _rightly(self, request: Request, symbol: str) -> Reply:
        match request.kind:
            case "cookie":
                # As the real one: not found, and a cookie all the same.
                cookie = "A3=made-up; Max-Age=31557600; Domain=.yahoo.com; Path=/; Secure"
                return Reply(status=404, body="", headers={"Set-Cookie": cookie})
            case "crumb":
                return Reply(body=CRUMB, headers={"Content-Type": "text/plain"})
            case "search":
                return Reply(body={"quotes": self.search_results, "news": []})
            case "news":
                return Reply(body=payloads.news(next(iter(self.listings.values()))))
            case "quote":
                listing = self.listings.get(request.query.get("symbols", ""))
                empty: Json = {"quoteResponse": {"result": [], "error": None}}
                return Reply(body=payloads.quote(listing) if listing else empty)
            case _:
                return self._of_listing(request, symbol)

    def _of_listing(self, request: Request, symbol: str) -> Reply:
        listing = self.listings.get(symbol)
        if listing is None:
            unknown = payloads.unknown_summary(symbol) if request.kind == "summary" else payloads.unknown_chart()
            return Reply(status=404, body=unknown)
        if request.kind == "chart":
            return Reply(body=payloads.chart(listing))
        if request.kind == "summary":
            return Reply(body=payloads.summary(listing, request.query["modules"].split(",")))
        if request.kind == "timeseries":
            return Reply(body=payloads.timeseries(listing, request.query["type"].split(",")))
        if request.kind == "options":
            return Reply(body=listing.options or {"optionChain": {"result": [], "error": None}})
        return Reply(status=404, body="no such address")


def _kind(host: str, path: str) -> str:
    if host.startswith("fc."):
        return "cookie"
    return next((kind for start, kind in _KINDS.items() if path.startswith(start)), "other")


def _handler(fake: FakeYahoo) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            self._answer()

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            host = self.headers.get("Host", "")
            query = {name: ",".join(values) for name, values in parse_qs(parts.query).items()}
            request = Request(
                kind=_kind(host, parts.path),
                host=host,
                path=parts.path,
                query=query,
                cookie=self.headers.get("Cookie", ""),
            )
            reply = fake.answer(request)
            if reply.hang:
                fake.released.wait(timeout=WAIT)
                self.close_connection = True
                return
            body = (reply.body if isinstance(reply.body, str) else json.dumps(reply.body)).encode()
            self.send_response(reply.status)
            for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's word
            return

    return Handler


class _TlsServer(ThreadingHTTPServer):
    """One TLS handshake per connection, in the connection's own thread."""

    daemon_threads = True
    context: ssl.SSLContext
    fake: FakeYahoo

    def finish_request(self, request: Any, client_address: Any) -> None:
        self.fake.connections += 1
        with self.context.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is part of the game."""


@contextmanager
def running_yahoo(authority: trustme.CA, *, port: int = 0) -> Generator[FakeYahoo]:
    """Serve a fake for as long as the block runs; `address` is its host and port."""
    fake = FakeYahoo()
    server = _TlsServer(("127.0.0.1", port), _handler(fake))
    server.fake = fake
    server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

    def named(_socket: object, name: str | None, _context: object) -> None:
        fake.names.append(name or "")

    server.context.sni_callback = named
    certificate: Any = authority.issue_cert(*HOSTS)
    certificate.configure_cert(server.context)
    fake.address = f"127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02), name="yahoo", daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        fake.released.set()
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)


def write_authority(authority: trustme.CA, folder: Path) -> Path:
    """Write the authority's certificate where curl can read it."""
    file = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    return file

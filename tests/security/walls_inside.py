"""The inside of `tests.security.walls`: a network with one way out that leads nowhere, and who tries to use it."""

from __future__ import annotations

import asyncio
import itertools
import socket
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

import pytest
import trustme

from mcp_server.market_data import MarketDataError
from mcp_server.yahoo import session
from tests.mcp_server.yahoo_fake import DATA, FakeYahoo, Reply, running_yahoo, write_authority
from tests.mcp_server.yahoo_rig import apple, rigged
from tests.security.addresses import arguments, in_a_header, locations
from tests.security.names import PRIVATE, NameServer
from tests.security.packets import Packet, Watcher
from workflows.errors import CallError
from workflows.mcp_client import MarketTools, ToolSpec, connect_tools

HTTPS, MCP_PORT, DNS = 443, 9000, 53
TOKEN = "a-token-for-walls-only"
AT_ONCE = 6

YAHOO = ("query1.finance.yahoo.com", "query2.finance.yahoo.com", "finance.yahoo.com", "fc.yahoo.com")
GATEWAYS = ("192.0.2.254", "2001:db8::fe")
NETWORK = f"""
link set lo up
link add out0 type veth peer name nowhere
link set nowhere arp off up
link set out0 up
addr add 192.0.2.1/24 dev out0
-6 addr add 2001:db8::1/64 dev out0 nodad
route add default via {GATEWAYS[0]}
-6 route add default via {GATEWAYS[1]}
neigh add {GATEWAYS[0]} lladdr 02:00:00:00:00:01 dev out0 nud permanent
-6 neigh add {GATEWAYS[1]} lladdr 02:00:00:00:00:01 dev out0 nud permanent
"""
SERVER = """
import sys
from pathlib import Path
from mcp_server.server import serve
data, ca_file, port, token = sys.argv[1:]
sys.exit(serve(token=token, provider_name="yahoo", data_dir=Path(data), port=int(port), ca_file=Path(ca_file)))
"""
BASE: dict[str, Any] = {"symbol": "AAPL", "symbols": ["AAPL", "IBM"], "query": "apple"}


def furnish(directory: Path) -> None:
    """A way out, and a name server of our own."""
    for line in NETWORK.strip().splitlines():
        subprocess.run(["ip", *line.split()], check=True)
    for file, text in (
        ("hosts", "127.0.0.1 localhost\n::1 localhost"),
        ("resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1"),
        ("nsswitch.conf", "hosts: files dns"),
    ):
        ours, theirs = directory / file, Path("/etc") / file
        ours.write_text(f"{text}\n")
        if theirs.exists():
            subprocess.run(["mount", "--bind", str(ours), str(theirs.resolve())], check=True)


@contextmanager
def serving(directory: Path, authority: Path) -> Generator[None]:
    """The tool server as a process, as it is: only the certificate's authority is another."""
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", SERVER, directory, authority, str(MCP_PORT), TOKEN]
    )
    try:
        while True:
            assert process.poll() is None, "the tool server ended"
            with suppress(OSError), socket.create_connection(("127.0.0.1", MCP_PORT), 1):
                break
        yield
    finally:
        process.kill()
        process.wait()


# --- Proof that what leaves is seen ----------------------------------------------------------------------------------


def control(watcher: Watcher, names: NameServer) -> Iterator[str]:
    """What goes out on purpose, and what of it was not seen."""
    for family, address, port in (
        (socket.AF_INET, "169.254.169.254", 80),
        (socket.AF_INET, "10.0.0.1", 443),
        (socket.AF_INET6, "2001:db8:1::5", 443),
        (socket.AF_INET6, "::1", 9999),
        (socket.AF_INET, "127.0.0.1", 22),
    ):
        with socket.socket(family, socket.SOCK_STREAM) as caller:
            caller.setblocking(False)
            with suppress(OSError):
                caller.connect((address, port))
        if Packet(address=address, port=port, kind="tcp") not in watcher.take():
            yield f"a connection to {address} was not seen"
    with suppress(OSError):
        socket.getaddrinfo("unheard-of.example", 443)
    if "unheard-of.example" not in names.asked:
        yield "a name that was looked up was not seen"


def broken(watcher: Watcher, yahoo: FakeYahoo, authority: Path, directory: Path) -> Iterator[str]:
    """The product without its look at addresses: what it follows has to be seen."""
    led = {"169.254.169.254": "169.254.169.254", "[fd00::1]": "fd00::1", "evil.example": PRIVATE[0]}
    for host, address in led.items():
        yahoo.fail(Reply(status=302, body="", headers={"Location": f"https://{host}/"}), times=1)
        yahoo.address = ""
        with (
            pytest.MonkeyPatch.context() as patch,
            rigged(yahoo, authority, directory, request_seconds=1.0) as rig,
            suppress(MarketDataError),
        ):
            patch.setattr(session, "_check_address", _followed)
            rig.market.history("AAPL", period="1y")
        if not any(packet.address == address for packet in watcher.take()):
            yield f"a product that follows anything was not seen to go to {host}"


def _followed(_url: str) -> None:
    """Nobody looks."""


# --- The corpus ------------------------------------------------------------------------------------------------------


def cases(tools: Iterable[ToolSpec]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every tool, with every place and trick in each of its arguments that takes text."""
    for tool in tools:
        properties = cast("dict[str, dict[str, Any]]", tool.parameters.get("properties", {}))
        right = {name: BASE[name] for name in properties if name in BASE}
        for name, schema in properties.items():
            kinds = {schema.get("type"), *(each.get("type") for each in schema.get("anyOf", ()))}
            for text in arguments():
                if "string" in kinds or "$ref" in schema:
                    yield tool.name, {**right, name: text}
                elif "array" in kinds:
                    yield tool.name, {**right, name: ["AAPL", text]}


def redirects(yahoo: FakeYahoo) -> Iterator[tuple[str, dict[str, Any]]]:
    """Calls whose answers lead elsewhere: each place in each disguise for prices, some for every kind of answer."""
    names = (f"R{number:05d}" for number in itertools.count())
    for location in locations():
        symbol = next(names)
        reply = Reply(status=302, body="", headers={"Location": in_a_header(location)})
        yahoo.fail(reply, kinds=("chart",), symbols=(symbol,))
        yield "get_price_history", {"symbol": symbol}
    asking = {"summary": "get_company_profile", "options": "get_options_summary", "timeseries": "get_financials"}
    for kind in (*DATA, "cookie", "crumb", "other"):
        for location in ("https://169.254.169.254/", "http://evil.example/", "//[::1]:9999/", "https://10.0.0.1/"):
            for status in (301, 302, 303, 307, 308):
                yahoo.fail(Reply(status=status, body="", headers={"Location": location}), kinds=(kind,), times=1)
                yield asking.get(kind, "get_news" if kind == "news" else "get_valuation"), {"symbol": next(names)}
                yield "search_symbols", {"query": next(names)}


async def attack(tools: MarketTools, tried: Iterable[tuple[str, dict[str, Any]]]) -> Mapping[str, int]:
    """Call all of it as a worker does; returns how often it was answered, refused, or out of order."""
    came = {"answered": 0, "refused": 0, "out of order": 0}
    waiting = iter(tried)

    async def one() -> None:
        for name, given in waiting:
            try:
                reply = await tools.call(name, given)
                came["refused" if reply.is_error else "answered"] += 1
            except CallError:
                came["out of order"] += 1

    await asyncio.gather(*(one() for _ in range(AT_ONCE)))
    return came


async def answers(tools: MarketTools, yahoo: FakeYahoo) -> bool:
    """Whether a right question is answered from Yahoo."""
    yahoo.add(apple(symbol := f"GOOD{len(yahoo.listings)}"))
    quote = await tools.call("get_quote", {"symbol": symbol})
    asked = any(request.path.endswith(symbol) for request in yahoo.requests)
    return asked and quote.structured is not None and quote.structured["price"] == 109.5


async def run(watcher: Watcher, names: NameServer, yahoo: FakeYahoo) -> list[str]:
    """Ask rightly, and attack, twice over. Returns what is wrong."""
    wrong: list[str] = []
    names.asked.clear()
    async with connect_tools(f"http://127.0.0.1:{MCP_PORT}/mcp", TOKEN) as tools:
        specs = (await tools.toolset()).tools
        for what in ("arguments", "redirects"):
            if not await answers(tools, yahoo):
                wrong.append("a right question is not answered")
            watcher.take()
            asked = len(yahoo.requests)
            came = await attack(tools, cases(specs) if what == "arguments" else redirects(yahoo))
            left = watcher.take()
            yahoo.recover()
            asked = len(yahoo.requests) - asked
            print(f"{what}: {came}, asked of Yahoo {asked}, packets to elsewhere {sum(left.values())}")
            wrong += [f"{count} packets left for {packet} ({what})" for packet, count in left.items()]
            if not sum(came.values()) or not asked:
                wrong.append(f"the {what} did not reach Yahoo, and prove nothing")
        if not await answers(tools, yahoo):
            wrong.append("after all that a right question is not answered")
    strangers = names.asked - set(YAHOO)
    print(f"names looked up: {', '.join(sorted(names.asked)) or 'none'}")
    return wrong + [f"{name} was looked up" for name in strangers]


def main() -> int:
    """All of it; 1 where something is wrong."""
    with tempfile.TemporaryDirectory(prefix="clew-walls-") as name:
        directory = Path(name)
        furnish(directory)
        watcher, names = Watcher((HTTPS, MCP_PORT, DNS)), NameServer(YAHOO)
        authority = trustme.CA()
        file = write_authority(authority, directory)
        with running_yahoo(authority, port=HTTPS) as yahoo, serving(directory, file):
            yahoo.add(apple(), apple("IBM"))
            wrong = [*control(watcher, names), *broken(watcher, yahoo, file, directory / "broken")]
            yahoo.recover()
            wrong += asyncio.run(run(watcher, names, yahoo))
    print("\n".join(wrong) if wrong else "nothing left")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())

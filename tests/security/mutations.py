"""`uv run python -m tests.security.mutations`: ten thousand requests at the tool server's door, none of them right.

Each is a right request that was changed in up to four places, drawn from a seed. Half of them have another token, or
none, and must run nothing; the others have the right one, and a head or a body that nobody in his senses would send.
None may be answered with a fault of the server's own, and the server has to serve as before afterwards.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from tests.security.door import BODY, CALL, RIGHT
from tests.security.raw import Reply, ask
from tests.support.market import TOKEN, RunningMarket, running_market

AT_ONCE = 16
CLOSED, MOVED, FAULT = 0, 300, 500
"""Statuses; whoever refuses a body unread may close the connection, and take its refusal along."""
OPEN = "/healthz"
MOST_CHANGES = 4
DEEP = 5_000
LONG = 20_000

_JUNK = [chr(code) for code in (*range(0x20, 0x7F), *range(0xA0, 0x100), 0x09, 0x00, 0x7F)]
_VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 1e308, 10**400, "", "x" * LONG, "\x00", "\ud800", [], {}, [[]], {"": {}}, "tools/call", "../..",
)  # fmt: skip
_WORDS = ("tools/call", "tools/list", "initialize", "ping", "prompts/get", "resources/read", "tasks/get", "", "\u202e")
_METHODS = ("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "BREW")
_PATHS = ("/mcp", "/mcp/", "/", OPEN, "/mcp?x=%00", "/%2e%2e/mcp", "//mcp", "/mcp/../mcp", "*", "/" + "m" * 3_000)


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request. `known`: it carries the token, and is under a name and from a page that may come."""

    known: bool
    method: str = "POST"
    path: str = "/mcp"
    headers: Mapping[str, str] = field(default_factory=lambda: RIGHT)
    more: tuple[tuple[str, str], ...] = ()
    body: bytes = BODY


def mutated(drawn: random.Random) -> Request:
    """A request with something wrong about it."""
    known = drawn.random() < 1 / 2
    request = Request(known=known)
    if not known:
        request = replace(request, headers=_without_right(request.headers, drawn))
    changes = (_other_header, _twice, _other_method, _other_path, _other_bytes, _other_value, _other_shape)
    for _ in range(drawn.randint(1, MOST_CHANGES)):
        request = drawn.choice(changes)(request, drawn)
    return request


async def besiege(market: RunningMarket, requests: int, seed: int) -> tuple[Counter[int], list[str]]:
    """Send them all. How often each status came, and what should not have happened."""
    drawn = random.Random(seed)
    port = int(market.url.rpartition(":")[2].partition("/")[0])
    every = [(number, mutated(drawn)) for number in range(requests)]
    statuses, wrong = Counter[int](), list[str]()

    async def send(number: int, request: Request) -> None:
        try:
            status = (await _sent(port, request)).status
        except TimeoutError:
            wrong.append(f"number {number} of seed {seed} was not answered")
            return
        statuses[status] += 1
        if status >= FAULT or (CLOSED < status < MOVED and not request.known and request.path != OPEN):
            wrong.append(f"number {number} of seed {seed} was answered with {status}")

    async def send_all(known: bool) -> None:
        chosen = [one for one in every if one[1].known is known]
        for start in range(0, len(chosen), AT_ONCE):
            await asyncio.gather(*(send(*one) for one in chosen[start : start + AT_ONCE]))

    market.market.calls.clear()
    await send_all(known=False)
    wrong += [f"{name} ran without the token" for name, _ in market.market.calls]
    await send_all(known=True)
    market.market.calls.clear()
    last = await _sent(port, Request(known=True))
    if last.status != 200 or market.market.calls != [("quote", ("AAPL",))]:
        wrong.append(f"afterwards a right request was answered with {last.status}")
    return statuses, wrong


# --- What is changed -------------------------------------------------------------------------------------------------


def _without_right(headers: Mapping[str, str], drawn: random.Random) -> Mapping[str, str]:
    at = drawn.randrange(len(TOKEN))
    tokens = (
        None, "", "Bearer", f"Bearer {TOKEN[:at]}", f"Bearer {TOKEN[at + 1 :]}", f"Bearer {TOKEN}{TOKEN[at]}",
        f"Bearer {TOKEN[:at]}{chr(ord(TOKEN[at]) ^ 1)}{TOKEN[at + 1 :]}", f"Basic {TOKEN}", f"Bearer {TOKEN.upper()}",
        f"Bearer {TOKEN}, Bearer {TOKEN}", "Bearer " + _junk(drawn, 40),
    )  # fmt: skip
    chosen = drawn.choice(tokens)
    return {name: value for name, value in {**headers, "Authorization": chosen}.items() if value is not None}


def _other_header(request: Request, drawn: random.Random) -> Request:
    name = drawn.choice([name for name in RIGHT if name not in ("Authorization", "Host")] + ["Content-Encoding"])
    value = drawn.choice((None, "", _junk(drawn, 30), "x" * LONG, "gzip", "application/json; charset=utf-16", "*/*"))
    headers = {**request.headers, name: value}
    return replace(request, headers={name: value for name, value in headers.items() if value is not None})


def _twice(request: Request, drawn: random.Random) -> Request:
    name = drawn.choice(("Content-Type", "Accept", "Mcp-Session-Id", "MCP-Protocol-Version", "Cookie", "Expect"))
    return replace(request, more=(*request.more, (name, drawn.choice(("", _junk(drawn, 20), "application/json")))))


def _other_method(request: Request, drawn: random.Random) -> Request:
    # With the token, GET opens a stream that does not end.
    return replace(request, method=drawn.choice(_METHODS[request.known :]))


def _other_path(request: Request, drawn: random.Random) -> Request:
    return replace(request, path=drawn.choice(_PATHS))


def _other_bytes(request: Request, drawn: random.Random) -> Request:
    body = bytearray(request.body)
    match drawn.randrange(4):
        case 0:
            body = body[: drawn.randrange(len(body) + 1)]
        case 1:
            for _ in range(drawn.randint(1, 8)):
                body.insert(drawn.randrange(len(body) + 1), drawn.randrange(256))
        case 2:
            body = body * drawn.randint(2, 40)
        case _:
            for at in [drawn.randrange(len(body)) for _ in range(8 if body else 0)]:
                body[at] = drawn.randrange(256)
    return replace(request, body=bytes(body))


def _other_value(request: Request, drawn: random.Random) -> Request:
    call = json.loads(json.dumps(CALL))
    places = list(_places(call))
    for holder, key in drawn.sample(places, drawn.randint(1, 3)):
        match drawn.randrange(3):
            case 0:
                holder.pop(key, None)
            case 1:
                holder[key] = drawn.choice(_WORDS)
            case _:
                holder[key] = drawn.choice(_VALUES)
    return replace(request, body=json.dumps(call).encode())


def _other_shape(request: Request, drawn: random.Random) -> Request:
    call = json.dumps(CALL)
    shapes = (
        "[" * DEEP + "]" * DEEP, '{"a":' * DEEP + "1" + "}" * DEEP, f"[{call},{call}]", "null", "NaN", "[]", '""', "",
        call.replace('"AAPL"', "9" * LONG), call.replace('"AAPL"', "[" * DEEP + "]" * DEEP), f"{call}\n{call}",
        call.replace('"id": 1', '"id": {}'), call.replace('"id": 1', '"id": 1, "id": 2'), call[:-1] + ', "method": 1}',
    )  # fmt: skip
    coded = drawn.choice(("utf-8", "utf-8", "utf-16", "utf-32-be"))
    return replace(request, body=drawn.choice(shapes).encode(coded))


def _places(value: object) -> Iterator[tuple[dict[str, Any], str]]:
    if isinstance(value, dict):
        holder = cast("dict[str, Any]", value)
        for key in list(holder):
            yield holder, key
            yield from _places(holder[key])


def _junk(drawn: random.Random, most: int) -> str:
    return "".join(drawn.choice(_JUNK) for _ in range(drawn.randint(0, most)))


async def _sent(port: int, request: Request) -> Reply:
    headers = {name: value.replace("{port}", str(port)) for name, value in request.headers.items()}
    return await ask(
        port, method=request.method, path=request.path, headers=headers, more=request.more, body=request.body
    )


def main() -> int:
    """Parse the command line, send, print."""
    options = argparse.ArgumentParser(prog="tests.security.mutations", description=__doc__)
    options.add_argument("--requests", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as directory, running_market(Path(directory)) as market:
        statuses, wrong = asyncio.run(besiege(market, given.requests, given.seed))
    answered = ", ".join(f"{status} {count:,}" for status, count in sorted(statuses.items()))
    print(f"{given.requests:,} requests; answered with {answered}")
    for line in wrong[:20]:
        print(f"  {line}")
    print("  green" if not wrong else f"  RED: {len(wrong)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

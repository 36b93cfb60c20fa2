"""The market-data server, as activities see it. The only module here that knows `mcp`.

One `mcp.Client` stays open per worker, since a first call costs three round trips. The SDK wants it entered and left
by one task, so a task of our own holds it; a connection that breaks is replaced by the next call. Tools and prompts
only read: a failed call was never half applied, and is never ambiguous.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import json
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar, cast

import httpx2
import mcp
from mcp import types as mcp_types
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from workflows.errors import CallError, Retriable, Terminal
from workflows.retry_after import retry_after

Json = dict[str, Any]
R = TypeVar("R")

_MODE = "2026-07-28"
_AGENTS = "clew/agents"
_EVENT_LIMIT = 8 * 1024 * 1024
"""Bytes of one result: pictures come inside it."""

_PAGES = 50

_answers: ContextVar[list[tuple[int, str | None]] | None] = ContextVar("clew_mcp_answers", default=None)
"""HTTP status and Retry-After of the answers to one call: the SDK hides both, but runs its POSTs in our context."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolTimeouts:
    """Seconds. `call` is one call with everything the SDK does around it, below the activities' own time-outs.

    `fresh` is how long a tool list is believed: turn and tool call look at the same one.
    """

    call: float = 30.0
    connect: float = 5.0
    fresh: float = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolSpec:
    """One tool of the server. `agents` are the roles that get it; None where the server does not say."""

    name: str
    description: str
    parameters: Json
    agents: tuple[str, ...] | None = None

    def function(self) -> Json:
        """The tool as a function that an agent may call, in Mistral's wire form."""
        about = {"name": self.name, "description": self.description, "parameters": self.parameters}
        return {"type": "function", "function": about}

    def serves(self, role: str) -> bool:
        """Whether the agent of `role` gets the tool; the analyst gets every one."""
        return role == "analyst" or (self.agents is not None and role in self.agents)


@dataclass(frozen=True, kw_only=True, slots=True)
class Toolset:
    """All tools. `digest` changes with every name, description, schema and assignment."""

    tools: tuple[ToolSpec, ...]
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolReply:
    """What a tool answered. `is_error`: the text is for the model, which may do better next time."""

    structured: Json | None
    text: str
    is_error: bool = False
    image: bytes | None = None
    image_type: str = ""


class MarketTools:
    """The tool server. Methods raise Retriable or Terminal (`tools_auth`, `tools_down`, `too_large`, `internal`)."""

    def __init__(self, url: str, token: str, timeouts: ToolTimeouts = ToolTimeouts()) -> None:
        self._url = url
        self._token = token
        self._timeouts = timeouts
        self._connection: _Connection | None = None
        self._replaced: set[_Connection] = set()
        self._connecting = asyncio.Lock()
        self.generation = 0
        """Grows with every new connection: what was read over an older one may have changed."""
        self._known: Toolset | None = None
        self._known_at = (0, 0.0)
        self._listing = asyncio.Lock()

    async def toolset(self) -> Toolset:
        """The tools as they were a moment ago, over the present connection."""
        async with self._listing:
            generation, listed = self._known_at
            if self._known is None or generation != self.generation or time.monotonic() - listed > self._timeouts.fresh:
                self._known = await self.list_tools()
                self._known_at = (self.generation, time.monotonic())
            return self._known

    async def list_tools(self) -> Toolset:
        """All tools, page by page."""
        return await self._call(_listed)

    async def prompt(self, name: str, arguments: dict[str, str] | None = None) -> list[str]:
        """The texts of a prompt's messages: its instructions, and with arguments the rendered task."""

        async def get(client: mcp.Client) -> list[str]:
            found = await client.get_prompt(name, arguments or None)
            contents = [message.content for message in found.messages]
            return [content.text for content in contents if isinstance(content, mcp_types.TextContent)]

        return await self._call(get)

    async def call(self, name: str, arguments: Json) -> ToolReply:
        """Call a tool. If we run again: it only reads."""

        async def call(client: mcp.Client) -> ToolReply:
            return _reply(await client.call_tool(name, arguments))

        return await self._call(call)

    async def close(self) -> None:
        """Close the connection. The next call opens another."""
        connections = [*self._replaced, *([] if self._connection is None else [self._connection])]
        self._connection, self._replaced = None, set()
        for connection in connections:
            await connection.close()

    # --- How ---------------------------------------------------------------------------------------------------------

    async def _call(self, work: Callable[[mcp.Client], Awaitable[R]]) -> R:
        seen: list[tuple[int, str | None]] = []
        mark = _answers.set(seen)
        try:
            async with asyncio.timeout(self._timeouts.call):
                connection = await self._connected()
                return await connection.run(work)
        except Exception as error:
            raise classify(error, seen) from error
        finally:
            _answers.reset(mark)

    async def _connected(self) -> _Connection:
        async with self._connecting:
            if self._connection is None or self._connection.broken:
                # Calls that are still running on the old one may end there.
                self._replaced = {
                    old for old in (*self._replaced, self._connection) if old is not None and not old.gone
                }
                self._connection = await _Connection.open(self._url, self._token, self._timeouts.connect)
                self.generation += 1
            return self._connection


class _Connection:
    """One open client, and the task that holds it."""

    def __init__(self, url: str, token: str, connect: float) -> None:
        self.broken = False
        self._users = 0
        self._opened: asyncio.Future[mcp.Client] = asyncio.get_running_loop().create_future()
        self._leave = asyncio.Event()
        self._holder = asyncio.create_task(self._hold(url, token, connect))
        self._holder.add_done_callback(self._ended)

    @classmethod
    async def open(cls, url: str, token: str, connect: float) -> _Connection:
        """Open a connection; nothing is sent before the first call."""
        connection = cls(url, token, connect)
        await asyncio.wait({connection._opened, connection._holder}, return_when=asyncio.FIRST_COMPLETED)
        return connection

    @property
    def gone(self) -> bool:
        """Whether the client was left."""
        return self._holder.done()

    async def run(self, work: Callable[[mcp.Client], Awaitable[R]]) -> R:
        """Do one piece of work. Raises what ended the connection, should it end meanwhile."""

        async def working() -> R:
            return await work(await self._opened)

        self._users += 1
        task = asyncio.create_task(working())
        try:
            await asyncio.wait({task, self._holder}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                await self._lost()
            return await task
        except MCPError as error:
            self.broken = self.broken or error.code == mcp_types.CONNECTION_CLOSED
            raise
        except BaseException as error:
            self.broken = self.broken or isinstance(error, Exception)
            raise
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self._users -= 1
            if self.broken and self._users == 0:
                self._leave.set()

    async def close(self) -> None:
        """Leave the client."""
        self.broken = True
        self._leave.set()
        await asyncio.gather(self._holder, return_exceptions=True)

    async def _lost(self) -> NoReturn:
        await asyncio.shield(self._holder)
        raise ConnectionError("the connection was closed")

    def _ended(self, holder: asyncio.Task[None]) -> None:
        self.broken = True
        if not holder.cancelled():
            holder.exception()  # told to the calls that it took along

    async def _hold(self, url: str, token: str, connect: float) -> None:
        # Read time-outs are the callers' own: here one would take the other calls' connection along.
        timeout = httpx2.Timeout(None, connect=connect)
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx2.AsyncClient(timeout=timeout, headers=headers, event_hooks={"response": [_note]}) as http:
            transport = streamable_http_client(url, http_client=http, max_sse_event_size=_EVENT_LIMIT)
            async with mcp.Client(transport, mode=_MODE, cache=None) as client:
                self._opened.set_result(client)
                await self._leave.wait()


async def _note(response: httpx2.Response) -> None:
    seen = _answers.get()
    if seen is not None:
        seen.append((response.status_code, response.headers.get("retry-after")))


async def _listed(client: mcp.Client) -> Toolset:
    specs: list[ToolSpec] = []
    cursor: str | None = None
    for _ in range(_PAGES):
        page = await client.list_tools(cursor=cursor)
        specs += [_spec(tool) for tool in page.tools]
        cursor = page.next_cursor
        if cursor is None:
            break
    parts = [[spec.name, spec.description, spec.parameters, spec.agents] for spec in specs]
    digest = hashlib.sha256(json.dumps(sorted(parts, key=lambda part: str(part[0])), sort_keys=True).encode())
    return Toolset(tools=tuple(specs), digest=digest.hexdigest()[:32])


def _spec(tool: mcp_types.Tool) -> ToolSpec:
    agents = (tool.meta or {}).get(_AGENTS)
    roles = tuple(str(role) for role in cast("list[object]", agents)) if isinstance(agents, list) else None
    return ToolSpec(
        name=tool.name, description=tool.description or "", parameters=dict(tool.input_schema), agents=roles
    )


def _reply(result: mcp_types.CallToolResult) -> ToolReply:
    texts = [item.text for item in result.content if isinstance(item, mcp_types.TextContent)]
    picture = next((item for item in result.content if isinstance(item, mcp_types.ImageContent)), None)
    image: bytes | None = None
    if picture is not None:
        with suppress(binascii.Error, ValueError):
            image = base64.b64decode(picture.data, validate=True)
    structured: object = result.structured_content
    return ToolReply(
        structured=cast("Json", structured) if isinstance(structured, dict) else None,
        text="\n\n".join(texts),
        is_error=bool(result.is_error),
        image=image,
        image_type=picture.mime_type if picture is not None and image is not None else "",
    )


# --- Errors ----------------------------------------------------------------------------------------------------------


def classify(error: Exception, seen: list[tuple[int, str | None]] | None = None) -> CallError:
    """The class of anything the SDK raises. `seen` are status and Retry-After of the call's answers, newest last."""
    leaf = next(_leaves(error), error)
    refused = next(((status, wait) for status, wait in reversed(seen or []) if status >= 400), None)
    if refused is not None and (by_status := _by_status(*refused)) is not None:
        return by_status
    if isinstance(leaf, MCPError):
        return _by_code(leaf)
    if isinstance(leaf, (httpx2.TransportError, TimeoutError, OSError)):
        sent = not isinstance(leaf, (httpx2.ConnectError, httpx2.ConnectTimeout))
        return Retriable(f"the tool server did not answer: {type(leaf).__name__}", code="tools_down", sent=sent)
    # A result against its own schema: no repetition mends that.
    return Terminal(f"the tool server's answer cannot be used: {type(leaf).__name__}", code="internal")


def _by_status(status: int, wait: str | None) -> CallError | None:
    if status in (401, 403):
        return Terminal(f"the tool server answered {status}", code="tools_auth", status=status)
    if status == 413:
        return Terminal("the tool server answered 413", code="too_large", status=status)
    if status in (404, 408, 421, 429) or status >= 500:
        return Retriable(f"the tool server answered {status}", code="tools_down", retry_after=retry_after(wait))
    return None


def _by_code(error: MCPError) -> CallError:
    data = cast("Json", error.data) if isinstance(error.data, dict) else {}
    kind = data.get("kind")
    if kind == "rate_limited":
        wait = data.get("retry_after")
        seconds = float(wait) if isinstance(wait, int | float) and wait >= 0 else None
        return Retriable("the provider of market data asks to wait", code="tools_down", retry_after=seconds)
    if kind == "outage":
        return Retriable("the provider of market data is away", code="tools_down")
    if error.code in (mcp_types.INVALID_PARAMS, mcp_types.INVALID_REQUEST):
        return Terminal(f"the tool server refused the request: {error.code}", code="internal")
    return Retriable(f"the tool server answered with error {error.code}", code="tools_down")


def _leaves(error: BaseException) -> Iterator[Exception]:
    """The exceptions inside nested groups, the SDK's usual wrapping."""
    if isinstance(error, BaseExceptionGroup):
        for inner in cast("BaseExceptionGroup[BaseException]", error).exceptions:
            yield from _leaves(inner)
    elif isinstance(error, Exception):
        yield error


@asynccontextmanager
async def connect_tools(url: str, token: str, timeouts: ToolTimeouts = ToolTimeouts()) -> AsyncGenerator[MarketTools]:
    """The tool server at `url`; its connection is closed at the end. Nothing is sent before the first call."""
    tools = MarketTools(url, token, timeouts)
    try:
        yield tools
    finally:
        await tools.close()

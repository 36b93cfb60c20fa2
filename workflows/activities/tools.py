"""Tool calls. Tools only read, so Temporal repeats them; sentences here are for the model, not for people."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Sequence
from typing import Any, cast

from temporalio import activity

from workflows.activities.heartbeat import heartbeating
from workflows.activities.recorded import as_object, fitted
from workflows.blobs import BlobStore
from workflows.contracts import Chart, Evidence, ResolvedSymbol, ResolveSymbol, ToolCall, ToolRequest
from workflows.errors import CallError, retried_by_temporal
from workflows.live import LiveBoards
from workflows.mcp_client import MarketTools, ToolReply
from workflows.reports import tool_title

Json = dict[str, Any]

_MALFORMED = "The arguments are not a JSON object. Call the tool again with valid JSON."
_CHANGED = "The tools have changed since this question was asked. Call none, and answer from what you have."
_NOT_GIVEN = "You have no such tool. Go on without it."
_FAILED = "The tool failed. Go on without it, and say what is missing."
_SEARCH = "search_symbols"
_SUGGESTIONS = 5
_ERROR_LIMIT = 2_000
_ARGUMENTS_LIMIT = 500
"""Characters of a call's arguments that are recorded: a turn has many calls, and hands all of them on."""
_TITLE = 200
_ALT = 1_000
_ADVERTISEMENT = re.compile(r"^\s*For further information visit \S+$", re.MULTILINE)

_log = logging.getLogger(__name__)


class ToolActivities:
    """The tool server's tools."""

    def __init__(self, tools: MarketTools, blobs: BlobStore, boards: LiveBoards) -> None:
        self._tools = tools
        self._blobs = blobs
        self._boards = boards

    @activity.defn(name="call_tool")
    async def call_tool(self, request: ToolRequest) -> Evidence:
        """Call one tool. What the model could have avoided is evidence it reads; an outage is waited out."""
        call = request.call
        arguments = as_object(call.arguments.strip() or "{}")
        async with heartbeating(), self._boards.watch(request.live, request.line) as seat:
            if arguments is None:
                return await self._error(call, _MALFORMED)
            seat.detail(_detail(call.name, arguments))
            try:
                toolset = await self._tools.toolset()
                if toolset.digest != request.toolset:
                    _log.warning("The tool list changed during a turn: %s was refused", call.name)
                    return await self._error(call, _CHANGED)
                if not any(tool.name == call.name and tool.serves(request.role) for tool in toolset.tools):
                    _log.warning("A tool was asked for that the agent %s does not have", request.role)
                    return await self._error(call, _NOT_GIVEN)
                reply = await self._tools.call(call.name, arguments)
            except CallError as error:
                raise retried_by_temporal(error) from None
            if reply.is_error:
                return await self._error(call, _for_the_model(call.name, reply.text))
            return await self._evidence(call, reply)

    @activity.defn(name="resolve_symbol")
    async def resolve_symbol(self, request: ResolveSymbol) -> ResolvedSymbol:
        """Which listed company a symbol names: an exact match in the tool server's search, or its suggestions."""
        wanted = request.symbol.strip().lstrip("$").upper()
        async with heartbeating():
            try:
                reply = await self._tools.call(_SEARCH, {"query": wanted})
            except CallError as error:
                raise retried_by_temporal(error) from None
        matches = _matches(reply)
        exact = next((match for match in matches if match[0].upper() == wanted), None) or next(
            (match for match in matches if _same(match[0]) == _same(wanted)), None
        )
        if exact is not None:
            return ResolvedSymbol(symbol=exact[0], company=exact[1])
        suggestions = tuple(f"{symbol} ({name})" if name else symbol for symbol, name in matches[:_SUGGESTIONS])
        return ResolvedSymbol(symbol=wanted, known=False, suggestions=suggestions)

    # --- How ---------------------------------------------------------------------------------------------------------

    async def _evidence(self, call: ToolCall, reply: ToolReply) -> Evidence:
        value = reply.structured if reply.structured is not None else {"text": reply.text}
        kept = await self._blobs.put(json.dumps(fitted(value), ensure_ascii=False).encode(), "application/json")
        chart: Chart | None = None
        if reply.image is not None:
            chart = Chart(
                image=await self._blobs.put(reply.image, reply.image_type),
                title=str(value.get("title") or tool_title(call.name))[:_TITLE],
                alt=str(value.get("alt_text") or value.get("title") or "")[:_ALT],
                as_of=str(value.get("as_of") or "")[:_TITLE],
            )
        return Evidence(tool=call.name, arguments=call.arguments[:_ARGUMENTS_LIMIT], result=kept, chart=chart)

    async def _error(self, call: ToolCall, sentence: str) -> Evidence:
        kept = await self._blobs.put(json.dumps({"error": sentence}).encode(), "application/json")
        return Evidence(tool=call.name, arguments=call.arguments[:_ARGUMENTS_LIMIT], result=kept, error=True)


def _for_the_model(tool: str, text: str) -> str:
    """The tool's own words, less what the protocol's SDK puts around them."""
    prefix = f"Error executing tool {tool}"
    said = text.strip()
    if said == prefix:
        return _FAILED
    said = _ADVERTISEMENT.sub("", said.removeprefix(f"{prefix}:")).strip()
    return said[:_ERROR_LIMIT] or _FAILED


def _detail(tool: str, arguments: Json) -> str:
    """What a progress line says of a call, in a few words."""
    about = arguments.get("symbol") or arguments.get("symbols") or arguments.get("query") or ""
    words = cast("Sequence[object]", about) if isinstance(about, list) else [about]
    told = ", ".join(" ".join(str(word).split()) for word in words if word)
    return f"{tool_title(tool)} {told[:60]}".strip()


def _matches(reply: ToolReply) -> list[tuple[str, str]]:
    """Symbol and name of what a search found; nothing where it refused the query."""
    found: object = (reply.structured or {}).get("matches")
    if reply.is_error or not isinstance(found, list):
        return []
    rows = [cast("Json", row) for row in cast("list[object]", found) if isinstance(row, dict)]
    return [(str(row["symbol"])[:_TITLE], str(row.get("name") or "")[:_TITLE]) for row in rows if row.get("symbol")]


def _same(symbol: str) -> str:
    """Share classes are written with a dot or a hyphen."""
    return symbol.upper().replace(".", "-").replace("/", "-")

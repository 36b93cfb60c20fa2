"""`clew worker`: workflows, agent steps, tool calls and delivery to every platform that is set up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack

from bot.connect import START_PATIENCE, connect
from bot.observed import trace_links
from bot.platforms.installed import build_of, installed
from bot.platforms.terminal import TerminalPlatform
from bot.platforms.terminal_store import open_store
from bot.settings import Settings, SettingsError
from bot.waiting import unless
from workflows import search_attributes
from workflows.activities.agents import AgentActivities, TurnTerms
from workflows.activities.reports import ReportActivities
from workflows.activities.roster import Roster
from workflows.activities.tools import ToolActivities
from workflows.blobs import BlobStore, FileBlobStore
from workflows.chat import Chat
from workflows.contracts import Limits, Terms
from workflows.ledger import TemporalLedger
from workflows.live import LiveBoards
from workflows.mcp_client import ToolTimeouts, connect_tools
from workflows.mistral import Timeouts, connect_mistral
from workflows.pausing import TemporalHold
from workflows.refusals import Refusals
from workflows.tracing import ActivityTracing
from workflows.worker import Crew, build_worker

_log = logging.getLogger(__name__)


async def run(
    settings: Settings,
    until: asyncio.Event,
    *,
    timeouts: Timeouts = Timeouts(),
    tool_timeouts: ToolTimeouts = ToolTimeouts(),
    guarded: bool = False,
) -> None:
    """Work until the event is set; `guarded` runs workflows in Temporal's sandbox.

    Raises UnreachableError, SettingsError, or what a Temporal worker died of.
    """
    if settings.sandboxed and settings.mistral_url is None:
        raise SettingsError(
            "MISTRAL_API_KEY is not set, and no sandbox was handed to this worker. "
            "`clew up` starts one; by hand, run `clew sandbox` and set MISTRAL_SERVER_URL to its address."
        )
    if settings.mcp_auth_token is None:
        raise SettingsError("MCP_AUTH_TOKEN is not set; give this worker the tool server's.")
    async with AsyncExitStack() as stack:
        client = await unless(until, connect(settings, long_lived=True, patience=START_PATIENCE))
        if client is None:
            return
        mistral = await stack.enter_async_context(connect_mistral(settings.mistral_key, settings.mistral_url, timeouts))
        tools = await stack.enter_async_context(
            connect_tools(settings.mcp_url, settings.mcp_auth_token.get_secret_value(), tool_timeouts)
        )
        blobs = FileBlobStore(settings.data_dir / "blobs")
        chats = _chats(settings, stack, blobs)
        searchable = await search_attributes.ensure(client)
        if not searchable:
            _log.warning("search attributes are missing and may not be added; `clew doctor` prints the command")
        refusals = Refusals()
        boards = LiveBoards({chat.name: chat for chat in chats}, refusals)
        agents = AgentActivities(
            mistral,
            tools,
            blobs,
            boards,
            roster=Roster(mistral, tools, model=settings.clew_model),
            terms=TurnTerms(
                limits=Limits(deadline=settings.clew_turn_deadline, tool_steps=settings.clew_max_tool_steps),
                asker=Terms(
                    tokens=settings.clew_daily_tokens_per_user,
                    per_minute=settings.clew_turns_per_minute_per_user,
                    at_once=settings.clew_turns_at_once_per_user,
                ),
                workspace_tokens=settings.clew_daily_tokens_per_workspace,
                searchable=searchable,
            ),
            ledger=TemporalLedger(client),
            hold=TemporalHold(client),
        )
        crew = Crew(
            agents=agents,
            tools=ToolActivities(tools, blobs, boards),
            reports=ReportActivities(blobs),
            blobs=blobs,
            chats=chats,
            refusals=refusals,
            searchable=searchable,
            trace_link=trace_links(settings),
        )
        await build_worker(client, crew, interceptors=[ActivityTracing()], guarded=guarded).run(until)


def _chats(settings: Settings, stack: AsyncExitStack, blobs: BlobStore) -> Sequence[Chat]:
    """The platforms to deliver to. The terminal needs no setting: its store lies in the data directory."""
    chats: list[Chat] = [TerminalPlatform(stack.enter_context(open_store(settings.data_dir)))]
    chats += [build_of(name).build_platform(settings, blobs) for name in installed(settings)]
    return chats

"""What one person did lately, from Temporal's own records: their threads, and today's tokens."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from temporalio.client import Client, WorkflowExecution
from temporalio.service import RPCError

from workflows.contracts import Asker, ThreadRef
from workflows.identity import ASKER, LAST_MESSAGE, PLATFORM, TURN_STATE, WORKSPACE, thread_of, usage_id
from workflows.ledger import tokens_today

SHOWN = 8
_LIMIT = timedelta(seconds=2)
_PLAIN = re.compile(r"[A-Za-z0-9_.\-]+")
"""Ids that may stand in a query."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RecentThread:
    """One of somebody's threads. `state` is running, parked or idle; `last` is when somebody last said something."""

    thread: ThreadRef
    title: str
    state: str
    last: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    """`tokens` are today's (UTC), None where no worker could say."""

    threads: tuple[RecentThread, ...]
    tokens: int | None


async def overview(client: Client, platform: str, workspace: str, user: str) -> Overview:
    """A person's overview. Raises RPCError where Temporal does not answer."""
    threads, tokens = await asyncio.gather(
        _threads(client, platform, workspace, user),
        tokens_today(client, _LIMIT, usage_id(platform, workspace, Asker(user=user))),
    )
    return Overview(threads=threads, tokens=tokens)


async def _threads(client: Client, platform: str, workspace: str, user: str) -> tuple[RecentThread, ...]:
    if not all(_PLAIN.fullmatch(word) for word in (platform, workspace, user)):
        return ()
    terms = [f"{PLATFORM.name} = '{platform}'", f"{WORKSPACE.name} = '{workspace}'", f"{ASKER.name} = '{user}'"]
    query = " AND ".join(["WorkflowType = 'ConversationWorkflow'", "ExecutionStatus = 'Running'", *terms])
    try:
        found = [execution async for execution in client.list_workflows(query, limit=SHOWN)]
    except RPCError:
        # A namespace without the attributes cannot say whose a conversation is.
        return ()
    threads = await asyncio.gather(*(_recent(client, execution) for execution in found))
    return tuple(sorted((one for one in threads if one), key=lambda one: one.last, reverse=True))


async def _recent(client: Client, execution: WorkflowExecution) -> RecentThread | None:
    thread = thread_of(execution.id)
    if thread is None:
        return None
    try:
        described = await client.get_workflow_handle(execution.id).describe(rpc_timeout=_LIMIT)
        summary = await described.static_summary() or ""
    except (RPCError, RuntimeError):
        summary = ""
    attributes = execution.typed_search_attributes
    return RecentThread(
        thread=thread,
        title=summary.removeprefix(f"{thread.platform}: ") or "thread",
        state=attributes.get(TURN_STATE) or "idle",
        last=attributes.get(LAST_MESSAGE) or execution.start_time,
    )

"""Tokens per asker and day, kept by `UsageWorkflow`: exact over workers and restarts, with nothing else to run.

Everybody's together are kept by one more of them: a report must not ask as many ledgers as there are askers.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from temporalio.client import Client
from temporalio.exceptions import TemporalError
from temporalio.service import RPCError, RPCStatusCode

from workflows.contracts import Asker, ThreadRef, UsageBooking, UsageState
from workflows.errors import Retriable
from workflows.identity import TASK_QUEUE, USAGE_TOTAL, usage_id
from workflows.usage import UsageWorkflow


class TemporalLedger:
    """The ledger as activities see it."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def book(self, thread: ThreadRef, asker: Asker, key: str, tokens: int) -> None:
        """Book tokens under `key`. If it happened and we were not told, or we run again: the key counts once.

        Raises Retriable where Temporal cannot be reached.
        """
        day = _today()
        own = UsageBooking(key=f"{thread.channel}:{thread.thread}:{key}", day=day, tokens=tokens)
        of_all = replace(own, key=f"{thread.platform}:{thread.workspace}:{own.key}")
        ledger = UsageState(platform=thread.platform, workspace=thread.workspace, user=asker.user)
        try:
            await asyncio.gather(
                self._book(usage_id(thread.platform, thread.workspace, asker), ledger, own),
                self._book(USAGE_TOTAL, UsageState(platform="", workspace="", user=""), of_all),
            )
        except RPCError as error:
            raise Retriable("the ledger cannot be reached", code="internal") from error

    async def spent_today(self, thread: ThreadRef, asker: Asker) -> int:
        """Tokens that `asker` used today (UTC). Raises Retriable where Temporal cannot be reached."""
        handle = self._client.get_workflow_handle_for(
            UsageWorkflow.run, usage_id(thread.platform, thread.workspace, asker)
        )
        try:
            state = await handle.query(UsageWorkflow.spent)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return 0
            raise Retriable("the ledger cannot be reached", code="internal") from error
        return state.tokens if state.day == _today() else 0

    async def _book(self, ledger: str, state: UsageState, booking: UsageBooking) -> None:
        await self._client.start_workflow(
            UsageWorkflow.run,
            state,
            id=ledger,
            task_queue=TASK_QUEUE,
            start_signal="book",
            start_signal_args=[booking],
        )


async def tokens_today(client: Client, within: timedelta, ledger: str = USAGE_TOTAL) -> int | None:
    """Tokens of today (UTC) that a ledger holds, everybody's or one asker's; None where no worker says so in time."""
    try:
        async with asyncio.timeout(within.total_seconds()):
            state = await client.get_workflow_handle_for(UsageWorkflow.run, ledger).query(UsageWorkflow.spent)
    except RPCError as error:
        return 0 if error.status is RPCStatusCode.NOT_FOUND else None
    except (TemporalError, RuntimeError, TimeoutError):
        return None
    return state.tokens if state.day == _today() else 0


def _today() -> str:
    return datetime.now(UTC).date().isoformat()

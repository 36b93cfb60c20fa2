"""Tokens per asker and day, kept by `UsageWorkflow`: exact over workers and restarts, with nothing else to run.

Everybody's together are kept by one more of them: a report must not ask as many ledgers as there are askers.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from temporalio.client import (
    Client,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import TemporalError
from temporalio.service import RPCError, RPCStatusCode

from workflows.contracts import AdmitRequest, Asker, Refusal, Terms, ThreadRef, UsageBooking, UsageState
from workflows.errors import Retriable
from workflows.identity import TASK_QUEUE, USAGE_TOTAL, conversation_id, usage_id, workspace_usage_id
from workflows.usage import UsageWorkflow


class TemporalLedger:
    """The ledger as activities see it."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def book(self, thread: ThreadRef, asker: Asker, key: str, tokens: int, *, of_workspace: bool = False) -> None:
        """Book tokens under `key`, a turn's id and its attempt, whose place is free then.

        If it happened and we were not told, or we run again: the key counts once. Raises Retriable where Temporal
        cannot be reached.
        """
        whole, turn = _named(thread, key)
        own = UsageBooking(key=whole, day=_today(), tokens=tokens, turn=turn)
        ledgers = [self._book(usage_id(thread.platform, thread.workspace, asker), _ledger(thread, asker.user), own)]
        if of_workspace and tokens:
            shared = workspace_usage_id(thread.platform, thread.workspace)
            ledgers.append(self._book(shared, _ledger(thread), own))
        if tokens:
            of_all = replace(own, key=f"{thread.platform}:{thread.workspace}:{own.key}")
            ledgers.append(self._book(USAGE_TOTAL, UsageState(platform="", workspace="", user=""), of_all))
        try:
            await asyncio.gather(*ledgers)
        except RPCError as error:
            raise Retriable("the ledger cannot be reached", code="internal") from error

    async def admit(
        self, thread: ThreadRef, asker: Asker, key: str, terms: Terms, *, kind: str, moment: float = 0.0
    ) -> Refusal:
        """Ask for a turn's place under `key`, as `book` has it.

        If it happened and we were not told, or we run again: it is the same place, and none once the key is booked.

        Raises Retriable where Temporal cannot be reached, or its worker does not answer.
        """
        whole, turn = _named(thread, key)
        request = AdmitRequest(
            turn=turn,
            conversation=conversation_id(thread),
            day=_today(),
            kind=kind,
            terms=terms,
            moment=moment,
            key=whole,
        )
        ledger = usage_id(thread.platform, thread.workspace, asker)
        try:
            try:
                return await self._admit(ledger, request)
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
            # Nothing was ever booked there, or not for days. Update-with-start would do both at once, but leaves an
            # exception that nobody looks at where its caller is cancelled.
            await self._client.start_workflow(
                UsageWorkflow.run,
                _ledger(thread, asker.user),
                id=ledger,
                task_queue=TASK_QUEUE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            )
            return await self._admit(ledger, request)
        except (RPCError, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
            raise Retriable("the ledger cannot be reached", code="internal") from error

    async def _admit(self, ledger: str, request: AdmitRequest) -> Refusal:
        handle = self._client.get_workflow_handle_for(UsageWorkflow.run, ledger)
        return await handle.execute_update(UsageWorkflow.admit, request)  # pyright: ignore[reportUnknownMemberType] - temporalio's own gap

    async def spent_in_workspace(self, thread: ThreadRef) -> int:
        """Tokens that the thread's workspace used today (UTC). Raises Retriable where Temporal cannot be reached."""
        ledger = workspace_usage_id(thread.platform, thread.workspace)
        handle = self._client.get_workflow_handle_for(UsageWorkflow.run, ledger)
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


def _ledger(thread: ThreadRef, user: str = "") -> UsageState:
    return UsageState(platform=thread.platform, workspace=thread.workspace, user=user)


def _named(thread: ThreadRef, key: str) -> tuple[str, str]:
    """What an attempt, and its turn, are called in a ledger. `key`: the turn's id in its thread, and the attempt."""
    whole = f"{thread.channel}:{thread.thread}:{key}"
    return whole, whole.rpartition(":")[0]


def _today() -> str:
    return datetime.now(UTC).date().isoformat()

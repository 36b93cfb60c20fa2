"""Tokens per asker and day, kept by `UsageWorkflow`: exact over workers and restarts, with nothing else to run."""

from __future__ import annotations

from datetime import UTC, datetime

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from workflows.contracts import Asker, ThreadRef, UsageBooking, UsageState
from workflows.errors import Retriable
from workflows.identity import TASK_QUEUE, usage_id
from workflows.usage import UsageWorkflow


class TemporalLedger:
    """The ledger as activities see it."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def book(self, thread: ThreadRef, asker: Asker, key: str, tokens: int) -> None:
        """Book tokens under `key`. If it happened and we were not told, or we run again: the key counts once.

        Raises Retriable where Temporal cannot be reached.
        """
        booking = UsageBooking(key=f"{thread.channel}:{thread.thread}:{key}", day=_today(), tokens=tokens)
        try:
            await self._client.start_workflow(
                UsageWorkflow.run,
                UsageState(platform=thread.platform, workspace=thread.workspace, user=asker.user),
                id=usage_id(thread.platform, thread.workspace, asker),
                task_queue=TASK_QUEUE,
                start_signal="book",
                start_signal_args=[booking],
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


def _today() -> str:
    return datetime.now(UTC).date().isoformat()

"""The pause, as activities and administrators see it; `workflows.hold` keeps it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from temporalio.client import Client, WorkflowExecutionDescription, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import TemporalError
from temporalio.service import RPCError, RPCStatusCode

from workflows.contracts import HoldState, HoldView, PauseRequest, ResumeRequest, ThreadRef, WaitRequest
from workflows.errors import Retriable
from workflows.identity import HOLD, HOLD_MEMO, TASK_QUEUE, conversation_id
from workflows.policies import WORKFLOW_TASK_TIMEOUT


class TemporalHold:
    """The pause of one namespace."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._handle = client.get_workflow_handle(HOLD)

    async def waits(self, thread: ThreadRef, leave: str) -> bool:
        """Whether a new turn of a thread must wait; its conversation is on the list then, and keeps its place.

        Raises Retriable where Temporal cannot be reached.
        """
        try:
            described = await self._running()
            if described is None or described.raw_description.workflow_execution_info.first_run_id == leave:
                return False
            await self._handle.signal("wait", WaitRequest(conversation=conversation_id(thread)))
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False  # It ended in this moment.
            raise Retriable("the pause cannot be looked up", code="internal") from error
        return True

    async def pause(self, by: str, reason: str = "") -> None:
        """Let no new turn begin. Paused already: the reason may change. Raises RPCError."""
        request = PauseRequest(by=by, since=datetime.now(UTC).isoformat(timespec="seconds"), reason=reason)
        await self._client.start_workflow(
            "HoldWorkflow",
            HoldState(),
            id=HOLD,
            task_queue=TASK_QUEUE,
            task_timeout=WORKFLOW_TASK_TIMEOUT,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            start_signal="pause",
            start_signal_args=[request],
            # Readable before a worker has seen it.
            memo={HOLD_MEMO: HoldView(by=request.by, since=request.since, reason=request.reason)},
            static_summary="no new turns",
        )

    async def resume(self, by: str) -> bool:
        """Let those that wait go on; False where nothing is paused. Raises RPCError."""
        try:
            await self._handle.signal("resume", ResumeRequest(by=by))
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise
        return True

    async def view(self) -> HoldView | None:
        """The pause as it stands; None without one. Needs no worker. Raises RPCError."""
        described = await self._running()
        if described is None:
            return None
        return await described.memo_value(HOLD_MEMO, HoldView(), type_hint=HoldView)

    async def waiting(self, within: timedelta) -> int | None:
        """How many turns wait; None where no worker says so in time."""
        try:
            async with asyncio.timeout(within.total_seconds()):
                return await self._handle.query("waiting", result_type=int)
        except (TemporalError, RuntimeError, TimeoutError):
            return None

    async def _running(self) -> WorkflowExecutionDescription | None:
        try:
            described = await self._handle.describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise
        return described if described.status is WorkflowExecutionStatus.RUNNING else None

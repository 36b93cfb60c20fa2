"""Running turns, as Temporal describes the workflows that work on them."""

from __future__ import annotations

import asyncio
import hashlib
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.failure.v1 import Failure
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import Client, WorkflowExecution, WorkflowExecutionDescription
from temporalio.service import RPCError

from workflows.identity import LAST_MESSAGE, TURN_STATE, thread_of

SHOWN_TURNS = 20

_STATES = {
    PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED: "queued",
    PendingActivityState.PENDING_ACTIVITY_STATE_STARTED: "running",
    PendingActivityState.PENDING_ACTIVITY_STATE_CANCEL_REQUESTED: "stopping",
    PendingActivityState.PENDING_ACTIVITY_STATE_PAUSED: "paused",
    PendingActivityState.PENDING_ACTIVITY_STATE_PAUSE_REQUESTED: "pausing",
}
_HANDLE = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class PendingStep:
    """An activity that runs, waits for a worker, or waits for its next attempt. Times in seconds from now.

    `max_attempts` is 0 where it is tried until its turn's deadline; `last_failure` is the failure's type, not its text.
    """

    activity: str
    activity_id: str
    state: str
    attempt: int
    max_attempts: int
    last_failure: str
    next_retry_in: float | None
    age: float


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningTurn:
    """A workflow that works on a turn: a conversation, or the research it started. `age` in seconds.

    `handle` names the conversation in a few letters, "" for what is none yet; `link` is where Temporal's UI shows it.
    """

    workflow_id: str
    kind: str
    summary: str
    age: float
    steps: tuple[PendingStep, ...]
    handle: str = ""
    link: str = ""


def conversation_of(workflow_id: str) -> str:
    """The conversation that a workflow works for, by the id that `workflows.turn` gives to research; "" for none."""
    conversation, _, _ = workflow_id.partition(":research:")
    return conversation if thread_of(conversation) is not None else ""


def handle_of(workflow_id: str) -> str:
    """A conversation's few letters: the same for as long as it lives, so that a list may change before it is used."""
    conversation = conversation_of(workflow_id)
    return hashlib.sha256(conversation.encode()).hexdigest()[:_HANDLE] if conversation else ""


def link_to(ui: str, namespace: str, workflow_id: str = "") -> str:
    """Where Temporal's UI shows a workflow, or all of them; "" where no UI is known."""
    if not ui:
        return ""
    one = f"/{quote(workflow_id, safe='')}" if workflow_id else ""
    return f"{ui.rstrip('/')}/namespaces/{quote(namespace, safe='')}/workflows{one}"


async def running_turns(client: Client, *, searchable: bool, ui: str = "") -> tuple[RunningTurn, ...]:
    """The newest turns that run, or wait for an attempt. Raises RPCError."""
    running = "ExecutionStatus = 'Running'"
    busy = f" AND {TURN_STATE.name} = 'running'" if searchable else ""
    query = f"{running} AND WorkflowType = 'ConversationWorkflow'{busy}"
    query = f"({query}) OR ({running} AND WorkflowType IN ('ResearchWorkflow', 'OpenThreadWorkflow'))"
    found = [execution async for execution in client.list_workflows(query, limit=SHOWN_TURNS)]
    turns = await asyncio.gather(*(_turn(client, execution, searchable=searchable, ui=ui) for execution in found))
    return tuple(turn for turn in turns if turn is not None)


def steps_of(described: WorkflowExecutionDescription) -> tuple[PendingStep, ...]:
    """What a workflow waits for."""
    return tuple(_step(pending) for pending in described.raw_description.pending_activities)


async def summary_of(described: WorkflowExecutionDescription) -> str:
    """What a workflow is called in Temporal's UI."""
    try:
        return await described.static_summary() or ""
    except RuntimeError:
        return ""  # Written with a key that is not here.


async def _turn(client: Client, execution: WorkflowExecution, *, searchable: bool, ui: str) -> RunningTurn | None:
    try:
        described = await client.get_workflow_handle(execution.id, run_id=execution.run_id).describe()
    except RPCError:
        return None  # It ended between the list and the look.
    steps = steps_of(described)
    known = searchable or execution.workflow_type != "ConversationWorkflow"
    if not known and not steps and not described.raw_description.pending_children:
        return None
    # A conversation is as old as its thread; what it does now began with its last message.
    began = execution.typed_search_attributes.get(LAST_MESSAGE) or execution.start_time
    return RunningTurn(
        workflow_id=execution.id,
        kind=execution.workflow_type,
        summary=await summary_of(described),
        age=max((step.age for step in steps), default=(datetime.now(UTC) - began).total_seconds()),
        steps=steps,
        handle=handle_of(execution.id),
        link=link_to(ui, client.namespace, execution.id),
    )


def _step(pending: PendingActivityInfo) -> PendingStep:
    waits = -age_of(pending.next_attempt_schedule_time) if pending.HasField("next_attempt_schedule_time") else None
    state = _STATES.get(pending.state, "unknown")
    return PendingStep(
        activity=pending.activity_type.name,
        activity_id=pending.activity_id,
        state="backing off" if state == "queued" and waits is not None and waits > 0 else state,
        attempt=pending.attempt,
        max_attempts=pending.maximum_attempts,
        last_failure=_failure_type(pending.last_failure) if pending.HasField("last_failure") else "",
        next_retry_in=waits if waits is not None and waits > 0 else None,
        age=max(0.0, age_of(_since(pending))),
    )


def _since(pending: PendingActivityInfo) -> Timestamp:
    """When its present state began, as far as the server says: while it backs off, `scheduled_time` is yet to come."""
    if pending.HasField("last_started_time"):
        return pending.last_started_time
    if pending.HasField("last_attempt_complete_time"):
        return pending.last_attempt_complete_time
    return pending.scheduled_time


def _failure_type(failure: Failure) -> str:
    if failure.HasField("application_failure_info"):
        return failure.application_failure_info.type or "ApplicationError"
    kind = failure.WhichOneof("failure_info") or "failure"
    return kind.removesuffix("_failure_info")


def age_of(moment: Timestamp) -> float:
    """Seconds since a moment; 0 for none."""
    return time.time() - moment.ToMilliseconds() / 1000 if moment.seconds else 0.0

"""What Temporal knows of Clew: the numbers behind `clew status`, `/research-admin status` and the gateway.

Values first; `bot.admin_text` renders them. Everything is asked of Temporal's own APIs, so it is true whichever of our
processes is alive.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.enums.v1 import PendingActivityState, TaskQueueType
from temporalio.api.failure.v1 import Failure
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, GetSystemInfoRequest
from temporalio.client import Client, WorkflowExecution
from temporalio.service import RPCError

from bot.settings import Settings
from workflows.contracts import UsageState
from workflows.identity import TASK_QUEUE, TURN_STATE, chat_queue
from workflows.search_attributes import missing

TURN_STATES = ("running", "parked", "idle")
"""Values of the search attribute ClewTurnState."""

POLLER_FRESH = 75.0
"""Seconds since its last poll after which a poller counts as gone: a poll lasts up to a minute."""

SHOWN_TURNS = 20
_QUERY_TIMEOUT = timedelta(seconds=2)
_KINDS = {
    "workflows": TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    "activities": TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerHealth:
    """The server, as it answers now."""

    address: str
    namespace: str
    healthy: bool
    version: str
    searchable: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueHealth:
    """One task queue and kind. `backlog` counts tasks that wait, `backlog_age` and `last_poll_age` in seconds."""

    queue: str
    kind: str
    pollers: int
    last_poll_age: float | None
    backlog: int
    backlog_age: float


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
    """A workflow that works on a turn: a conversation, or the research it started. `age` in seconds."""

    workflow_id: str
    kind: str
    summary: str
    age: float
    steps: tuple[PendingStep, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """All of it. `conversations` maps a turn state to a count; `tokens_today` is None where no worker could say."""

    server: ServerHealth
    queues: tuple[QueueHealth, ...]
    conversations: dict[str, int]
    turns: tuple[RunningTurn, ...]
    tokens_today: int | None


def platforms_of(settings: Settings) -> tuple[str, ...]:
    """Platforms whose delivery queue matters with these settings."""
    named = (("slack", settings.slack_bot_token), ("discord", settings.discord_token))
    return ("terminal", *(name for name, token in named if token is not None))


async def collect(client: Client, *, platforms: Sequence[str] = ("terminal",)) -> Status:
    """Ask Temporal for everything at once. Raises RPCError where the server does not answer."""
    server = await _server(client)
    names = [TASK_QUEUE, *(chat_queue(platform) for platform in platforms)]
    wanted = [(name, kind) for name in names for kind in _KINDS if name == TASK_QUEUE or kind == "activities"]
    queues, conversations, turns, tokens = await asyncio.gather(
        asyncio.gather(*(_queue(client, name, kind) for name, kind in wanted)),
        _conversations(client, searchable=server.searchable),
        _turns(client, searchable=server.searchable),
        _tokens_today(client),
    )
    return Status(server=server, queues=tuple(queues), conversations=conversations, turns=turns, tokens_today=tokens)


async def _server(client: Client) -> ServerHealth:
    info = await client.workflow_service.get_system_info(GetSystemInfoRequest())
    try:
        searchable = not await missing(client)
    except RPCError:
        searchable = False
    return ServerHealth(
        address=client.service_client.config.target_host,
        namespace=client.namespace,
        healthy=await client.service_client.check_health(),
        version=info.server_version,
        searchable=searchable,
    )


async def _queue(client: Client, name: str, kind: str) -> QueueHealth:
    found = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=name),
            task_queue_type=_KINDS[kind],
            report_stats=True,
        )
    )
    ages = [_age(poller.last_access_time) for poller in found.pollers]
    return QueueHealth(
        queue=name,
        kind=kind,
        # They stay listed for minutes after their worker is gone.
        pollers=sum(age <= POLLER_FRESH for age in ages),
        last_poll_age=min(ages, default=None),
        backlog=found.stats.approximate_backlog_count,
        backlog_age=found.stats.approximate_backlog_age.ToMilliseconds() / 1000,
    )


async def _conversations(client: Client, *, searchable: bool) -> dict[str, int]:
    base = "WorkflowType = 'ConversationWorkflow' AND ExecutionStatus = 'Running'"
    if not searchable:
        return {"open": (await client.count_workflows(base)).count}
    # GROUP BY works on the execution status alone: one count per state.
    counts = await asyncio.gather(
        *(client.count_workflows(f"{base} AND {TURN_STATE.name} = '{state}'") for state in TURN_STATES)
    )
    return {state: found.count for state, found in zip(TURN_STATES, counts, strict=True)}


async def _turns(client: Client, *, searchable: bool) -> tuple[RunningTurn, ...]:
    running = "ExecutionStatus = 'Running'"
    busy = f" AND {TURN_STATE.name} = 'running'" if searchable else ""
    query = f"{running} AND WorkflowType = 'ConversationWorkflow'{busy}"
    query = f"({query}) OR ({running} AND WorkflowType IN ('ResearchWorkflow', 'OpenThreadWorkflow'))"
    found = [execution async for execution in client.list_workflows(query, limit=SHOWN_TURNS)]
    turns = await asyncio.gather(*(_turn(client, execution) for execution in found))
    return tuple(turn for turn in turns if turn is not None)


async def _turn(client: Client, execution: WorkflowExecution) -> RunningTurn | None:
    try:
        described = await client.get_workflow_handle(execution.id, run_id=execution.run_id).describe()
    except RPCError:
        return None  # It ended between the list and the look.
    steps = tuple(_step(pending) for pending in described.raw_description.pending_activities)
    if (
        execution.workflow_type == "ConversationWorkflow"
        and not steps
        and not described.raw_description.pending_children
    ):
        return None
    try:
        summary = await described.static_summary()
    except RuntimeError:
        summary = None  # Written with a key that is not here.
    return RunningTurn(
        workflow_id=execution.id,
        kind=execution.workflow_type,
        summary=summary or "",
        age=max((step.age for step in steps), default=(datetime.now(UTC) - execution.start_time).total_seconds()),
        steps=steps,
    )


def _step(pending: PendingActivityInfo) -> PendingStep:
    names = {
        PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED: "queued",
        PendingActivityState.PENDING_ACTIVITY_STATE_STARTED: "running",
        PendingActivityState.PENDING_ACTIVITY_STATE_CANCEL_REQUESTED: "stopping",
        PendingActivityState.PENDING_ACTIVITY_STATE_PAUSED: "paused",
        PendingActivityState.PENDING_ACTIVITY_STATE_PAUSE_REQUESTED: "pausing",
    }
    waits = -_age(pending.next_attempt_schedule_time) if pending.HasField("next_attempt_schedule_time") else None
    state = names.get(pending.state, "unknown")
    return PendingStep(
        activity=pending.activity_type.name,
        activity_id=pending.activity_id,
        state="backing off" if state == "queued" and waits is not None and waits > 0 else state,
        attempt=pending.attempt,
        max_attempts=pending.maximum_attempts,
        last_failure=_failure_type(pending.last_failure) if pending.HasField("last_failure") else "",
        next_retry_in=waits if waits is not None and waits > 0 else None,
        age=max(0.0, _age(_since(pending))),
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


def _age(moment: Timestamp) -> float:
    if not moment.seconds:
        return 0.0
    return time.time() - moment.ToMilliseconds() / 1000


async def _tokens_today(client: Client) -> int | None:
    """Sum of the askers' ledgers. They answer through a worker: None without one."""
    today = datetime.now(UTC).date().isoformat()
    query = "WorkflowType = 'UsageWorkflow' AND ExecutionStatus = 'Running'"
    handles = [client.get_workflow_handle(found.id) async for found in client.list_workflows(query)]

    async def spent(name: str) -> int | None:
        handle = client.get_workflow_handle(name)
        try:
            state = await handle.query("spent", result_type=UsageState, rpc_timeout=_QUERY_TIMEOUT)
        except (RPCError, RuntimeError):
            return None
        return state.tokens if state.day == today else 0

    answers = await asyncio.gather(*(spent(handle.id) for handle in handles))
    known = [tokens for tokens in answers if tokens is not None]
    return None if len(known) < len(answers) else sum(known)

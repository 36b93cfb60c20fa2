"""What Temporal knows of Clew: the numbers behind `clew status`, `/research-admin status` and the gateway.

Values first; `bot.admin_text` renders them. Everything is asked of Temporal's own APIs, so it is true whichever of our
processes is alive. What does not answer in time is said to be unknown, and the rest is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, GetSystemInfoRequest
from temporalio.client import Client
from temporalio.service import RPCError

from bot.admin_stuck import Stuck, stuck_workflows
from bot.admin_turns import RunningTurn, age_of, link_to, running_turns
from bot.settings import Settings
from workflows.contracts import HoldView
from workflows.identity import TASK_QUEUE, TURN_STATE, TURN_STATES, chat_queue
from workflows.ledger import tokens_today
from workflows.pausing import TemporalHold
from workflows.search_attributes import missing

POLLER_FRESH = 75.0
"""Seconds since its last poll after which a poller counts as gone: a poll lasts up to a minute."""

WITHIN = 5.0
"""Seconds for a report, where nobody says that it must be there sooner."""

_KINDS = {
    "workflows": TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    "activities": TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
}

T = TypeVar("T")


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
class Pause:
    """New turns wait. `waiting` is how many, None where no worker could say."""

    view: HoldView
    waiting: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """All of it. `conversations` maps a turn state to a count; `tokens_today` is None where no worker could say.

    `unknown` names the parts that did not answer in time; `link` is where Temporal's UI shows all workflows.
    """

    server: ServerHealth
    queues: tuple[QueueHealth, ...]
    conversations: dict[str, int]
    turns: tuple[RunningTurn, ...]
    tokens_today: int | None
    pause: Pause | None = None
    stuck: Stuck = field(default_factory=Stuck)
    unknown: tuple[str, ...] = ()
    link: str = ""


def platforms_of(settings: Settings) -> tuple[str, ...]:
    """Platforms whose delivery queue matters with these settings."""
    return ("terminal", *(name for name, token in settings.chat_tokens.items() if token is not None))


async def collect(
    client: Client, *, platforms: Sequence[str] = ("terminal",), ui: str = "", within: float = WITHIN
) -> Status:
    """Ask Temporal for everything at once; there in `within` seconds, whatever is slow.

    `ui` is the address of Temporal's UI, where one is known. Raises RPCError where the server does not answer.
    """
    parts = _Parts(within)
    info, healthy, absent = await asyncio.gather(
        client.workflow_service.get_system_info(GetSystemInfoRequest(), timeout=timedelta(seconds=within)),
        parts.ask("health", client.service_client.check_health(), otherwise=False),
        parts.ask("search attributes", missing(client), otherwise=None),
    )
    searchable = absent is not None and not absent
    names = [TASK_QUEUE, *(chat_queue(platform) for platform in platforms)]
    wanted = [(name, kind) for name in names for kind in _KINDS if name == TASK_QUEUE or kind == "activities"]
    queues, conversations, turns, stuck, tokens, pause = await asyncio.gather(
        parts.ask("queues", asyncio.gather(*(_queue(client, name, kind) for name, kind in wanted)), otherwise=[]),
        parts.ask("conversations", count_conversations(client, searchable=searchable), otherwise={}),
        parts.ask("running turns", running_turns(client, searchable=searchable, ui=ui), otherwise=()),
        parts.ask("failing workflow tasks", stuck_workflows(client, ui=ui), otherwise=Stuck()),
        tokens_today(client, parts.left),
        parts.ask("pause", pause_of(client, parts.left), otherwise=None),
    )
    server = ServerHealth(
        address=client.service_client.config.target_host,
        namespace=client.namespace,
        healthy=healthy,
        version=info.server_version,
        searchable=searchable,
    )
    return Status(
        server=server,
        queues=tuple(queues),
        conversations=conversations,
        turns=turns,
        tokens_today=tokens,
        pause=pause,
        stuck=stuck,
        unknown=tuple(parts.unknown),
        link=link_to(ui, client.namespace),
    )


async def count_conversations(client: Client, *, searchable: bool) -> dict[str, int]:
    """Open conversations by what they do. Raises RPCError."""
    base = "WorkflowType = 'ConversationWorkflow' AND ExecutionStatus = 'Running'"
    if not searchable:
        return {"open": (await client.count_workflows(base)).count}
    # GROUP BY works on the execution status alone: one count per state.
    counts = await asyncio.gather(
        *(client.count_workflows(f"{base} AND {TURN_STATE.name} = '{state}'") for state in TURN_STATES)
    )
    return {state: found.count for state, found in zip(TURN_STATES, counts, strict=True)}


async def pause_of(client: Client, within: timedelta) -> Pause | None:
    """The pause, if there is one. Raises RPCError."""
    hold = TemporalHold(client)
    view = await hold.view()
    return None if view is None else Pause(view=view, waiting=await hold.waiting(within))


async def _queue(client: Client, name: str, kind: str) -> QueueHealth:
    found = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=name),
            task_queue_type=_KINDS[kind],
            report_stats=True,
        )
    )
    ages = [age_of(poller.last_access_time) for poller in found.pollers]
    return QueueHealth(
        queue=name,
        kind=kind,
        # They stay listed for minutes after their worker is gone.
        pollers=sum(age <= POLLER_FRESH for age in ages),
        last_poll_age=min(ages, default=None),
        backlog=found.stats.approximate_backlog_count,
        backlog_age=found.stats.approximate_backlog_age.ToMilliseconds() / 1000,
    )


class _Parts:
    """The parts of one report, and the time that is left for them."""

    def __init__(self, within: float) -> None:
        self.unknown: list[str] = []
        self._end = asyncio.get_running_loop().time() + within

    @property
    def left(self) -> timedelta:
        """A little less than what is left, for what waits for a worker: its part is to be told without it."""
        return timedelta(seconds=min(2.0, max(0.05, 0.8 * (self._end - asyncio.get_running_loop().time()))))

    async def ask(self, name: str, part: Awaitable[T], *, otherwise: T) -> T:
        """A part, or what to show where it is late or refused."""
        try:
            async with asyncio.timeout_at(self._end):
                return await part
        except (RPCError, TimeoutError):
            self.unknown.append(name)
            return otherwise

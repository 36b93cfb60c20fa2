"""What runs where: one worker for workflows, agents and tools, and one for each chat platform's delivery."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from temporalio.client import Client
from temporalio.worker import Interceptor, UnsandboxedWorkflowRunner, Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from workflows import policies
from workflows.activities.agents import AgentActivities
from workflows.activities.delivery import DeliveryActivities
from workflows.activities.reports import ReportActivities
from workflows.activities.tools import ToolActivities
from workflows.blobs import BlobStore
from workflows.chat import Chat
from workflows.conversation import ConversationWorkflow
from workflows.hold import HoldWorkflow
from workflows.identity import TASK_QUEUE, chat_queue
from workflows.opening import OpenThreadWorkflow
from workflows.refusals import Refusals
from workflows.research import ResearchWorkflow
from workflows.usage import UsageWorkflow

WORKFLOWS: tuple[type, ...] = (
    ConversationWorkflow,
    HoldWorkflow,
    OpenThreadWorkflow,
    ResearchWorkflow,
    UsageWorkflow,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Crew:
    """The activities of one worker process."""

    agents: AgentActivities
    tools: ToolActivities
    reports: ReportActivities
    blobs: BlobStore
    chats: Sequence[Chat]
    refusals: Refusals
    searchable: bool
    trace_link: Callable[[str], str] = lambda _traceparent: ""


def build_worker(
    client: Client,
    crew: Crew,
    *,
    interceptors: Sequence[Interceptor] = (),
    max_cached_workflows: int = policies.CACHED,
    guarded: bool = False,
) -> CrewWorker:
    """Build the workers of one process. Nothing runs before `CrewWorker.run`.

    `guarded` runs workflows in Temporal's sandbox, which finds what is not deterministic: tests do, at its price
    (docs/decisions/0011-the-sandbox-guards-tests.md).
    """
    agents, tools, reports = crew.agents, crew.tools, crew.reports
    common: dict[str, Any] = {
        "interceptors": interceptors,
        "graceful_shutdown_timeout": policies.GRACE,
        "max_heartbeat_throttle_interval": policies.HEARTBEAT_THROTTLE,
        "default_heartbeat_throttle_interval": policies.HEARTBEAT_THROTTLE,
    }
    main = Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=WORKFLOWS,
        activities=[
            agents.begin_turn,
            agents.run_step,
            agents.end_turn,
            tools.call_tool,
            tools.resolve_symbol,
            reports.check_report,
            reports.compose_report,
            reports.compose_answer,
        ],
        workflow_runner=sandboxed() if guarded else UnsandboxedWorkflowRunner(),
        workflow_task_executor=ThreadPoolExecutor(max_workers=policies.WORKFLOW_THREADS),
        # A task that is fetched runs against its time-out: none is fetched that would only wait for a thread.
        max_concurrent_workflow_tasks=2 * policies.WORKFLOW_THREADS,
        max_cached_workflows=max_cached_workflows,
        sticky_queue_schedule_to_start_timeout=policies.STICKY,
        **common,
    )
    workers = [main]
    for chat in crew.chats:
        delivery = DeliveryActivities(
            chat,
            crew.blobs,
            client,
            refusals=crew.refusals,
            searchable=crew.searchable,
            trace_link=crew.trace_link,
        )
        workers.append(
            Worker(
                client,
                task_queue=chat_queue(chat.name),
                activities=[
                    delivery.open_thread,
                    delivery.start_conversation,
                    delivery.post_answer,
                    delivery.show_progress,
                    delivery.finish_answer,
                    delivery.withdraw,
                    delivery.read_thread,
                ],
                # The server hands out this queue's activities, so the limit holds over all workers.
                max_task_queue_activities_per_second=chat.capabilities.posts_per_second,
                **common,
            )
        )
    return CrewWorker(workers)


def sandboxed() -> SandboxedWorkflowRunner:
    """The workflow sandbox, with our own SDK-free modules passed through: loading them anew costs 0.4 s a thread."""
    return SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_modules(
            "workflows.contracts",
            "workflows.errors",
            "workflows.identity",
            "workflows.policies",
            "workflows.ports",
            "workflows.sentences",
        )
    )


class CrewWorker:
    """Several Temporal workers that start and stop as one."""

    def __init__(self, workers: Sequence[Worker]) -> None:
        self._workers = workers

    async def run(self, until: asyncio.Event) -> None:
        """Run until the event is set, then hand over within the grace period. Raises what a worker died of."""
        running = [asyncio.create_task(worker.run()) for worker in self._workers]
        stop = asyncio.create_task(until.wait())
        try:
            await asyncio.wait([stop, *running], return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.cancel()
            await asyncio.gather(*(worker.shutdown() for worker in self._workers), return_exceptions=True)
        for outcome in await asyncio.gather(*running, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome

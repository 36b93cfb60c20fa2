"""`clew status` before a real Temporal server with workflows in known states."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import RetryPolicy, SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from bot import admin_text
from bot.admin import Status, collect
from tests.benchmarks import report
from tests.bot.admin_shown import shown
from workflows import search_attributes
from workflows.identity import TASK_QUEUE, TURN_STATE, USAGE_TOTAL
from workflows.pausing import TemporalHold

T = TypeVar("T")


@activity.defn(name="agent_step")
async def broken_step() -> None:
    raise ApplicationError("a text that is not shown", type="RateLimited")


@workflow.defn(name="ConversationWorkflow")
class Conversation:
    @workflow.run
    async def run(self, state: str) -> None:
        if state != "running":
            await workflow.wait_condition(lambda: False)
        await workflow.execute_activity(
            "agent_step",
            start_to_close_timeout=timedelta(seconds=30),
            retry_policy=RetryPolicy(initial_interval=timedelta(minutes=5), maximum_attempts=7),
        )


async def start(client: Client, state: str, *, searchable: bool = True) -> None:
    pairs = [SearchAttributePair(TURN_STATE, state)] if searchable else []
    await client.start_workflow(
        "ConversationWorkflow",
        state,
        id=f"conversation:terminal:local:local:{state}",
        task_queue=TASK_QUEUE,
        search_attributes=TypedSearchAttributes(pairs),
        static_summary=f"Thread that is {state}",
    )


def worker(client: Client) -> Worker:
    return Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[Conversation],
        activities=[broken_step],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )


async def status_where(client: Client, holds: Callable[[Status], bool]) -> Status:
    deadline = time.monotonic() + 30

    async def look() -> Status:
        return await collect(client)

    return await first(look, holds, deadline)


async def first(look: Callable[[], Awaitable[T]], holds: Callable[[T], bool], deadline: float) -> T:
    while not holds(found := await look()):
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.1)
    return found


def backing_off(status: Status) -> bool:
    return any(step.state == "backing off" for turn in status.turns for step in turn.steps)


async def test_a_step_that_waits_for_its_next_attempt_is_shown_with_all_figures(
    temporal_server: str, namespace: str
) -> None:
    client = await Client.connect(temporal_server, namespace=namespace)
    assert await search_attributes.ensure(client)
    async with worker(client):
        for state in ("running", "parked", "idle"):
            await start(client, state)
        status = await status_where(
            client,
            lambda found: (
                backing_off(found)
                and found.conversations == {"running": 1, "paused": 0, "parked": 1, "idle": 1}
                and not found.queues[0].backlog
            ),
        )
    assert status.server.healthy
    assert status.server.searchable
    assert (status.server.address, status.server.namespace) == (temporal_server, namespace)
    (turn,) = status.turns
    (step,) = turn.steps
    assert (turn.kind, turn.summary) == ("ConversationWorkflow", "Thread that is running")
    assert (step.activity, step.attempt, step.max_attempts, step.last_failure) == ("agent_step", 2, 7, "RateLimited")
    assert step.next_retry_in is not None
    assert 200 < step.next_retry_in <= 300
    assert 0 <= step.age < 60
    queue = status.queues[0]
    assert (queue.queue, queue.kind, queue.backlog) == (TASK_QUEUE, "workflows", 0)
    assert queue.pollers >= 1
    assert status.tokens_today == 0
    assert "2 of 7" in shown(status)
    assert "backing off, next in 5 min" in shown(status)
    assert "RateLimited" in shown(status)
    assert "a text that is not shown" not in shown(status) + admin_text.as_json(status)
    assert json.loads(admin_text.as_json(status))["turns"][0]["steps"][0]["max_attempts"] == 7


async def test_without_search_attributes_conversations_are_counted_and_turns_found(
    temporal_server: str, namespace: str
) -> None:
    client = await Client.connect(temporal_server, namespace=namespace)
    async with worker(client):
        for state in ("running", "idle"):
            await start(client, state, searchable=False)
        status = await status_where(client, lambda found: backing_off(found) and found.conversations == {"open": 2})
    assert not status.server.searchable
    assert [turn.summary for turn in status.turns] == ["Thread that is running"]
    assert "`clew doctor` prints the command" in shown(status)


async def test_without_a_worker_the_backlog_grows_and_tokens_are_unknown(temporal_server: str, namespace: str) -> None:
    client = await Client.connect(temporal_server, namespace=namespace)
    await client.start_workflow("UsageWorkflow", id=USAGE_TOTAL, task_queue=TASK_QUEUE)
    status = await status_where(client, lambda found: found.queues[0].backlog == 1 and found.tokens_today is None)
    assert status.queues[0].pollers == 0
    assert status.queues[0].last_poll_age is None
    assert "unknown (no worker answers)" in shown(status)
    assert "never" in shown(status)


async def test_a_pause_is_told_with_who_since_when_and_why_although_no_worker_runs(
    temporal_server: str, namespace: str
) -> None:
    client = await Client.connect(temporal_server, namespace=namespace)
    await TemporalHold(client).pause("slack:UROOT", "Mistral is down")
    status = await collect(client, within=2.0)
    assert status.pause is not None
    assert (status.pause.view.by, status.pause.view.reason, status.pause.waiting) == (
        "slack:UROOT",
        "Mistral is down",
        None,
    )
    assert f"PAUSED by slack:UROOT since {status.pause.view.since} (Mistral is down)" in shown(status)


async def test_a_part_that_is_late_is_said_to_be_unknown_and_the_others_are_told(
    temporal_server: str, namespace: str
) -> None:
    client = await Client.connect(temporal_server, namespace=namespace)

    class Late:
        async def __call__(self, *_: object, **__: object) -> object:
            return await asyncio.Event().wait()

    client.workflow_service.describe_task_queue = Late()  # pyright: ignore[reportAttributeAccessIssue] - a server that answers all but one
    status = await collect(client, within=0.5)
    assert status.unknown == ("queues",)
    assert status.conversations == {"open": 0}
    assert "Not known in time: queues." in shown(status)
    assert "Conversations: 0 open" in shown(status)


async def test_links_lead_to_temporals_ui_where_one_is_known(temporal_server: str, namespace: str) -> None:
    client = await Client.connect(temporal_server, namespace=namespace)
    assert await search_attributes.ensure(client)
    await start(client, "running")
    status = await first(
        lambda: collect(client, ui="http://ui.test/"), lambda found: bool(found.turns), time.monotonic() + 30
    )
    (turn,) = status.turns
    base = f"http://ui.test/namespaces/{namespace}/workflows"
    assert status.link == base
    assert turn.link == f"{base}/conversation%3Aterminal%3Alocal%3Alocal%3Arunning"
    text = admin_text.as_text(status)
    assert f"Temporal's UI: {base}" in text
    assert f"{turn.handle}: {turn.link}" in text
    assert base not in admin_text.as_text(await collect(client))
    assert "…\n```" in admin_text.as_text(status, limit=500)
    assert all(len(admin_text.as_text(status, limit=limit)) <= limit for limit in range(100, 1_000, 7))


@pytest.mark.campaign
async def test_many_conversations_are_counted_by_what_they_do_and_only_the_newest_that_run_are_listed(
    temporal_server: str, namespace: str, tmp_path: Path
) -> None:
    await report.run(temporal_server, tmp_path, 130, 1, namespace=namespace)
    client = await Client.connect(temporal_server, namespace=namespace)
    status = await collect(client, platforms=("terminal", "slack"), within=1.0)
    assert status.conversations == {"running": 20, "paused": 0, "parked": 2, "idle": 108}
    assert len(status.turns) == 20
    assert len({turn.handle for turn in status.turns}) == 20
    assert [queue.queue for queue in status.queues if queue.kind == "activities"] == [
        "clew",
        "clew-chat-terminal",
        "clew-chat-slack",
    ]

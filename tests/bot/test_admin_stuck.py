"""`clew status` before workflows that cannot go on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta

from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from bot import admin_text
from bot.admin import Status, collect
from tests.bot.admin_shown import shown
from workflows.identity import TASK_QUEUE


class Build:
    """What is deployed."""

    broken = True


@workflow.defn(name="ConversationWorkflow")
class Conversation:
    @workflow.run
    async def run(self) -> None:
        if Build.broken:
            raise RuntimeError
        await workflow.wait_condition(lambda: False)


async def status_where(client: Client, holds: Callable[[Status], bool]) -> Status:
    deadline = time.monotonic() + 30
    while not holds(found := await collect(client)):
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.1)
    return found


async def test_a_workflow_whose_task_fails_again_and_again_is_told_of_until_code_comes_that_fits(
    temporal_server: str, namespace: str
) -> None:
    client = await Client.connect(temporal_server, namespace=namespace)
    worker = Worker(
        client, task_queue=TASK_QUEUE, workflows=[Conversation], workflow_runner=UnsandboxedWorkflowRunner()
    )
    Build.broken = True
    async with worker:
        await client.start_workflow(
            "ConversationWorkflow",
            id="conversation:terminal:local:local:thread",
            task_queue=TASK_QUEUE,
            task_timeout=timedelta(seconds=1),
        )
        status = await status_where(client, lambda found: bool(found.stuck.count))
        (stuck,) = status.stuck.shown
        assert (stuck.kind, stuck.cause) == ("ConversationWorkflow", "WorkflowWorkerUnhandledFailure")
        assert "TROUBLE: 1 workflow cannot go on" in shown(status)
        assert stuck.workflow_id in shown(status)
        assert stuck.handle in admin_text.as_text(status)
        Build.broken = False
        well = await status_where(client, lambda found: not found.stuck.count)
        assert "TROUBLE" not in shown(well)
        assert "failing workflow tasks" not in well.unknown

"""`clew replay`: this version's code on histories that it, or another one, has made."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from bot.replaying import replay_open
from workflows.contracts import UsageState
from workflows.identity import TASK_QUEUE
from workflows.usage import UsageWorkflow

LEDGER = UsageState(platform="terminal", workspace="local", user="alice")


@workflow.defn(name="UsageWorkflow")
class CuriousUsage:
    """The ledger as another version might have it: it asks for something first."""

    @workflow.run
    async def run(self, _: UsageState) -> None:
        await workflow.execute_activity("ask", start_to_close_timeout=timedelta(minutes=1))


async def open_ledger(client: Client, ident: str, code: type) -> None:
    """A ledger that a version with this code has begun, and that is still open."""
    async with Worker(client, task_queue=TASK_QUEUE, workflows=[code], workflow_runner=UnsandboxedWorkflowRunner()):
        handle = await client.start_workflow("UsageWorkflow", LEDGER, id=ident, task_queue=TASK_QUEUE)
        await handle.query("__stack_trace")


async def test_histories_that_this_version_made_fit_it(temporal_server: str, namespace: str) -> None:
    client = await Client.connect(temporal_server, namespace=namespace)
    for ident in ("usage:1", "usage:2"):
        await open_ledger(client, ident, UsageWorkflow)
    replayed = await replay_open(client, limit=None)
    assert (replayed.count, replayed.unfit) == (2, {})
    assert (await replay_open(client, limit=1)).count == 1


async def test_a_history_that_does_not_fit_is_named_with_the_reason_and_the_others_are_tried_too(
    temporal_server: str, namespace: str
) -> None:
    client = await Client.connect(temporal_server, namespace=namespace)
    await open_ledger(client, "usage:ours", UsageWorkflow)
    await open_ledger(client, "usage:theirs", CuriousUsage)
    replayed = await replay_open(client, limit=None)
    assert replayed.count == 2
    assert list(replayed.unfit) == ["usage:theirs"]
    assert replayed.unfit["usage:theirs"].startswith("NondeterminismError")

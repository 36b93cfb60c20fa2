"""The pause itself: who waits is known over continue-as-new, once each, and whoever is gone holds nobody up."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from bot.connect import connect
from tests.support.temporal import settings_for
from workflows.contracts import HoldView, WaitRequest
from workflows.hold import HoldWorkflow
from workflows.identity import HOLD, HOLD_MEMO, TASK_QUEUE
from workflows.pausing import TemporalHold
from workflows.worker import sandboxed

SOON = timedelta(seconds=10)


def worker(client: Client) -> Worker:
    return Worker(client, task_queue=TASK_QUEUE, workflows=[HoldWorkflow], workflow_runner=sandboxed())


async def wait(client: Client, *numbers: int) -> None:
    for number in numbers:
        await client.get_workflow_handle(HOLD).signal("wait", WaitRequest(conversation=f"conversation:x:{number}"))


@pytest.mark.campaign
async def test_who_says_so_twice_waits_once_and_a_pause_renewed_in_time_lets_nobody_go(
    temporal_server: str, namespace: str, tmp_path: Path
) -> None:
    client = await connect(settings_for(temporal_server, namespace, tmp_path))
    hold = TemporalHold(client)
    await hold.pause("slack:U1", "first")
    await wait(client, 1, 2, 3, 2, 1)
    await hold.resume("slack:U2")
    await hold.pause("slack:U3", "second")
    async with worker(client):
        assert await hold.waiting(SOON) == 3
        seen = await hold.view()
    assert seen is not None
    assert (seen.by, seen.reason, seen.resumed_by) == ("slack:U3", "second", "")


@pytest.mark.campaign
async def test_a_long_pause_continues_as_new_and_lets_all_go_on_although_some_are_gone(
    temporal_server: str, namespace: str, tmp_path: Path
) -> None:
    client = await connect(settings_for(temporal_server, namespace, tmp_path))
    hold = TemporalHold(client)
    await hold.pause("slack:U1", "maintenance")
    first = (await client.get_workflow_handle(HOLD).describe()).run_id
    # More events than one run ought to have, of few who wait.
    await wait(client, *(number % 10 for number in range(420)))
    async with worker(client):
        assert await hold.waiting(SOON) == 10
        described = await client.get_workflow_handle(HOLD).describe()
        assert described.run_id != first
        memo = await described.memo_value(HOLD_MEMO, type_hint=HoldView)
        assert (memo.by, memo.reason) == ("slack:U1", "maintenance")
        assert described.raw_description.workflow_execution_info.first_run_id == first
        await hold.resume("slack:U2")
        await client.get_workflow_handle(HOLD).result()
        assert await hold.view() is None


@pytest.mark.campaign
async def test_more_than_a_pause_can_remember_are_left_to_ask_again(
    temporal_server: str, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflows.hold.WAITING_LIMIT", 2)
    client = await connect(settings_for(temporal_server, namespace, tmp_path))
    hold = TemporalHold(client)
    await hold.pause("slack:U1")
    await wait(client, 1, 2, 3, 1)
    async with Worker(
        client, task_queue=TASK_QUEUE, workflows=[HoldWorkflow], workflow_runner=UnsandboxedWorkflowRunner()
    ):
        assert await hold.waiting(SOON) == 2

"""Keep histories that a set has made under faults: those whose like is not kept yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHistory

from tests.histories.files import CHAOS, read, recorded, write

MOST_EVENTS = 250
"""Longer ones are not kept: they cost time in each run of the tests, and hold nothing that shorter ones do not."""


async def collect(client: Client, *, most: int) -> int:
    """Keep so many of the closed and open workflows of a namespace; gives how many were kept."""
    CHAOS.mkdir(parents=True, exist_ok=True)
    known = {shape(read(path)) for path in recorded()}
    kept = 0
    async for name, history in _all(client):
        if kept == most:
            break
        if len(history.events) > MOST_EVENTS or shape(history) in known:
            continue
        known.add(shape(history))
        number = 1 + sum(path.name.startswith(f"{name}-") for path in CHAOS.iterdir())
        write(f"{name}-{number:03}", history, chaos=True)
        kept += 1
    return kept


def shape(history: WorkflowHistory) -> str:
    """What tells histories of one kind apart: which activities and child workflows, what came of them, how often."""
    counted = Counter[str]()
    for event in history.events:
        started = event.activity_task_started_event_attributes
        counted[EventType.Name(event.event_type)] += 1
        counted[f"activity {event.activity_task_scheduled_event_attributes.activity_type.name}"] += 1
        counted[f"attempt {min(started.attempt, 3)} {started.last_failure.WhichOneof('failure_info')}"] += 1
        counted[f"signal {event.workflow_execution_signaled_event_attributes.signal_name}"] += 1
    # Heartbeats, replays and timers make small differences: what happened at all, and whether more than once.
    return str(sorted((what, min(count, 3)) for what, count in counted.items()))


async def _all(client: Client) -> AsyncIterator[tuple[str, WorkflowHistory]]:
    async for execution in client.list_workflows():
        handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
        yield execution.workflow_type.removesuffix("Workflow").lower(), await handle.fetch_history()

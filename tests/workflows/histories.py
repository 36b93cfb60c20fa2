"""What Temporal keeps of a thread's workflows: sizes of payloads, and texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from google.protobuf.json_format import MessageToDict
from temporalio.client import Client

PAYLOAD_LIMIT = 256 * 1024


def _payloads(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from _payloads(item)
    elif isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        if {"data", "metadata"} <= fields.keys():
            yield str(fields["data"])
        for item in fields.values():
            yield from _payloads(item)


async def largest_payload(client: Client) -> int:
    """Bytes of the largest payload in any history of the namespace."""
    largest = 0
    async for execution in client.list_workflows():
        handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
        async for event in handle.fetch_history_events():
            largest = max([largest, *(len(data) * 3 // 4 for data in _payloads(MessageToDict(event)))])
    return largest


async def attempts(client: Client, workflow: str, activity: str) -> int:
    """Which attempt a pending activity of that type is at; 0 if none is pending."""
    described = await client.get_workflow_handle(workflow).describe()
    pending = described.raw_description.pending_activities
    return max((found.attempt for found in pending if found.activity_type.name == activity), default=0)


async def scheduled(client: Client, workflow: str, activity: str) -> int:
    """How many activities of that type a run has scheduled; one that is tried again counts once."""
    history = await client.get_workflow_handle(workflow).fetch_history()
    asked = [event.activity_task_scheduled_event_attributes for event in history.events]
    return sum(one.activity_type.name == activity for one in asked)

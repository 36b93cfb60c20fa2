"""Where recorded histories lie, and how they are read."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, cast

from temporalio.client import Client, WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, WorkflowRunner

from workflows.worker import WORKFLOWS

_PROCESS = re.compile(r"^\d+@[^:]+")
_NAMES = ("identity", "requestId", "taskId", "version", "workerVersion", "historySizeBytes", "stackTrace")

DIRECTORY = Path(__file__).parent / "recorded"
CHAOS = DIRECTORY / "chaos"
"""Histories with deaths and faults in them, packed; `record` makes the others."""


async def runs_of(client: Client, workflow: str) -> AsyncIterator[WorkflowHistory]:
    """The histories of all runs of a workflow, oldest first."""
    described = await client.get_workflow_handle(workflow).describe()
    run = described.raw_description.workflow_execution_info.first_run_id
    while run:
        history = await client.get_workflow_handle(workflow, run_id=run).fetch_history()
        yield history
        run = history.events[-1].workflow_execution_continued_as_new_event_attributes.new_execution_run_id


def write(name: str, history: WorkflowHistory, *, chaos: bool = False) -> Path:
    """Keep a history, an event a line, without the names and paths of the machine that made it."""
    path = CHAOS / f"{name}.json.gz" if chaos else DIRECTORY / f"{name}.json"
    kept = [_nameless(event) for event in json.loads(history.to_json())["events"]]
    events = ",\n".join(json.dumps(event, separators=(",", ":")) for event in kept)
    text = f'{{"events": [\n{events}\n]}}\n'.encode()
    path.write_bytes(gzip.compress(text, mtime=0) if chaos else text)
    return path


def text_of(path: Path) -> str:
    """What was kept."""
    kept = path.read_bytes()
    return (gzip.decompress(kept) if path.suffix == ".gz" else kept).decode()


def read(path: Path) -> WorkflowHistory:
    """A history that was kept, under the id that its workflow had."""
    text = text_of(path)
    started = json.loads(text)["events"][0]["workflowExecutionStartedEventAttributes"]
    return WorkflowHistory.from_json(started["workflowId"], text)


def recorded() -> list[Path]:
    """All that were kept."""
    return sorted(DIRECTORY.rglob("*.json*"))


async def replay(
    *histories: WorkflowHistory, workflows: Sequence[type] = WORKFLOWS, runner: WorkflowRunner | None = None
) -> None:
    """Run today's code over histories. Raises what the first one that it does not fit raises."""
    replayer = Replayer(workflows=workflows, workflow_runner=runner or UnsandboxedWorkflowRunner())
    for history in histories:
        await replayer.replay_workflow(history)


def _nameless(value: Any) -> Any:
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        return {name: _nameless(field) for name, field in fields.items() if name not in _NAMES}
    if isinstance(value, list):
        return [_nameless(item) for item in cast("list[Any]", value)]
    # A worker's sticky queue is named after its process and host.
    return _PROCESS.sub("worker", value) if isinstance(value, str) else value

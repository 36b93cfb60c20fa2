"""`clew replay`: does this build's workflow code fit what Temporal remembers of the workflows that are open?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from temporalio.client import Client, WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from workflows.worker import WORKFLOWS

_OPEN = "ExecutionStatus = 'Running'"


@dataclass(frozen=True, kw_only=True, slots=True)
class Replayed:
    """How many histories were replayed, and those that do not fit: the workflow's id, and what went wrong."""

    count: int
    unfit: dict[str, str]


async def replay_open(client: Client, *, limit: int | None) -> Replayed:
    """Replay the histories of open workflows, the newest first. It changes nothing. Raises RPCError."""
    replayer = Replayer(
        workflows=WORKFLOWS, workflow_runner=UnsandboxedWorkflowRunner(), data_converter=client.data_converter
    )
    count, unfit = 0, dict[str, str]()
    async with replayer.workflow_replay_iterator(_histories(client, limit)) as results:
        async for result in results:
            count += 1
            if result.replay_failure is not None:
                unfit[result.history.workflow_id] = _first_line(result.replay_failure)
    return Replayed(count=count, unfit=unfit)


async def _histories(client: Client, limit: int | None) -> AsyncIterator[WorkflowHistory]:
    async for history in client.list_workflows(_OPEN, limit=limit).map_histories():
        yield history


def _first_line(failure: Exception) -> str:
    return f"{type(failure).__name__}: {str(failure).partition(chr(10))[0][:200]}"

"""What is seen of a deploy from outside: in Temporal's histories, and by who runs Clew."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterable

from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.api.history.v1 import HistoryEvent

from tests.chaos.injected import Injected
from tests.chaos.ledger import Asked
from tests.chaos.rig import Rig


def events_of(rig: Rig, one: Asked) -> list[HistoryEvent]:
    """The history of a question's conversation."""

    async def fetch() -> list[HistoryEvent]:
        client = await rig.connected()
        return list((await client.get_workflow_handle(rig.workflow_id(one)).fetch_history()).events)

    return asyncio.run(fetch())


def unfit_for(rig: Rig, one: Asked) -> bool:
    """Whether a workflow task of a question's conversation failed because the code does not fit its history."""
    wanted = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR
    return any(event.workflow_task_failed_event_attributes.cause == wanted for event in events_of(rig, one))


def terminate(rig: Rig, one: Asked) -> None:
    """End a question's conversation for good, as whoever runs Clew may end one that fits no version any more."""

    async def end() -> None:
        client = await rig.connected()
        await client.get_workflow_handle(rig.workflow_id(one)).terminate("it fits no version any more")

    asyncio.run(end())


def tried(rig: Rig, one: Asked) -> int:
    """How often the workflow task that is open in a question's conversation was tried."""
    found = rig.conversation(one)
    return 0 if found is None else int(found.pending_workflow_task.attempt)


def marked(rig: Rig, one: Asked) -> bool:
    """Whether a question's conversation has run changed code, and says so in its history."""
    return any(event.event_type == EventType.EVENT_TYPE_MARKER_RECORDED for event in events_of(rig, one))


def workers_of(rig: Rig, asked: Iterable[Asked]) -> set[int]:
    """The processes that completed workflow tasks of the questions' conversations."""
    done = [event.workflow_task_completed_event_attributes for one in asked for event in events_of(rig, one)]
    return {int(each.identity.partition("@")[0]) for each in done if each.identity}


def clew(rig: Rig, *arguments: str, injected: Injected | None = None) -> tuple[int, str]:
    """Run a command of Clew's, perhaps of another build; gives its exit code, and what it printed."""
    ended = subprocess.run(
        [sys.executable, "-m", "bot.cli", *arguments],
        env=rig.whole.environment | ({} if injected is None else dict(injected.environment)),
        cwd=rig.whole.directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
        timeout=120.0,
    )
    return ended.returncode, ended.stdout.decode()


def stuck_in(rig: Rig) -> dict[str, str]:
    """The workflows of which `clew status` says that they cannot go on, and why."""
    _, printed = clew(rig, "status", "--json")
    return {one["workflow_id"]: one["cause"] for one in json.loads(printed)["stuck"]["shown"]}

"""Recorded histories replay on today's code, and hold what people may read and nothing else."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any, cast

import pytest
from temporalio import workflow
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

import mcp_server
from tests.histories.files import CHAOS, read, recorded, replay, text_of
from tests.histories.scenes import SCENES
from tests.support.market import TOKEN
from workflows.contracts import UsageBooking, UsageState
from workflows.usage import UsageWorkflow
from workflows.worker import WORKFLOWS, sandboxed

HISTORIES = recorded()
PAYLOAD_LIMIT = 256 * 1024
PROMPTS = Path(mcp_server.__file__).parent / "prompts"


def payloads(value: Any) -> list[bytes]:
    """All payloads of a history, decoded."""
    if isinstance(value, list):
        return [found for item in cast("list[Any]", value) for found in payloads(item)]
    if not isinstance(value, dict):
        return []
    fields = cast("dict[str, Any]", value)
    own = [base64.b64decode(fields["data"])] if {"data", "metadata"} <= fields.keys() else []
    return own + [found for item in fields.values() for found in payloads(item)]


def workflow_type(text: str) -> str:
    """Whose history it is."""
    started = json.loads(text)["events"][0]["workflowExecutionStartedEventAttributes"]
    return str(started["workflowType"]["name"])


def sentences_of_prompts() -> list[str]:
    """Lines that only a model is given."""
    lines = [line.strip() for path in PROMPTS.rglob("*.md") for line in path.read_text("utf-8").splitlines()]
    return [line for line in lines if len(line) > 60 and "{" not in line]


@pytest.mark.parametrize(
    "path",
    [pytest.param(one, marks=pytest.mark.campaign) if one.parent == CHAOS else one for one in HISTORIES],
    ids=[one.stem for one in HISTORIES],
)
async def test_a_recorded_history_replays(path: Path) -> None:
    await Replayer(workflows=WORKFLOWS, workflow_runner=sandboxed()).replay_workflow(read(path))


def test_every_scene_is_recorded_and_one_of_them_continued_as_new() -> None:
    scenes = [path for path in HISTORIES if path.parent != CHAOS]
    assert {path.stem.split("-")[0] for path in scenes} == set(SCENES)
    assert any("ContinuedAsNew" in text_of(path) for path in scenes)


def test_at_least_fifty_are_recorded_of_every_type_with_deaths_and_faults_among_them() -> None:
    texts = [text_of(path) for path in HISTORIES]
    assert len(texts) >= 50
    types = {workflow_type(text) for text in texts}
    assert types == {getattr(one, "__temporal_workflow_definition").name for one in WORKFLOWS}
    for trace in ("WORKFLOW_TASK_TIMED_OUT", "ACTIVITY_TASK_TIMED_OUT", "ACTIVITY_TASK_FAILED", "CONTINUED_AS_NEW"):
        assert any(f"EVENT_TYPE_{trace}" in text or f"EXECUTION_{trace}" in text for text in texts), trace


@workflow.defn(name="UsageWorkflow")
class ImpatientUsage:
    """The ledger as somebody might change it: it waits a moment first."""

    @workflow.init
    def __init__(self, state: UsageState) -> None:
        self._state = state

    @workflow.run
    async def run(self, state: UsageState) -> UsageState:
        await workflow.sleep(1)
        return self._state

    @workflow.signal
    def book(self, booking: UsageBooking) -> None:
        self._state = UsageState(platform="", workspace="", user="", tokens=booking.tokens)


async def test_a_change_that_does_not_fit_a_recorded_history_is_noticed() -> None:
    [ledger] = [path for path in HISTORIES if path.stem.startswith("usage-1-")]
    await replay(read(ledger), workflows=[UsageWorkflow])
    with pytest.raises(NondeterminismError):
        await replay(read(ledger), workflows=[ImpatientUsage])


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
def test_a_history_is_small_and_holds_no_model_input_no_picture_and_no_secret(path: Path) -> None:
    found = payloads(json.loads(text_of(path)))
    assert found
    assert max(len(payload) for payload in found) < PAYLOAD_LIMIT / 8
    everything = b"\n".join(found).decode("utf-8", "replace")
    assert TOKEN not in everything
    assert "\x89PNG" not in everything
    assert "iVBORw0KGgo" not in everything
    lines = sentences_of_prompts()
    assert len(lines) > 10
    # What a model wrote may stand there; what it was told may not.
    assert [line for line in lines if line in everything] == []

"""Leave to begin a turn, where time passes or signals come early: before activities that say what the test needs."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from temporalio import activity
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from bot.connect import connect
from tests.support.sandbox import until
from tests.support.temporal import settings_for
from tests.support.values import THREAD, message
from workflows import door, search_attributes
from workflows.contracts import (
    AnswerState,
    BeginTurn,
    Done,
    EndTurn,
    FinishAnswer,
    GoOn,
    Head,
    Live,
    MessageRef,
    Permit,
    PinnedAgent,
    PostAnswer,
    Posted,
    StepOutcome,
    StepRequest,
    Usage,
)
from workflows.identity import TASK_QUEUE, chat_queue, conversation_id
from workflows.worker import WORKFLOWS, sandboxed

AGENT = PinnedAgent(role="analyst", agent="ag", version=1)
HELD = Permit(refused="paused")


@dataclass(kw_only=True)
class Ports:
    """The activities of a worker. A turn is refused as often as it says, then given leave; `early` goes on at once."""

    client: Client
    refusals: int
    early: bool = False
    begun: list[BeginTurn] = field(default_factory=list[BeginTurn])
    shown: list[Live] = field(default_factory=list[Live])
    finished: list[FinishAnswer] = field(default_factory=list[FinishAnswer])

    @activity.defn(name="begin_turn")
    async def begin_turn(self, request: BeginTurn) -> Permit:
        self.begun.append(request)
        if len(self.begun) > self.refusals:
            return Permit(agents=(AGENT,), toolset="t")
        if self.early:
            handle = self.client.get_workflow_handle(conversation_id(request.thread))
            await handle.signal("go_on", GoOn(hold="the pause"))
        return HELD

    @activity.defn(name="run_step")
    async def run_step(self, request: StepRequest) -> StepOutcome:
        head = Head(branch="conv", entry=request.key)
        return StepOutcome(head=head, usage=Usage(calls=1), text=f"Answer to: {request.inputs.text}")

    @activity.defn(name="end_turn")
    async def end_turn(self, request: EndTurn) -> Done:
        return Done(count=request.tokens)

    @activity.defn(name="post_answer")
    async def post_answer(self, request: PostAnswer) -> Posted:
        return Posted(messages=(MessageRef(thread=request.thread, message=f"p-{request.answer.key}"),))

    @activity.defn(name="show_progress")
    async def show_progress(self, request: Live) -> Done:
        self.shown.append(request)
        return Done(count=1)

    @activity.defn(name="finish_answer")
    async def finish_answer(self, request: FinishAnswer) -> Posted:
        self.finished.append(request)
        return Posted(messages=request.messages)


@asynccontextmanager
async def working(ports: Ports) -> AsyncGenerator[None]:
    """A worker with these activities."""
    workflows = Worker(
        ports.client,
        task_queue=TASK_QUEUE,
        workflows=WORKFLOWS,
        activities=[ports.begin_turn, ports.run_step, ports.end_turn],
        workflow_runner=sandboxed(),
    )
    delivery = [ports.post_answer, ports.show_progress, ports.finish_answer]
    async with workflows, Worker(ports.client, task_queue=chat_queue("terminal"), activities=delivery):
        yield


async def test_a_pause_that_nobody_ends_is_asked_after_and_costs_the_turn_no_time(
    temporal_test_server: WorkflowEnvironment,
) -> None:
    ports = Ports(client=temporal_test_server.client, refusals=5)
    async with working(ports):
        await door.receive(ports.client, message("What is a bond?"), searchable=False)
        handle = ports.client.get_workflow_handle(conversation_id(THREAD))
        began = await temporal_test_server.get_current_time()
        while not ports.finished:
            await temporal_test_server.sleep(60)
        waited = await temporal_test_server.get_current_time() - began
        await handle.terminate()
    assert [found.answer.state for found in ports.finished] == [AnswerState.FINAL]
    # Far longer than a turn may take.
    assert waited.total_seconds() > 3000
    assert [request.leave for request in ports.begun] == [""] * 6
    assert len(ports.shown) == 5


async def test_who_is_told_to_go_on_before_knowing_of_the_pause_goes_on(
    temporal_server: str, namespace: str, tmp_path: Path
) -> None:
    client = await connect(settings_for(temporal_server, namespace, tmp_path))
    ports = Ports(client=client, refusals=2, early=True)
    async with working(ports):
        await door.receive(client, message("What is a bond?"), searchable=False)
        await until(lambda: bool(ports.finished))
    assert [request.leave for request in ports.begun] == ["", "the pause", "the pause"]
    assert ports.finished[0].answer.text == "Answer to: What is a bond?"


async def test_a_pause_is_put_into_the_visibility_store_once_however_often_it_is_asked_after(
    temporal_server: str, namespace: str, tmp_path: Path
) -> None:
    # A step in the history: open threads have only one of them, and the code has to ask for just as many.
    client = await connect(settings_for(temporal_server, namespace, tmp_path))
    assert await search_attributes.ensure(client)
    ports = Ports(client=client, refusals=3, early=True)
    async with working(ports):
        await door.receive(client, message("What is a bond?"), searchable=True)
        await until(lambda: bool(ports.finished))
        history = await client.get_workflow_handle(conversation_id(THREAD)).fetch_history()
    order = [
        event.activity_task_scheduled_event_attributes.activity_type.name or "upsert"
        for event in history.events
        if event.HasField("activity_task_scheduled_event_attributes")
        or event.HasField("upsert_workflow_search_attributes_event_attributes")
    ]
    waiting = order[order.index("begin_turn") : order.index("run_step")]
    asked_again = ["show_progress", "begin_turn"] * 3
    assert [step for step in waiting if step != "post_answer"] == ["begin_turn", "upsert", *asked_again, "upsert"]

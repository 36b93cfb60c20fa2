"""A bug, or data that cannot be read, in the middle of a turn: a sentence, not a workflow task that fails for ever."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from temporalio import activity
from temporalio.worker import Worker

from bot.connect import connect
from tests.support.sandbox import until
from tests.support.temporal import settings_for
from tests.support.values import THREAD, message
from workflows import door
from workflows.contracts import (
    AnswerState,
    BeginTurn,
    Done,
    EndTurn,
    FinishAnswer,
    MessageRef,
    Permit,
    PostAnswer,
    Posted,
)
from workflows.identity import TASK_QUEUE, chat_queue
from workflows.sentences import sentence
from workflows.worker import WORKFLOWS, sandboxed


@dataclass(kw_only=True)
class Ports:
    """The activities of a worker whose permits grant no agent at all."""

    finished: list[FinishAnswer] = field(default_factory=list[FinishAnswer])

    @activity.defn(name="begin_turn")
    async def begin_turn(self, request: BeginTurn) -> Permit:
        return Permit(toolset=request.turn)

    @activity.defn(name="end_turn")
    async def end_turn(self, request: EndTurn) -> Done:
        return Done(count=request.tokens)

    @activity.defn(name="post_answer")
    async def post_answer(self, request: PostAnswer) -> Posted:
        return Posted(messages=(MessageRef(thread=request.thread, message=f"p-{request.answer.key}"),))

    @activity.defn(name="finish_answer")
    async def finish_answer(self, request: FinishAnswer) -> Posted:
        self.finished.append(request)
        return Posted(messages=request.messages)


async def test_a_turn_that_meets_a_bug_says_so_and_the_next_one_is_taken(
    temporal_server: str, namespace: str, tmp_path: Path
) -> None:
    client = await connect(settings_for(temporal_server, namespace, tmp_path))
    ports = Ports()
    workflows = Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=WORKFLOWS,
        activities=[ports.begin_turn, ports.end_turn],
        workflow_runner=sandboxed(),
    )
    chat = Worker(client, task_queue=chat_queue("terminal"), activities=[ports.post_answer, ports.finish_answer])
    async with workflows, chat:
        for key in ("m1", "m2"):
            await door.receive(client, message("What is a bond?", id=key, thread=THREAD), searchable=False)
        await until(lambda: len(ports.finished) == 2)
    assert [(found.answer.key, found.answer.state, found.answer.text) for found in ports.finished] == [
        (key, AnswerState.FAILED, sentence("internal")) for key in ("m1", "m2")
    ]

"""What administrators type, before a real Temporal server and, mostly, Clew whole."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

import pytest
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from bot import words
from bot.admin_turns import handle_of
from bot.administering import Administering
from bot.console import administer
from tests.support.stack import Stack, eventually
from tests.support.temporal import new_namespace
from tests.support.wire import wire_to
from tests.workflows.people import BOND, DIVIDEND, ask_and_hold, at_rest, send
from workflows import search_attributes
from workflows.contracts import AnswerState, Research, ThreadRef
from workflows.identity import TASK_QUEUE

ROOT = "slack:UROOT"
AWAY = "conversation:terminal:local:local:away"


@pytest.fixture
async def namespace(temporal_server: str) -> str:
    """A namespace that Clew ran in before: conversations can be searched for from their first message on."""
    name = await new_namespace(temporal_server)
    assert await search_attributes.ensure(await Client.connect(temporal_server, namespace=name))
    return name


def administering(stack: Stack, **options: str) -> Administering:
    return Administering(stack.client, within=10.0, **options)


async def until_said(admin: Administering, text: str, said: str) -> str:
    """Ask again and again until the answer holds some words: what is counted follows a moment later."""
    deadline = time.monotonic() + 20
    while said not in (answer := await admin.run(text, by=ROOT)):
        assert time.monotonic() < deadline, answer
    return answer


async def test_unknown_words_are_answered_with_what_is_known_and_no_thread_is_guessed(stack: Stack) -> None:
    admin = administering(stack)
    assert await admin.run("reboot now", by=ROOT) == words.ADMIN_USAGE
    assert await admin.run("help", by=ROOT) == words.ADMIN_USAGE
    for verb in ("show", "retry", "stop"):
        assert await admin.run(verb, by=ROOT) == words.WHICH_THREAD
        for name in (AWAY, "a1b2c", "somewhere"):
            assert await admin.run(f"{verb} {name}", by=ROOT) == words.NO_THREAD
    assert await admin.run("resume", by=ROOT) == words.NOT_PAUSED


async def test_each_use_is_logged_with_who_and_the_first_words(stack: Stack, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "bot.administering"):
        await administering(stack).run(f"reboot\n{'x' * 100}", by=ROOT)
    assert [record.message for record in caplog.records] == [f"admin command reboot {'x' * 33} by {ROOT}"]


async def test_a_running_turn_is_found_by_the_id_that_status_shows_and_told_with_what_it_waits_for(
    stack: Stack,
) -> None:
    admin = administering(stack, ui="http://ui.test")
    thread = stack.thread()
    key = await ask_and_hold(stack, thread)
    conversation = stack.conversation(thread).id
    handle = handle_of(conversation)
    assert handle in await until_said(admin, "status", "run_step")
    shown = await admin.run(f"show {handle}", by=ROOT)
    assert shown == await admin.run(f"show {conversation}", by=ROOT)
    assert "running (follow-up): 0 waiting, 0 answered" in shown
    assert "run_step" in shown
    assert "1 of 1" in shown
    assert f"http://ui.test/namespaces/{stack.client.namespace}/workflows/conversation%3Aterminal" in shown
    assert "it works" in await admin.run(f"retry {handle}", by=ROOT)
    assert "Told to stop" in await admin.run(f"stop {handle}", by=ROOT)
    assert (await stack.outcome(thread, key)).state is AnswerState.STOPPED


async def test_a_thread_is_found_by_what_its_platform_makes_of_a_link_and_its_last_answer_tried_again(
    stack: Stack,
) -> None:
    thread, first = await stack.ask(BOND)
    await at_rest(stack, thread)

    async def find(link: str) -> ThreadRef | None:
        return stack.ref(thread) if link == "https://Chat/1" else None

    said = await administering(stack).run("RETRY <https://Chat/1>", by=ROOT, find_thread=find)
    assert said == "The last answer there is tried again."
    again = await stack.outcome(thread, first.key, attempt=2)
    assert (again.state, again.attempt) == (AnswerState.FINAL, 2)


async def test_a_turn_that_waits_as_mistral_told_it_to_is_shown_to_wait(stack: Stack) -> None:
    admin = administering(stack)
    await stack.sandbox.fault(kind="status", status=429, retry_after=600, times=0)
    thread = stack.thread()
    key = await send(stack, thread, BOND)
    name = stack.conversation(thread).id
    assert "No step is pending" in await until_said(admin, f"show {name}", "- [ ] Analyst: waiting")
    assert handle_of(name) in await until_said(admin, "status", "(deciding)")
    await stack.stop(thread)
    assert (await stack.outcome(thread, key)).state is AnswerState.STOPPED


async def test_research_is_shown_with_the_steps_of_its_own_workflow(stack: Stack) -> None:
    admin = administering(stack)
    await stack.sandbox.fault(kind="hold", agent="clew-planner")
    thread = stack.thread()
    key = await send(stack, thread, "/research AAPL", research=Research(symbol="AAPL"))
    name = stack.conversation(thread).id
    shown = await until_said(admin, f"show {name}", "run_step")
    assert "/research AAPL" in shown
    assert shown == await admin.run(f"show {name}:research:{key}:1", by=ROOT)
    await stack.stop(thread)
    await stack.outcome(thread, key)


async def test_pausing_draining_and_resuming_are_told_with_figures(stack: Stack) -> None:
    admin = administering(stack)
    busy, other = stack.thread(), stack.thread()
    running = await ask_and_hold(stack, busy)
    assert "1 turn still runs" in await until_said(admin, "drain", "1 turn")
    waiting = await send(stack, other, DIVIDEND)
    await until_said(admin, "status", "1 wait")
    assert "1 paused" in await until_said(admin, "status", "1 paused")
    assert f"PAUSED by {ROOT}" in await admin.run("status", by=ROOT)
    assert "It waits for the end of the pause" in await admin.run(f"retry {stack.conversation(other).id}", by=ROOT)
    await stack.sandbox.clear()
    await stack.outcome(busy, running)
    assert "every part may be stopped" in await until_said(admin, "drain", "No turn runs")
    assert "New turns wait" in await admin.run("pause once more", by=ROOT)
    assert "(once more)" in await until_said(admin, "status", "once more")
    assert "Those that wait go on" in await admin.run("resume", by="slack:UOTHER")
    assert (await stack.outcome(other, waiting)).state is AnswerState.FINAL
    await until_said(admin, "resume", words.NOT_PAUSED)


@workflow.defn(name="ConversationWorkflow")
class Stuck:
    """A conversation whose step backs off for an hour."""

    @workflow.run
    async def run(self) -> str:
        return await workflow.execute_activity(
            "broken",
            start_to_close_timeout=timedelta(seconds=30),
            retry_policy=RetryPolicy(initial_interval=timedelta(hours=1)),
            result_type=str,
        )


class Broken:
    """An activity that fails until somebody mends what it needs."""

    def __init__(self) -> None:
        self.tries = 0
        self.mended = False

    @activity.defn(name="broken")
    async def broken(self) -> str:
        self.tries += 1
        if not self.mended:
            raise ApplicationError("a text that is not shown", type="Unavailable")
        return "done"


async def test_a_step_that_backs_off_for_an_hour_runs_at_once_when_it_is_retried(
    temporal_server: str, namespace: str
) -> None:
    client = await Client.connect(temporal_server, namespace=namespace)
    admin, broken = Administering(client, within=10.0), Broken()
    async with Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[Stuck],
        activities=[broken.broken],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        handle = await client.start_workflow("ConversationWorkflow", id=AWAY, task_queue=TASK_QUEUE, result_type=str)
        shown = await until_said(admin, f"show {AWAY}", "backing off, next in")
        assert "Unavailable" in shown
        assert "a text that is not shown" not in shown
        broken.mended = True
        assert await admin.run(f"retry {AWAY}", by=ROOT) == "Told to run now: broken."
        assert await handle.result() == "done"
    assert broken.tries == 2


async def test_without_a_worker_what_temporal_knows_is_shown_and_the_rest_said_to_be_unknown(
    idle_stack: Stack,
) -> None:
    admin = Administering(idle_stack.client, within=1.0)
    thread = idle_stack.thread()
    await send(idle_stack, thread, BOND)
    name = idle_stack.conversation(thread).id
    assert "No worker answers" in await admin.run(f"show {name}", by=ROOT)
    assert "nothing was done" in await admin.run(f"retry {name}", by=ROOT)
    assert "New turns wait" in await admin.run("pause", by=ROOT)
    status = await admin.run("status", by=ROOT)
    assert "how many wait is unknown" in status
    assert "Those that wait go on" in await admin.run("resume", by=ROOT)
    async with idle_stack.worker():
        await eventually(lambda: bool(idle_stack.messages(thread)), "the question is taken")


async def test_where_temporal_is_away_a_plain_sentence_comes_in_time(temporal_server: str) -> None:
    async with wire_to(int(temporal_server.rpartition(":")[2])) as wire:
        client = await Client.connect(f"127.0.0.1:{wire.port}")
        await wire.down()
        assert await Administering(client, within=0.3).run("status", by=ROOT) == words.SLOW


async def test_the_command_line_does_the_same_and_knows_the_threads_of_its_terminal(
    stack: Stack, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", stack.session.asker.user)

    async def said(text: str) -> str:
        await administer(stack.settings, text)
        return capsys.readouterr().out

    thread = stack.thread()
    key = await ask_and_hold(stack, thread)
    assert "running (follow-up)" in await said(f"show {thread}")
    assert "New turns wait" in await said("pause [b]the tools[/i] are away")
    assert "PAUSED by terminal:alice" in await said("status")
    assert "([b]the tools[/i] are away)" in await said("status")
    assert "Told to stop" in await said(f"stop {thread}")
    await stack.outcome(thread, key)
    assert "in order" in await said("resume")
    assert "```" not in await said("status")

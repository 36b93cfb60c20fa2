"""While an administrator pauses them, new turns wait in order, lose nothing, and can be stopped; what runs goes on."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from tests.support.stack import Stack, eventually
from tests.workflows.people import BETA, BOND, DIVIDEND, ask_and_hold, asked, at_rest, delete, edit, send, view
from workflows.contracts import AnswerState, LineState
from workflows.identity import HOLD
from workflows.pausing import TemporalHold
from workflows.sentences import sentence


def told(stack: Stack, thread: str, key: str) -> bool:
    """Whether the placeholder says that the question waits for the end of a pause."""
    answer = stack.answer(thread, key)
    lines = () if answer is None or answer.state is not AnswerState.WORKING else answer.lines
    return [(line.state, line.detail) for line in lines] == [(LineState.WAITING, sentence("paused"))]


async def paused(stack: Stack, thread: str, text: str, *, message: str = "") -> str:
    """Ask, and wait until the thread says that it is paused."""
    key = await send(stack, thread, text, message=message)
    await eventually(lambda: told(stack, thread, key), "the thread says that it waits")
    return key


async def ended(stack: Stack) -> None:
    """Wait until the pause is over and nobody waits any more."""
    await stack.client.get_workflow_handle(HOLD).result()


async def test_a_running_turn_goes_on_and_a_new_one_waits_until_somebody_resumes(stack: Stack) -> None:
    hold = TemporalHold(stack.client)
    busy, idle = stack.thread(), stack.thread()
    running = await ask_and_hold(stack, busy)
    await hold.pause("slack:UROOT", "Mistral is down")
    waiting = await paused(stack, idle, DIVIDEND)
    assert (await view(stack, idle)).state == "paused"
    await stack.sandbox.clear()
    assert (await stack.outcome(busy, running)).state is AnswerState.FINAL
    seen = await hold.view()
    assert seen is not None
    assert (seen.by, seen.reason, seen.resumed_by) == ("slack:UROOT", "Mistral is down", "")
    steps = len(stack.sandbox.steps())
    assert await hold.resume("slack:UROOT")
    answer = await stack.outcome(idle, waiting)
    assert (answer.state, answer.attempt) == (AnswerState.FINAL, 1)
    assert len(stack.sandbox.steps()) == steps + 1
    assert stack.posts(waiting) == 1
    await ended(stack)
    assert await hold.view() is None
    assert not await hold.resume("slack:UROOT")


async def test_those_that_wait_go_on_in_the_order_in_which_they_came(stack: Stack) -> None:
    hold = TemporalHold(stack.client)
    await hold.pause("slack:UROOT")
    threads = [stack.thread() for _ in range(3)]
    for number in (2, 0, 1):
        await paused(stack, threads[number], f"{BOND} ({number})", message=f"m{number}")
    await send(stack, threads[2], DIVIDEND, message="follow-up")
    assert await hold.waiting(timedelta(seconds=5)) == 3
    await hold.resume("slack:UROOT")
    for number, thread in enumerate(threads):
        assert (await stack.outcome(thread, f"m{number}")).state is AnswerState.FINAL
    assert (await stack.outcome(threads[2], "follow-up")).state is AnswerState.FINAL
    await ended(stack)
    told_to = [
        event.signal_external_workflow_execution_initiated_event_attributes.workflow_execution.workflow_id
        async for event in stack.client.get_workflow_handle(HOLD).fetch_history_events()
        if event.HasField("signal_external_workflow_execution_initiated_event_attributes")
    ]
    # The follow-up may have come to the pause before it was over.
    assert list(dict.fromkeys(told_to)) == [stack.conversation(threads[number]).id for number in (2, 0, 1)]


async def test_a_paused_turn_is_stopped_or_withdrawn_at_once_and_the_thread_goes_on(stack: Stack) -> None:
    hold = TemporalHold(stack.client)
    await hold.pause("slack:UROOT")
    thread, other = stack.thread(), stack.thread()
    stopped, deleted = await paused(stack, thread, BOND), await paused(stack, other, BOND)
    await stack.stop(thread, answer=stopped)
    await delete(stack, other, deleted)
    for where, key in ((thread, stopped), (other, deleted)):
        assert (await stack.outcome(where, key)).state is AnswerState.STOPPED
    await paused(stack, thread, DIVIDEND, message="next")
    await hold.resume("slack:UROOT")
    assert (await stack.outcome(thread, "next")).state is AnswerState.FINAL
    assert asked(stack) == [DIVIDEND]


async def test_a_stop_is_heard_while_the_pause_is_still_being_shown(stack: Stack) -> None:
    hold = TemporalHold(stack.client)
    await hold.pause("slack:UROOT")
    thread = stack.thread()
    stack.store.set_fault(operation="progress", kind="delay_ack", seconds=2.0)
    key = await paused(stack, thread, BOND)
    described = await stack.conversation(thread).describe()
    assert [one.activity_type.name for one in described.raw_description.pending_activities] == ["show_progress"]
    await stack.stop(thread, answer=key)
    assert (await stack.outcome(thread, key)).state is AnswerState.STOPPED
    await hold.resume("slack:UROOT")
    await send(stack, thread, DIVIDEND, message="next")
    assert (await stack.outcome(thread, "next")).state is AnswerState.FINAL
    assert asked(stack) == [DIVIDEND]


async def test_a_paused_question_can_be_changed(stack: Stack) -> None:
    hold = TemporalHold(stack.client)
    await hold.pause("slack:UROOT")
    thread = stack.thread()
    key = await paused(stack, thread, BOND)
    await edit(stack, thread, key, DIVIDEND)
    await hold.resume("slack:UROOT")
    await stack.outcome(thread, key)
    assert asked(stack) == [DIVIDEND]


async def test_a_retry_waits_too_and_a_dead_worker_loses_none_that_wait(idle_stack: Stack) -> None:
    stack, hold = idle_stack, TemporalHold(idle_stack.client)
    async with stack.worker():
        thread, first = await stack.ask(BOND)
        await at_rest(stack, thread)
        await hold.pause("slack:UROOT")
        await stack.retry(thread)
        await eventually(lambda: told(stack, thread, first.key), "the retry waits")
        other = stack.thread()
        key = await paused(stack, other, BETA)
    await hold.resume("slack:UROOT")
    async with stack.worker():
        again = await stack.outcome(thread, first.key, attempt=2)
        assert (again.state, again.attempt) == (AnswerState.FINAL, 2)
        assert (await stack.outcome(other, key)).state is AnswerState.FINAL


async def test_a_pause_while_they_go_on_holds_back_those_that_come_later(stack: Stack) -> None:
    hold = TemporalHold(stack.client)
    await hold.pause("slack:UROOT")
    thread = stack.thread()
    first = await paused(stack, thread, BOND)
    await asyncio.gather(hold.resume("slack:UROOT"), stack.outcome(thread, first))
    await ended(stack)
    await hold.pause("discord:7")
    second = await paused(stack, thread, DIVIDEND)
    seen = await hold.view()
    assert seen is not None
    assert seen.by == "discord:7"
    await hold.resume("discord:7")
    assert (await stack.outcome(thread, second)).state is AnswerState.FINAL

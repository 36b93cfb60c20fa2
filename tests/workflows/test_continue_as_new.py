"""A conversation that continues as new every turn or two loses nothing, doubles nothing and cuts nothing off."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.support.stack import Stack, eventually
from tests.support.temporal import temporal_process
from tests.workflows.people import (
    BETA,
    BOND,
    DIVIDEND,
    ask_and_hold,
    asked,
    at_rest,
    delete,
    notice,
    outcomes,
    placeholder,
    send,
    view,
    writes,
)
from workflows.contracts import AnswerState
from workflows.identity import BEGAN
from workflows.pausing import TemporalHold

FINAL, STOPPED = AnswerState.FINAL, AnswerState.STOPPED


@pytest.fixture(scope="module")
def temporal_server() -> Iterator[str]:
    """A server that suggests to continue as new after about one turn."""
    with temporal_process("--dynamic-config-value", "limit.historyCount.suggestContinueAsNew=30") as address:
        yield address


async def run_of(stack: Stack, thread: str) -> str:
    """The id of the conversation's current run."""
    return (await stack.conversation(thread).describe()).run_id or ""


async def test_nothing_is_lost_or_doubled_while_messages_come_in_all_at_once(stack: Stack) -> None:
    thread = stack.thread()
    sent = [f"m{number}" for number in range(10)]
    await send(stack, thread, BOND, message="first")
    before = await run_of(stack, thread)
    deliveries = [send(stack, thread, f"{BOND} ({key})", message=key) for key in sent for _ in range(2)]
    await asyncio.gather(*deliveries)
    for key in sent:
        assert (await stack.outcome(thread, key)).state is FINAL
    rest = await at_rest(stack, thread)
    assert rest.turns == len(sent) + 1
    assert await run_of(stack, thread) != before
    assert await (await stack.conversation(thread).describe()).memo_value(BEGAN, 0.0) > 0
    order = [entry.key for entry in writes(stack, "post")]
    assert sorted(order) == sorted(["first", *sent])
    assert [key for key, _ in outcomes(stack, thread)] == order
    assert asked(stack) == [BOND, *(f"{BOND} ({key})" for key in order[1:])]


async def test_what_was_seen_and_where_the_branch_stands_are_carried(stack: Stack) -> None:
    thread = stack.thread()
    await send(stack, thread, BOND, message="m1", twins=("client-1",))
    await stack.outcome(thread, "m1")
    before = await run_of(stack, thread)
    _, last = await stack.ask(DIVIDEND, thread)
    await send(stack, thread, BOND, message="m1")
    await send(stack, thread, BOND, message="m1-again", twins=("client-1",))
    _, third = await stack.ask(BETA, thread)
    assert (last.state, third.state) == (FINAL, FINAL)
    assert await run_of(stack, thread) != before
    assert (await at_rest(stack, thread)).turns == 3
    assert asked(stack) == [BOND, DIVIDEND, BETA]
    assert [step.kind for step in stack.sandbox.steps()] == ["start", "append", "append"]


async def test_a_retry_that_waits_is_carried_and_its_gesture_remembered(stack: Stack) -> None:
    thread, first = await stack.ask(BOND)
    await stack.ask(DIVIDEND, thread)
    last = (await at_rest(stack, thread)).last_turn
    assert last is not None
    before = await run_of(stack, thread)
    await stack.retry(thread, request="gesture-1")
    await stack.outcome(thread, last.id, attempt=2)
    await stack.retry(thread, request="gesture-1")
    await stack.ask(BETA, thread)
    assert await run_of(stack, thread) != before
    again = stack.answer(thread, last.id)
    assert again is not None
    assert again.attempt == 2
    assert stack.posts(last.id) == stack.posts(first.key) == 1
    assert asked(stack) == [BOND, DIVIDEND, BETA]


async def test_the_queue_is_carried_with_its_placeholders_and_with_what_was_stopped_or_deleted(stack: Stack) -> None:
    thread = stack.thread()
    running = await ask_and_hold(stack, thread)
    stopped, withdrawn, waiting = [await send(stack, thread, text) for text in (DIVIDEND, DIVIDEND, BETA)]
    await placeholder(stack, thread, waiting)
    before = await run_of(stack, thread)
    await stack.stop(thread, answer=stopped)
    await stack.outcome(thread, stopped)
    await delete(stack, thread, withdrawn)
    await stack.sandbox.clear()
    await stack.outcome(thread, waiting)
    await at_rest(stack, thread)
    assert await run_of(stack, thread) != before
    assert outcomes(stack, thread) == [(running, FINAL), (stopped, STOPPED), (waiting, FINAL)]
    assert [stack.posts(key) for key in (running, stopped, waiting)] == [1, 1, 1]
    assert asked(stack) == [BOND, BETA]


async def test_a_deletion_and_a_notice_under_way_are_not_cut_off(stack: Stack) -> None:
    thread, _ = await stack.ask(BOND)
    running = await ask_and_hold(stack, thread, DIVIDEND)
    withdrawn = await send(stack, thread, BETA)
    await placeholder(stack, thread, withdrawn)
    before = await run_of(stack, thread)
    stack.store.set_fault(operation="delete", kind="delay", seconds=0.6)
    stack.store.set_fault(operation="post", kind="delay", seconds=0.6)
    await delete(stack, thread, withdrawn)
    request = await stack.retry(thread)
    await stack.sandbox.clear()
    await stack.outcome(thread, running)
    assert "still working" in await notice(stack, thread, request)
    await eventually(lambda: stack.answer(thread, withdrawn) is None, "the placeholder is deleted")
    await stack.ask(BETA, thread)
    assert await run_of(stack, thread) != before


async def test_a_question_withdrawn_before_its_placeholder_does_not_hold_the_thread_up(stack: Stack) -> None:
    thread = stack.thread()
    stack.store.set_fault(operation="post", kind="delay", seconds=0.4)
    await send(stack, thread, BOND)
    before = await run_of(stack, thread)
    await delete(stack, thread, await send(stack, thread, DIVIDEND))
    for text in (BOND, BETA):
        _, answer = await stack.ask(text, thread)
        assert answer.state is FINAL
    assert await run_of(stack, thread) != before


@pytest.mark.campaign
async def test_a_paused_turn_is_carried_over_and_asks_again(stack: Stack) -> None:
    hold = TemporalHold(stack.client)
    thread, _ = await stack.ask(BOND)
    await hold.pause("slack:UROOT")
    waiting = await send(stack, thread, DIVIDEND)
    before = await run_of(stack, thread)
    # What comes in meanwhile makes the history longer than one run ought to be.
    later = [await send(stack, thread, f"{BETA} ({number})") for number in range(6)]
    await eventually(lambda: stack.answer(thread, later[-1]), "all have a placeholder")
    while await run_of(stack, thread) == before:
        await placeholder(stack, thread, waiting)
    assert (await view(stack, thread)).queued in (6, 7)
    await hold.resume("slack:UROOT")
    for key in (waiting, *later):
        assert (await stack.outcome(thread, key)).state is FINAL
        assert stack.posts(key) == 1
    assert asked(stack) == [BOND, DIVIDEND, *(f"{BETA} ({number})" for number in range(6))]

"""Messages that come while a turn runs, come twice, change or disappear."""

from __future__ import annotations

import asyncio

from tests.support.stack import Stack, eventually
from tests.workflows.people import (
    BETA,
    BOND,
    DIVIDEND,
    ask_and_hold,
    asked,
    at_rest,
    delete,
    edit,
    moderate,
    outcomes,
    placeholder,
    send,
    view,
    writes,
)
from workflows.contracts import AnswerState

FINAL = AnswerState.FINAL


async def test_messages_that_come_during_a_turn_wait_visibly_and_are_answered_in_order(stack: Stack) -> None:
    thread = stack.thread()
    first = await ask_and_hold(stack, thread)
    waiting = [await send(stack, thread, DIVIDEND), await send(stack, thread, BETA)]
    for key in waiting:
        assert (await placeholder(stack, thread, key)).state is AnswerState.WAITING
    assert (await view(stack, thread)).queued == 2
    await stack.sandbox.clear()
    for key in (first, *waiting):
        await stack.outcome(thread, key)
    assert outcomes(stack, thread) == [(key, FINAL) for key in (first, *waiting)]
    assert [entry.key for entry in writes(stack, "post")] == [first, *waiting]
    assert [entry.key for entry in writes(stack, "edit")] == [first, *waiting]
    assert asked(stack) == [BOND, DIVIDEND, BETA]


async def test_a_message_delivered_many_times_at_once_and_again_later_is_one_turn(stack: Stack) -> None:
    thread = stack.thread()
    await asyncio.gather(*(send(stack, thread, BOND, message="m1") for _ in range(10)))
    await stack.outcome(thread, "m1")
    await send(stack, thread, BOND, message="m1")
    await send(stack, thread, DIVIDEND, message="m2")
    await stack.outcome(thread, "m2")
    assert (stack.posts("m1"), stack.posts("m2")) == (1, 1)
    assert (await at_rest(stack, thread)).turns == 2
    assert len(stack.sandbox.steps()) == 2


async def test_one_gesture_that_arrives_under_two_ids_is_one_turn(stack: Stack) -> None:
    thread = stack.thread()
    await send(stack, thread, BOND, message="m1", twins=("client-1",))
    await send(stack, thread, BOND, message="m2", twins=("client-1",))
    await send(stack, thread, DIVIDEND, message="m3")
    await stack.outcome(thread, "m3")
    assert [key for key, _ in outcomes(stack, thread)] == ["m1", "m3"]


async def test_an_edit_changes_a_question_that_waits_and_not_the_one_that_runs(stack: Stack) -> None:
    thread = stack.thread()
    running = await ask_and_hold(stack, thread)
    waiting = await send(stack, thread, DIVIDEND)
    await edit(stack, thread, running, "What is a share?")
    await edit(stack, thread, waiting, BETA)
    await stack.sandbox.clear()
    await stack.outcome(thread, waiting)
    assert asked(stack) == [BOND, BETA]


async def test_a_waiting_question_that_is_deleted_is_withdrawn_with_its_placeholder(stack: Stack) -> None:
    thread = stack.thread()
    running = await ask_and_hold(stack, thread)
    withdrawn = await send(stack, thread, DIVIDEND)
    await placeholder(stack, thread, withdrawn)
    await delete(stack, thread, withdrawn)
    await eventually(lambda: stack.answer(thread, withdrawn) is None, "the placeholder is deleted")
    await stack.sandbox.clear()
    await stack.outcome(thread, running)
    assert (await at_rest(stack, thread)).turns == 1
    assert asked(stack) == [BOND]


async def test_a_question_deleted_before_its_placeholder_was_posted_leaves_nothing(stack: Stack) -> None:
    thread = stack.thread()
    stack.store.set_fault(operation="post", kind="delay", seconds=0.5)
    first = await send(stack, thread, BOND)
    deleted = await send(stack, thread, DIVIDEND)
    await delete(stack, thread, deleted)
    await stack.outcome(thread, first)
    await stack.ask(BETA, thread)
    assert stack.posts(deleted) == 0
    assert asked(stack) == [BOND, BETA]


async def test_deleting_the_running_question_stops_it(stack: Stack) -> None:
    thread = stack.thread()
    key = await ask_and_hold(stack, thread)
    await delete(stack, thread, key)
    assert (await stack.outcome(thread, key)).state is AnswerState.STOPPED


async def test_a_placeholder_deleted_by_a_moderator_is_a_stop_and_nothing_is_posted_again(stack: Stack) -> None:
    thread = stack.thread()
    running = await ask_and_hold(stack, thread)
    waiting = await send(stack, thread, DIVIDEND)
    await placeholder(stack, thread, waiting)
    await moderate(stack, thread, waiting)
    await moderate(stack, thread, running)
    await at_rest(stack, thread)
    await stack.sandbox.clear()
    _, answer = await stack.ask(BETA, thread)
    assert answer.state is FINAL
    assert (stack.posts(running), stack.posts(waiting)) == (1, 1)
    assert len(outcomes(stack, thread)) == 1
    assert asked(stack) == [BETA]


async def test_what_people_do_before_any_worker_runs_counts_once_one_does(idle_stack: Stack) -> None:
    thread = idle_stack.thread()
    edited = await send(idle_stack, thread, BOND)
    deleted = await send(idle_stack, thread, DIVIDEND)
    stopped = await send(idle_stack, thread, DIVIDEND)
    await edit(idle_stack, thread, edited, BETA)
    await delete(idle_stack, thread, deleted)
    await idle_stack.stop(thread, answer=stopped)
    async with idle_stack.worker():
        assert (await idle_stack.outcome(thread, edited)).state is FINAL
        assert (await idle_stack.outcome(thread, stopped)).state is AnswerState.STOPPED
    assert idle_stack.posts(deleted) == 0
    assert asked(idle_stack) == [BETA]

"""A thread that is gone, or that we were removed from: its turn parks where an administrator sees it."""

from __future__ import annotations

from bot import admin
from tests.support.stack import Stack, eventually
from tests.workflows.people import BOND, DIVIDEND, at_rest, outcomes, send, view
from tests.workflows.test_retry import LONG
from workflows.contracts import AnswerState

FINAL = AnswerState.FINAL


async def parked(stack: Stack, count: int) -> None:
    """Wait until an administrator is told of so many parked conversations."""
    while True:
        status = await admin.collect(stack.client)
        if status.conversations.get("parked", 0) == count:
            return


async def test_a_turn_whose_placeholder_is_refused_is_parked_without_asking_the_model(stack: Stack) -> None:
    thread, first = await stack.ask(BOND)
    await at_rest(stack, thread)
    stack.store.set_fault(operation="post", kind="gone")
    await send(stack, thread, DIVIDEND)
    assert (await at_rest(stack, thread)).state == "parked"
    await parked(stack, 1)
    assert [message.key for message in stack.messages(thread)] == [first.key]
    assert len(stack.sandbox.steps()) == 1


async def test_a_parked_turn_can_be_tried_again_once_the_thread_is_back(stack: Stack) -> None:
    stack.store.set_fault(operation="post", kind="gone")
    thread = stack.thread()
    key = await send(stack, thread, BOND)
    await at_rest(stack, thread)
    await stack.retry(thread)
    answer = await stack.outcome(thread, key, attempt=2)
    assert (answer.state, stack.posts(key)) == (FINAL, 1)
    assert (await at_rest(stack, thread)).state == "idle"
    await parked(stack, 0)


async def test_a_placeholder_that_stands_after_all_is_adopted_by_the_next_attempt(stack: Stack) -> None:
    stack.store.set_fault(operation="post", kind="lose_ack")
    stack.store.set_fault(operation="find", kind="gone")
    thread = stack.thread()
    key = await send(stack, thread, BOND)
    await eventually(lambda: stack.answer(thread, key), "the post was applied")
    assert (await at_rest(stack, thread)).state == "parked"
    await stack.retry(thread)
    assert (await stack.outcome(thread, key, attempt=2)).state is FINAL
    assert stack.posts(key) == 1


async def test_a_turn_whose_outcome_is_refused_is_parked_and_the_thread_lives_on(stack: Stack) -> None:
    for _ in range(2):
        stack.store.set_fault(operation="edit", kind="too_long")
    thread = stack.thread()
    key = await send(stack, thread, BOND)
    assert (await at_rest(stack, thread)).state == "parked"
    _, second = await stack.ask(DIVIDEND, thread)
    assert second.state is FINAL
    assert (await at_rest(stack, thread)).state == "idle"
    assert [found for found, _ in outcomes(stack, thread)] == [second.key]
    last = (await view(stack, thread)).last_turn
    assert last is not None
    assert last.id == second.key != key


async def test_parts_that_stood_before_a_turn_parked_are_adopted_by_the_next_attempt(stack: Stack) -> None:
    await stack.sandbox.fault(kind="text", text=LONG, times=0)
    stack.store.set_fault(operation="post", kind="gone", nth=3)
    thread = stack.thread()
    key = await send(stack, thread, BOND)
    assert (await at_rest(stack, thread)).state == "parked"
    await stack.retry(thread)
    answer = await stack.outcome(thread, key, attempt=2)
    await at_rest(stack, thread)
    assert answer.parts > 2
    keys = [key, *(f"{key}:{part}" for part in range(2, answer.parts + 1))]
    assert [found for found, _ in outcomes(stack, thread)] == keys
    assert all(stack.posts(one) == 1 for one in keys)

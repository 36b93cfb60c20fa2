"""Another attempt at the last answer: a fork from before it, shown in its place."""

from __future__ import annotations

import asyncio

from bot.platforms.terminal_values import CAPABILITIES
from tests.support.sandbox import until
from tests.support.stack import Stack
from tests.workflows.people import (
    BETA,
    BOND,
    DIVIDEND,
    ask_and_hold,
    asked,
    at_rest,
    moderate,
    notice,
    other,
    outcomes,
    send,
    view,
    writes,
)
from workflows.contracts import AnswerState

FINAL = AnswerState.FINAL
LONG = "\n\n".join("word " * 100 for _ in range(CAPABILITIES.part_limit // 250))


async def test_a_retry_forks_from_before_the_turn_and_replaces_the_answer_in_place(stack: Stack) -> None:
    thread, _ = await stack.ask(BOND)
    key = await stack.say(thread, DIVIDEND)
    await stack.outcome(thread, key)
    await stack.retry(thread)
    again = await stack.outcome(thread, key, attempt=2)
    assert (again.state, again.attempt, stack.posts(key)) == (FINAL, 2, 1)
    assert len(stack.sandbox.steps("restart")) == 1
    assert asked(stack) == [BOND, DIVIDEND]
    _, third = await stack.ask(BETA, thread)
    assert third.state is FINAL
    assert asked(stack) == [BOND, DIVIDEND, BETA]


async def test_the_first_turn_of_a_thread_is_tried_again_on_a_branch_of_its_own(stack: Stack) -> None:
    thread, first = await stack.ask(BOND)
    await stack.retry(thread)
    assert (await stack.outcome(thread, first.key, attempt=2)).state is FINAL
    assert len(stack.sandbox.steps("start")) == 2
    assert asked(stack) == [BOND]


async def test_one_gesture_delivered_twice_is_one_retry(stack: Stack) -> None:
    thread, first = await stack.ask(BOND)
    await asyncio.gather(*(stack.retry(thread, request="gesture-1") for _ in range(5)))
    await stack.outcome(thread, first.key, attempt=2)
    await stack.retry(thread, request="gesture-1")
    await stack.ask(DIVIDEND, thread)
    last = stack.answer(thread, first.key)
    assert last is not None
    assert last.attempt == 2


async def test_the_branches_that_nothing_refers_to_are_deleted(stack: Stack) -> None:
    thread, first = await stack.ask(BOND)
    for attempt in (2, 3):
        await stack.retry(thread)
        await stack.outcome(thread, first.key, attempt=attempt)
    await at_rest(stack, thread)
    await stack.ask(DIVIDEND, thread)
    assert len(stack.sandbox.branches(agent="clew-analyst")) == 1


async def test_a_failed_turn_can_be_tried_again(stack: Stack) -> None:
    await stack.sandbox.fault(kind="status", status=400, on="start")
    thread, failed = await stack.ask(BOND)
    assert failed.state is AnswerState.FAILED
    await stack.retry(thread)
    assert (await stack.outcome(thread, failed.key, attempt=2)).state is FINAL


async def test_a_stopped_turn_can_be_tried_again(stack: Stack) -> None:
    thread = stack.thread()
    key = await ask_and_hold(stack, thread)
    await stack.stop(thread)
    await stack.outcome(thread, key)
    await at_rest(stack, thread)
    await stack.sandbox.clear()
    await stack.retry(thread, answer=key)
    assert (await stack.outcome(thread, key, attempt=2)).state is FINAL
    assert asked(stack) == [BOND]


async def test_a_retry_that_fails_leaves_the_answer_and_the_branch_as_they_were_and_says_so(stack: Stack) -> None:
    thread, _ = await stack.ask(BOND)
    key = await stack.say(thread, DIVIDEND)
    before = await stack.outcome(thread, key)
    await stack.sandbox.fault(kind="status", status=400, on="restart", times=3)
    for attempt in (2, 3):
        await stack.retry(thread)
        after = await stack.outcome(thread, key, attempt=attempt)
        assert (after.state, after.text, after.sources) == (FINAL, before.text, before.sources)
        [told] = after.notices
        assert told.startswith(f"Attempt {attempt} brought no answer: Mistral refused")
    await stack.sandbox.clear()
    await stack.ask(BETA, thread)
    assert asked(stack) == [BOND, DIVIDEND, BETA]


async def test_a_retry_that_fails_brings_back_every_part_of_a_long_answer(stack: Stack) -> None:
    await stack.sandbox.fault(kind="text", text=LONG)
    thread, first = await stack.ask(BOND)
    await at_rest(stack, thread)
    parts = len(outcomes(stack, thread))
    assert parts > 2
    await stack.sandbox.fault(kind="status", status=400)
    await stack.retry(thread)
    await stack.outcome(thread, first.key, attempt=2)
    await at_rest(stack, thread)
    assert [state for _, state in outcomes(stack, thread)] == [FINAL] * parts
    assert len(writes(stack, "post")) == parts


async def test_only_the_last_turn_is_tried_again_and_others_say_why_not(stack: Stack) -> None:
    thread, first = await stack.ask(BOND)
    await stack.ask(DIVIDEND, thread)
    [message] = [found.id for found in stack.messages(thread) if found.key == first.key]
    request = await stack.retry(thread, answer=message)
    assert "Only the last answer" in await notice(stack, thread, request)
    assert (await at_rest(stack, thread)).turns == 2


async def test_a_thread_in_which_nothing_was_answered_yet_has_nothing_to_try_again(stack: Stack) -> None:
    thread = stack.thread()
    key = await ask_and_hold(stack, thread)
    await moderate(stack, thread, key)
    await at_rest(stack, thread)
    request = await stack.retry(thread)
    assert "nothing to try again" in await notice(stack, thread, request)


async def test_somebody_elses_turn_is_tried_again_for_administrators_alone(stack: Stack) -> None:
    thread, first = await stack.ask(BOND)
    asker = stack.session.asker
    refused = await stack.retry(thread, asker=other(asker))
    assert "Only the person who asked" in await notice(stack, thread, refused)
    await stack.retry(thread, asker=other(asker, admin=True))
    assert (await stack.outcome(thread, first.key, attempt=2)).state is FINAL


async def test_a_turn_that_still_runs_is_not_tried_again(stack: Stack) -> None:
    thread, first = await stack.ask(BOND)
    key = await ask_and_hold(stack, thread, DIVIDEND)
    on_running, on_earlier = await stack.retry(thread), await stack.retry(thread, answer=first.key)
    assert "still working" in await notice(stack, thread, on_running)
    assert "Only the last answer" in await notice(stack, thread, on_earlier)
    await stack.sandbox.clear()
    assert (await stack.outcome(thread, key)).attempt == 1


async def test_parts_left_over_from_a_longer_attempt_are_deleted(stack: Stack) -> None:
    await stack.sandbox.fault(kind="text", text=LONG)
    thread, first = await stack.ask(BOND)
    parts = first.parts
    assert parts > 2
    assert (await at_rest(stack, thread)).state == "idle"
    assert len(outcomes(stack, thread)) == parts
    await stack.retry(thread)
    await stack.outcome(thread, first.key, attempt=2)
    assert (await at_rest(stack, thread)).state == "idle"
    assert outcomes(stack, thread) == [(first.key, FINAL)]
    assert len(writes(stack, "delete")) == parts - 1


async def test_a_retry_may_be_longer_than_the_first_attempt(stack: Stack) -> None:
    thread, first = await stack.ask(BOND)
    await stack.sandbox.fault(kind="text", text=LONG)
    await stack.retry(thread)
    await stack.outcome(thread, first.key, attempt=2)
    await at_rest(stack, thread)
    keys = [key for key, _ in outcomes(stack, thread)]
    assert keys == [first.key, *(f"{first.key}:{part}" for part in range(2, len(keys) + 1))]
    assert len(keys) > 2


async def test_the_tokens_of_all_attempts_add_up(stack: Stack) -> None:
    thread, first = await stack.ask(BOND)
    await stack.retry(thread)
    again = await stack.outcome(thread, first.key, attempt=2)
    last = (await at_rest(stack, thread)).last_turn
    assert last is not None
    assert last.tokens == first.usage.total + again.usage.total > again.usage.total > 0


async def test_a_stopped_retry_keeps_what_the_first_attempt_cost(stack: Stack) -> None:
    thread, first = await stack.ask(BOND)
    await stack.sandbox.fault(kind="hold")
    await stack.retry(thread)
    await until(lambda: stack.sandbox.board.waiting > 0)
    await stack.stop(thread)
    stands = await stack.outcome(thread, first.key, attempt=2)
    assert (stands.state, stands.text) == (FINAL, first.text)
    last = (await at_rest(stack, thread)).last_turn
    assert last is not None
    assert last.tokens == first.usage.total


async def test_a_question_behind_a_retry_is_answered_after_it(stack: Stack) -> None:
    thread, first = await stack.ask(BOND)
    await stack.sandbox.fault(kind="hold")
    await stack.retry(thread)
    await until(lambda: stack.sandbox.board.waiting > 0)
    behind = await send(stack, thread, DIVIDEND)
    assert (await view(stack, thread)).queued == 1
    await stack.sandbox.clear()
    assert (await stack.outcome(thread, behind)).state is FINAL
    assert (await stack.outcome(thread, first.key, attempt=2)).state is FINAL
    assert asked(stack) == [BOND, DIVIDEND]

"""One question, one message, whatever the platform says or fails to say: the delivery of a whole worker."""

from __future__ import annotations

import time

import pytest
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest

from bot.platforms.terminal_records import Operation
from bot.platforms.terminal_values import CAPABILITIES
from tests.support.stack import Stack
from tests.workflows.people import BETA, BOND, DIVIDEND, ask_and_hold, at_rest, outcomes, placeholder, send, writes
from workflows.contracts import AnswerState
from workflows.identity import chat_queue
from workflows.sentences import sentence

FINAL = AnswerState.FINAL
LONG = "\n\n".join("word " * 100 for _ in range(CAPABILITIES.part_limit // 250))


@pytest.mark.parametrize("operation", ["post", "edit"])
async def test_an_acknowledgement_that_is_lost_leaves_one_message(stack: Stack, operation: Operation) -> None:
    stack.store.set_fault(operation=operation, kind="lose_ack")
    thread, answer = await stack.ask(BOND)
    await at_rest(stack, thread)
    assert outcomes(stack, thread) == [(answer.key, FINAL)]
    assert stack.posts(answer.key) == 1
    assert len(stack.sandbox.steps()) == 1


@pytest.mark.parametrize("operation", ["post", "edit"])
async def test_a_write_that_failed_is_made_again(stack: Stack, operation: Operation) -> None:
    stack.store.set_fault(operation=operation, kind="fail_before")
    thread, answer = await stack.ask(BOND)
    assert outcomes(stack, thread) == [(answer.key, FINAL)]
    assert stack.posts(answer.key) == 1


async def test_a_look_up_that_fails_is_made_again_before_anything_is_posted(stack: Stack) -> None:
    stack.store.set_fault(operation="post", kind="lose_ack")
    stack.store.set_fault(operation="find", kind="fail_before")
    thread, answer = await stack.ask(BOND)
    assert outcomes(stack, thread) == [(answer.key, FINAL)]
    assert stack.posts(answer.key) == 1


async def test_a_refused_rate_is_waited_out_as_long_as_the_platform_says(stack: Stack) -> None:
    stack.store.set_fault(operation="post", kind="rate_limited", retry_after=1.5)
    thread, sent = stack.thread(), time.time()
    key = await send(stack, thread, BOND)
    await placeholder(stack, thread, key)
    assert writes(stack, "post", key)[0].time - sent >= 1.5
    assert (await stack.outcome(thread, key)).state is FINAL


@pytest.mark.parametrize("nth", [2, 3])
async def test_a_long_answer_goes_on_with_the_part_whose_acknowledgement_was_lost(stack: Stack, nth: int) -> None:
    await stack.sandbox.fault(kind="text", text=LONG)
    stack.store.set_fault(operation="post", kind="lose_ack", nth=nth)
    thread, answer = await stack.ask(BOND)
    await at_rest(stack, thread)
    keys = [key for key, _ in outcomes(stack, thread)]
    assert keys == [answer.key, *(f"{answer.key}:{part}" for part in range(2, answer.parts + 1))]
    assert [stack.posts(key) for key in keys] == [1] * len(keys)
    assert len(keys) >= 3


async def test_what_a_conversation_that_is_lost_has_answered_is_not_answered_again_when_it_is_read_again(
    stack: Stack,
) -> None:
    await stack.sandbox.fault(kind="text", text=LONG)
    thread, first = await stack.ask(BOND)
    running = await ask_and_hold(stack, thread, DIVIDEND)
    await placeholder(stack, thread, running)
    standing = [found.id for found in stack.messages(thread)]
    await stack.conversation(thread).terminate()
    for key, text in ((first.key, BOND), (running, DIVIDEND), ("missed", BETA)):
        await send(stack, thread, text, message=key, late=True)
    await stack.sandbox.clear()
    for key in (running, "missed"):
        assert (await stack.outcome(thread, key)).state is FINAL
    await at_rest(stack, thread)
    messages = stack.messages(thread)
    assert [found.id for found in messages[:-1]] == standing
    assert first.parts >= 3
    assert [(found.key, found.state) for found in messages] == [
        *((key, "final") for key in (first.key, *(f"{first.key}:{part}" for part in range(2, first.parts + 1)))),
        (running, "final"),
        ("missed", "final"),
    ]


async def test_a_surplus_part_whose_deletion_was_not_acknowledged_is_gone(stack: Stack) -> None:
    await stack.sandbox.fault(kind="text", text=LONG)
    thread, first = await stack.ask(BOND)
    stack.store.set_fault(operation="delete", kind="lose_ack")
    await stack.retry(thread)
    await stack.outcome(thread, first.key, attempt=2)
    await at_rest(stack, thread)
    assert outcomes(stack, thread) == [(first.key, FINAL)]


async def test_a_text_that_the_platform_refuses_ends_in_one_plain_sentence(stack: Stack) -> None:
    stack.store.set_fault(operation="edit", kind="too_long")
    thread, answer = await stack.ask(BOND)
    assert (answer.state, answer.text) == (AnswerState.FAILED, sentence("chat_text"))
    assert outcomes(stack, thread) == [(answer.key, AnswerState.FAILED)]


async def test_a_part_that_is_refused_takes_the_parts_before_it_back(stack: Stack) -> None:
    await stack.sandbox.fault(kind="text", text=LONG)
    stack.store.set_fault(operation="post", kind="too_long", nth=3)
    thread, answer = await stack.ask(BOND)
    await at_rest(stack, thread)
    assert outcomes(stack, thread) == [(answer.key, AnswerState.FAILED)]
    shown = stack.answer(thread, answer.key)
    assert shown is not None
    assert shown.text == sentence("chat_text")


async def test_a_part_that_a_moderator_deleted_is_not_posted_by_the_next_attempt(stack: Stack) -> None:
    await stack.sandbox.fault(kind="text", text=LONG, times=2)
    thread, first = await stack.ask(BOND)
    await at_rest(stack, thread)
    [second] = [found for found in stack.messages(thread) if found.key == f"{first.key}:2"]
    stack.store.delete(second.id)
    before = outcomes(stack, thread)
    await stack.retry(thread)
    await stack.outcome(thread, first.key, attempt=2)
    await at_rest(stack, thread)
    assert outcomes(stack, thread) == before
    assert all(message.attempt == 2 for message in stack.messages(thread))


async def test_an_answer_whose_placeholder_is_gone_is_not_posted_again(stack: Stack) -> None:
    stack.store.set_fault(operation="edit", kind="gone")
    thread = stack.thread()
    key = await send(stack, thread, BOND)
    await placeholder(stack, thread, key)
    _, second = await stack.ask(DIVIDEND, thread)
    assert second.state is FINAL
    assert stack.posts(key) == 1


async def test_the_platforms_rate_limit_holds_for_its_queue(stack: Stack) -> None:
    await stack.ask(BOND)
    described = await stack.client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=stack.client.namespace,
            task_queue=TaskQueue(name=chat_queue("terminal")),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
            report_config=True,
        )
    )
    limit = described.effective_rate_limit
    assert limit.requests_per_second == CAPABILITIES.posts_per_second, described

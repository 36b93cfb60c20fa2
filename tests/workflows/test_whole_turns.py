"""Whole turns: a question in a thread, and everything that comes of it."""

from __future__ import annotations

import pytest

from tests.support.stack import Stack
from workflows.contracts import AnswerState


async def test_a_report_is_finished_in_one_message_and_the_branch_holds_the_question_once(stack: Stack) -> None:
    thread, key = await stack.research("AAPL")
    answer = await stack.outcome(thread, key)
    assert answer.state is AnswerState.FINAL
    assert answer.metrics
    assert answer.sources
    assert answer.chart is not None
    assert stack.posts(key) == 1


async def test_a_follow_up_is_one_more_question_on_the_same_branch(stack: Stack) -> None:
    thread, first = await stack.ask("What is AAPL's last close?")
    assert first.state is AnswerState.FINAL
    _, second = await stack.ask("And its 52-week range?", thread)
    assert second.state is AnswerState.FINAL
    [branch] = stack.sandbox.branches(agent="clew-analyst")
    assert stack.sandbox.questions(branch.id) == ["What is AAPL's last close?", "And its 52-week range?"]


@pytest.mark.campaign
async def test_no_turn_does_what_temporals_sandbox_refuses(idle_stack: Stack) -> None:
    stack = idle_stack
    async with stack.worker(guarded=True):
        thread, key = await stack.research("IBM")
        assert (await stack.outcome(thread, key)).state is AnswerState.FINAL
        _, follow_up = await stack.ask("What is IBM's last close?", thread)
        assert follow_up.state is AnswerState.FINAL
        await stack.retry(thread)
        again = await stack.outcome(thread, follow_up.key, attempt=2)
        assert again.state is AnswerState.FINAL

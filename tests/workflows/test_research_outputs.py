"""Documents of the team that cannot be read: asked for again as a step, thrice at most, and then said plainly."""

from __future__ import annotations

import pytest

from tests.support.stack import Stack
from tests.workflows.people import BOND, asked
from tests.workflows.team import enlist, told, written
from workflows.contracts import AnswerState
from workflows.sentences import NOT_VERIFIED, PLAN_MISSING, sentence

FINAL, FAILED = AnswerState.FINAL, AnswerState.FAILED


async def test_a_document_that_does_not_parse_is_asked_for_again_and_nobody_hears_of_it(stack: Stack) -> None:
    enlist(stack)
    for schema in ("Plan", "Report", "Verdict"):
        await stack.sandbox.fault(kind="unparseable", schema=schema)
    thread, key = await stack.research("AAPL")
    answer = await stack.outcome(thread, key)
    assert (answer.state, answer.notices) == (FINAL, ())
    assert [len(written(stack.sandbox, schema)) for schema in ("Plan", "Report", "Verdict")] == [2, 2, 2]
    assert len(asked(stack)) == 1


async def test_a_plan_and_a_verdict_that_never_parse_are_done_without_and_the_report_says_so(stack: Stack) -> None:
    enlist(stack, queries=("never asked",))
    for schema in ("Plan", "Verdict"):
        await stack.sandbox.fault(kind="unparseable", schema=schema, times=0)
    thread, key = await stack.research("AAPL", "How are its margins?")
    answer = await stack.outcome(thread, key)
    assert (answer.state, answer.notices) == (FINAL, (PLAN_MISSING, NOT_VERIFIED))
    assert [len(written(stack.sandbox, schema)) for schema in ("Plan", "Report", "Verdict")] == [3, 1, 3]
    assert stack.sandbox.steps(agent="clew-search") == []
    assert "How are its margins?" in told(stack.sandbox.steps(agent="clew-prices"))


@pytest.mark.campaign
async def test_a_report_that_never_parses_is_one_plain_sentence_and_the_thread_goes_on_without_it(
    stack: Stack,
) -> None:
    enlist(stack)
    await stack.sandbox.fault(kind="unparseable", schema="Report", times=0)
    thread, key = await stack.research("AAPL")
    answer = await stack.outcome(thread, key)
    assert (answer.state, answer.text) == (FAILED, sentence("unusable_output"))
    assert len(written(stack.sandbox, "Report")) == 3
    assert written(stack.sandbox, "Verdict") == []
    _, later = await stack.ask(BOND, thread)
    assert later.state is FINAL
    assert asked(stack) == [BOND]

"""What a report states is checked: by the verifier, and its figures by code. It is written anew once at most."""

from __future__ import annotations

import pytest

from bot.rendering import not_verified
from bot.sandbox.brain.protocol import Page
from tests.support.stack import Stack
from tests.workflows.people import BOND, asked
from tests.workflows.team import CLOSE, QUOTE, enlist, metric, objection, report, told, written
from workflows.contracts import AnswerState
from workflows.sentences import NOT_REVISED, REVISED

FINAL = AnswerState.FINAL
INVENTED = "It closed at 987.65 USD."


async def test_a_verifier_that_always_objects_brings_one_revision_and_what_that_takes_out_is_gone(stack: Stack) -> None:
    enlist(stack, reports=[report(f"Apple is loved. {INVENTED}"), report()], verdict=objection("is loved"))
    thread, key = await stack.research("AAPL")
    answer = await stack.outcome(thread, key)
    assert (answer.state, answer.text, answer.notices) == (FINAL, "Apple makes phones.", (REVISED,))
    assert [step.kind for step in written(stack.sandbox, "Report")] == ["start", "append"]
    assert "- is loved: No result says so." in told(written(stack.sandbox, "Report"))
    assert len(written(stack.sandbox, "Verdict")) == 1
    assert "987.65" not in "".join(answer.gaps)


async def test_a_figure_that_no_result_shows_is_written_once_more_and_then_called_not_verified(stack: Stack) -> None:
    stated = report(f"It closed at {CLOSE}. {INVENTED}", key_metrics=[metric(CLOSE), metric("55.5 %", "Margin")])
    enlist(stack, calls={"prices": (QUOTE,)}, reports=[stated])
    thread, key = await stack.research("AAPL")
    answer = await stack.outcome(thread, key)
    assert (answer.state, answer.notices) == (FINAL, (REVISED,))
    assert len(written(stack.sandbox, "Report")) == 2
    assert [found.verified for found in answer.metrics] == [True, False]
    assert "No tool result shows: 987.65, 55.5 %." in answer.gaps
    assert "Margin: 55.5 %" in not_verified(answer)


@pytest.mark.campaign
async def test_a_revision_that_fails_leaves_the_first_report_with_all_that_is_open(stack: Stack) -> None:
    enlist(stack, reports=[report(INVENTED)], verdict=objection("It closed"))
    await stack.sandbox.fault(kind="unparseable", schema="Report", nth=2, times=0)
    thread, key = await stack.research("AAPL")
    answer = await stack.outcome(thread, key)
    assert (answer.state, answer.text, answer.notices) == (FINAL, INVENTED, (NOT_REVISED,))
    assert "No tool result shows: 987.65." in answer.gaps
    assert "Not supported: It closed (No result says so.)" in answer.gaps
    assert len(written(stack.sandbox, "Report")) == 4
    await stack.ask(BOND, thread)
    task, question = asked(stack)
    assert task.startswith("Symbol: AAPL")
    assert question == BOND


async def test_a_figure_of_a_web_page_that_was_found_and_is_cited_may_stand(stack: Stack) -> None:
    page = Page(title="Apple reports", url="https://example.com/a")
    enlist(
        stack,
        queries=("Apple sales",),
        cited=(page,),
        reports=[report(f"Sales were $94.9 billion ([Apple reports]({page.url})).")],
    )
    thread, key = await stack.research("AAPL")
    answer = await stack.outcome(thread, key)
    assert answer.notices == ()
    assert "94.9" not in "".join(answer.gaps)
    assert page.url in [source.url for source in answer.sources]
    assert len(written(stack.sandbox, "Report")) == 1


@pytest.mark.campaign
async def test_a_figure_that_the_writer_looked_up_itself_is_verified(stack: Stack) -> None:
    enlist(stack, calls={"analyst": (QUOTE,)}, reports=[report(f"It closed at {CLOSE}.")])
    thread, key = await stack.research("AAPL")
    answer = await stack.outcome(thread, key)
    assert (answer.state, answer.notices) == (FINAL, ())
    assert any(source.title.startswith("Quote AAPL") for source in answer.sources)

"""The token ledger: every attempt counts once, on its day, over all threads of an asker."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from bot.connect import connect
from tests.support.stack import Stack
from tests.support.temporal import settings_for
from tests.support.values import ALICE, BOB, THREAD
from tests.workflows.people import BOND, DIVIDEND, at_rest, other, send
from workflows.contracts import AnswerState, Asker, Terms, UsageBooking, UsageState
from workflows.identity import TASK_QUEUE, usage_id
from workflows.ledger import TemporalLedger, tokens_today
from workflows.sentences import sentence
from workflows.usage import UsageWorkflow
from workflows.worker import sandboxed

START = UsageState(platform="terminal", workspace="desk", user="alice")


@asynccontextmanager
async def ledger_worker(client: Client) -> AsyncGenerator[None]:
    async with Worker(client, task_queue=TASK_QUEUE, workflows=[UsageWorkflow], workflow_runner=sandboxed()):
        yield


async def booked(client: Client, *bookings: UsageBooking) -> WorkflowHandle[UsageWorkflow, UsageState]:
    handle = await client.start_workflow(UsageWorkflow.run, START, id="usage", task_queue=TASK_QUEUE)
    for booking in bookings:
        await handle.signal(UsageWorkflow.book, booking)
    return handle


async def spent_today(client: Client, asker: Asker) -> int | None:
    return await tokens_today(client, timedelta(seconds=5), usage_id(THREAD.platform, THREAD.workspace, asker))


async def test_a_booking_delivered_twice_counts_once(temporal_server: str, namespace: str, tmp_path: Path) -> None:
    client = await connect(settings_for(temporal_server, namespace, tmp_path))
    ledger = TemporalLedger(client)
    async with ledger_worker(client):
        assert await spent_today(client, ALICE) == 0
        for _ in range(2):
            await ledger.book(THREAD, ALICE, "m1:1", 10)
        await ledger.book(replace(THREAD, thread="t2"), ALICE, "m1:1", 5)
        await ledger.book(THREAD, ALICE, "m1:2", 3)
        await ledger.book(THREAD, BOB, "m9:1", 100)
        assert await spent_today(client, ALICE) == 18
        assert await spent_today(client, BOB) == 100
        assert await tokens_today(client, timedelta(seconds=5)) == 118


async def test_what_everybody_used_is_unknown_without_a_worker_and_nothing_where_nobody_asked(
    temporal_server: str, namespace: str, tmp_path: Path
) -> None:
    client = await connect(settings_for(temporal_server, namespace, tmp_path))
    assert await tokens_today(client, timedelta(seconds=5)) == 0
    await TemporalLedger(client).book(THREAD, ALICE, "m1:1", 10)
    assert await tokens_today(client, timedelta(milliseconds=200)) is None


async def test_a_new_day_starts_afresh_and_a_late_booking_of_yesterday_does_not_count_today(
    temporal_server: str, namespace: str, tmp_path: Path
) -> None:
    client = await connect(settings_for(temporal_server, namespace, tmp_path))
    async with ledger_worker(client):
        handle = await booked(
            client,
            UsageBooking(key="a", day="2026-03-01", tokens=10),
            UsageBooking(key="b", day="2026-03-02", tokens=7),
            UsageBooking(key="c", day="2026-03-01", tokens=90),
            UsageBooking(key="b", day="2026-03-03", tokens=7),
        )
        state = await handle.query(UsageWorkflow.spent)
    assert (state.day, state.tokens) == ("2026-03-02", 7)


@pytest.mark.campaign
async def test_a_long_ledger_continues_as_new_with_all_that_was_booked(
    temporal_server: str, namespace: str, tmp_path: Path
) -> None:
    client = await connect(settings_for(temporal_server, namespace, tmp_path))
    bookings = [UsageBooking(key=f"k{number % 220}", day="2026-03-01", tokens=1) for number in range(450)]
    handle = await booked(client, *bookings)
    async with ledger_worker(client):
        state = await handle.query(UsageWorkflow.spent)
        described = await client.get_workflow_handle("usage").describe()
    assert state.tokens == 220
    assert described.run_id != handle.first_execution_run_id


async def test_a_ledger_nobody_books_into_ends_after_two_days(temporal_test_server: WorkflowEnvironment) -> None:
    client = temporal_test_server.client
    async with ledger_worker(client):
        handle = await booked(client, UsageBooking(key="a", day="2026-03-01", tokens=10))
        state = await handle.result()
    assert (state.tokens, state.booked) == (10, ("a",))


async def test_a_budget_that_is_used_up_ends_in_its_sentence_in_every_thread_of_its_asker(idle_stack: Stack) -> None:
    async with idle_stack.worker(clew_daily_tokens_per_user=1):
        thread, first = await idle_stack.ask(BOND)
        await at_rest(idle_stack, thread)
        steps = len(idle_stack.sandbox.steps())
        for where in (thread, idle_stack.thread()):
            _, refused = await idle_stack.ask(DIVIDEND, where)
            assert (refused.state, refused.text) == (AnswerState.FAILED, sentence("budget"))
            assert not refused.retriable
        assert len(idle_stack.sandbox.steps()) == steps
        theirs = await send(idle_stack, thread, DIVIDEND, asker=other(idle_stack.session.asker))
        assert (await idle_stack.outcome(thread, theirs)).state is AnswerState.FINAL
    assert first.state is AnswerState.FINAL


async def test_the_ledger_is_the_sum_of_what_the_answers_say_they_cost(stack: Stack) -> None:
    thread, first = await stack.ask(BOND)
    other_thread, second = await stack.ask(DIVIDEND)
    await stack.retry(thread)
    again = await stack.outcome(thread, first.key, attempt=2)
    for where in (thread, other_thread):
        await at_rest(stack, where)
    handle = stack.client.get_workflow_handle_for(
        UsageWorkflow.run, usage_id("terminal", stack.session.asker.user, stack.session.asker)
    )
    # The answer is out before its tokens are booked.
    while len((state := await handle.query(UsageWorkflow.spent)).booked) < 3:
        pass
    assert state.tokens == sum(answer.usage.total for answer in (first, second, again))


@pytest.mark.campaign
async def test_who_waits_for_a_place_is_let_in_after_the_ledger_has_continued_as_new(
    temporal_server: str, namespace: str, tmp_path: Path
) -> None:
    client = await connect(settings_for(temporal_server, namespace, tmp_path))
    ledger, terms = TemporalLedger(client), Terms(at_once=1, seconds=900)
    second = replace(THREAD, thread="t2")
    async with ledger_worker(client):
        assert await ledger.admit(THREAD, ALICE, "a:1", terms, kind="question") == ""
        assert await ledger.admit(second, ALICE, "b:1", terms, kind="question") == "busy"
        handle = client.get_workflow_handle(usage_id(THREAD.platform, THREAD.workspace, ALICE))
        first_run = (await handle.describe()).run_id
        for number in range(450):
            await handle.signal("book", UsageBooking(key=f"k{number}", day="2026-03-01", tokens=1))
        while (await handle.describe()).run_id == first_run:
            pass
        assert await ledger.admit(second, ALICE, "b:1", terms, kind="question") == "busy"
        await ledger.book(THREAD, ALICE, "a:1", 5)
        assert await ledger.admit(second, ALICE, "b:1", terms, kind="question") == ""


async def test_a_place_asked_for_by_what_was_stopped_meanwhile_is_not_taken(
    temporal_server: str, namespace: str, tmp_path: Path
) -> None:
    client = await connect(settings_for(temporal_server, namespace, tmp_path))
    ledger, terms = TemporalLedger(client), Terms(at_once=1, seconds=900)
    async with ledger_worker(client):
        # Asked again by whoever was not told of its cancellation in time.
        await ledger.book(THREAD, ALICE, "a:1", 0)
        await ledger.admit(THREAD, ALICE, "a:1", terms, kind="question")
        second = replace(THREAD, thread="t2")
        assert await ledger.admit(second, ALICE, "b:1", terms, kind="question") == ""
        assert await ledger.admit(THREAD, ALICE, "a:2", terms, kind="question") == "busy"


@pytest.mark.campaign
async def test_a_budget_used_up_in_the_middle_of_a_report_lets_it_end_and_nothing_after_it_not_even_a_retry(
    idle_stack: Stack,
) -> None:
    async with idle_stack.worker(clew_daily_tokens_per_user=1):
        thread, key = await idle_stack.research("AAPL")
        report = await idle_stack.outcome(thread, key)
        await at_rest(idle_stack, thread)
        steps = len(idle_stack.sandbox.steps())
        assert (report.state, steps > 5) == (AnswerState.FINAL, True)
        await idle_stack.retry(thread)
        again = await idle_stack.outcome(thread, key, attempt=2)
        assert sentence("budget") in " ".join((again.text, *again.notices))
        administrator = replace(idle_stack.session.asker, admin=True)
        refused = await idle_stack.outcome(thread, await send(idle_stack, thread, DIVIDEND, asker=administrator))
        assert refused.text == sentence("budget")
        assert len(idle_stack.sandbox.steps()) == steps
        assert again.state is AnswerState.FINAL

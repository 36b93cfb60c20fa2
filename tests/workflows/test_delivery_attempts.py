"""Attempts of one delivery: what a later one does with what an earlier one left, and one that was given up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError

from bot.platforms.terminal import TerminalPlatform
from bot.platforms.terminal_store import TerminalStore, open_store
from bot.platforms.terminal_values import answer_to_data
from tests.support.attempts import attempt
from tests.support.values import THREAD
from workflows.activities.delivery import DeliveryActivities
from workflows.activities.heartbeat import Pulse
from workflows.blobs import FileBlobStore
from workflows.contracts import Answer, AnswerState, FinishAnswer, MessageRef, PostAnswer, ThreadRef
from workflows.refusals import Refusals

WORKING = Answer(key="m1", state=AnswerState.WORKING)
FINAL = Answer(key="m1", state=AnswerState.FINAL, text="Text.")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TerminalStore]:
    with open_store(tmp_path) as opened:
        yield opened


@pytest.fixture
def delivery(store: TerminalStore, tmp_path: Path) -> DeliveryActivities:
    client = cast("Client", None)  # Only `start_conversation` speaks to Temporal.
    chat, blobs = TerminalPlatform(store), FileBlobStore(tmp_path)
    return DeliveryActivities(chat, blobs, client, refusals=Refusals(), searchable=False)


def thread_in(store: TerminalStore) -> ThreadRef:
    return replace(THREAD, thread=store.new_thread())


async def test_a_later_attempt_adopts_the_oldest_post_and_deletes_the_others(
    store: TerminalStore, delivery: DeliveryActivities
) -> None:
    thread = thread_in(store)
    oldest, *_ = [store.post(thread.thread, "m1", answer_to_data(WORKING)) for _ in range(3)]
    posted = await attempt(2).run(delivery.post_answer, PostAnswer(thread=thread, answer=WORKING))
    assert posted.messages == (MessageRef(thread=thread, message=oldest),)
    assert store.find(thread.thread, "m1") == [(oldest, "working")]


async def test_an_attempt_that_counts_as_the_first_one_again_adopts_too(
    store: TerminalStore, delivery: DeliveryActivities
) -> None:
    thread = thread_in(store)
    standing = store.post(thread.thread, "m1", answer_to_data(WORKING))
    # An administrator let a step that backed off run at once: its activity was reset.
    reset = attempt(1)
    later = reset.info.scheduled_time + timedelta(seconds=5)
    reset.info = replace(reset.info, current_attempt_scheduled_time=later)
    posted = await reset.run(delivery.post_answer, PostAnswer(thread=thread, answer=WORKING))
    assert posted.messages == (MessageRef(thread=thread, message=standing),)
    assert store.find(thread.thread, "m1") == [(standing, "working")]


async def test_what_an_earlier_activity_may_have_posted_is_looked_for_at_the_first_attempt(
    store: TerminalStore, delivery: DeliveryActivities
) -> None:
    thread = thread_in(store)
    standing = store.post(thread.thread, "m1", answer_to_data(WORKING))
    request = PostAnswer(thread=thread, answer=WORKING, may_stand=True)
    posted = await attempt(1).run(delivery.post_answer, request)
    assert posted.messages == (MessageRef(thread=thread, message=standing),)


@pytest.mark.parametrize("given_up", [{"start_to_close": 1.0}, {"heartbeat": 0.0}], ids=["time-out", "heartbeat"])
async def test_an_attempt_that_the_server_may_have_given_up_posts_nothing(
    store: TerminalStore, delivery: DeliveryActivities, given_up: dict[str, float]
) -> None:
    thread = thread_in(store)
    with pytest.raises(ApplicationError) as refused:
        await attempt(1, **given_up).run(delivery.post_answer, PostAnswer(thread=thread, answer=WORKING))
    assert refused.value.type == "Retriable"
    assert store.find(thread.thread, "m1") == []


async def test_a_worker_that_was_stopped_posts_nothing_even_where_it_beats_before_it_goes_on() -> None:
    def woken() -> tuple[bool, bool]:
        pulse = Pulse()
        pulse.beat()
        # Stopped for so long, between two beats.
        pulse._last -= 2.0  # pyright: ignore[reportPrivateUsage] - the clock is the process's own
        pulse.beat()
        return pulse.given_up, activity.is_cancelled()

    assert attempt(1, heartbeat=1.6).run(woken) == (True, False)


async def test_a_finished_answer_is_finished_again_by_the_same_edits(
    store: TerminalStore, delivery: DeliveryActivities
) -> None:
    thread = thread_in(store)
    message = MessageRef(thread=thread, message=store.post(thread.thread, "m1", answer_to_data(WORKING)))
    request = FinishAnswer(thread=thread, messages=(message,), answer=FINAL)
    for number in (1, 2):
        assert (await attempt(number).run(delivery.finish_answer, request)).messages == (message,)
    assert [found.state for found in store.messages(thread.thread)] == ["final"]


async def test_an_edit_of_a_message_that_is_gone_posts_nothing(
    store: TerminalStore, delivery: DeliveryActivities
) -> None:
    thread = thread_in(store)
    gone = MessageRef(thread=thread, message=store.post(thread.thread, "m1", answer_to_data(WORKING)))
    store.delete(gone.message)
    request = FinishAnswer(thread=thread, messages=(gone,), answer=FINAL)
    for number in (1, 2):
        assert (await attempt(number).run(delivery.finish_answer, request)).messages == ()
    assert store.messages(thread.thread) == []

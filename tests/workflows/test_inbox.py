from __future__ import annotations

from tests.support.values import ALICE, THREAD, message
from workflows.contracts import (
    AnswerState,
    ConversationState,
    EditedMessage,
    MessageRef,
    RetryRequest,
    TurnRecord,
)
from workflows.inbox import Inbox
from workflows.policies import SEEN_LIMIT

EMPTY = ConversationState(thread=THREAD)


def test_the_same_message_twice_is_queued_once() -> None:
    inbox = Inbox(EMPTY)
    assert inbox.add(message("hi")) is not None
    assert inbox.add(message("hi")) is None
    assert [item.turn for item in inbox.items] == ["m1"]


def test_one_gesture_that_arrives_as_two_events_is_one_item() -> None:
    inbox = Inbox(EMPTY)
    inbox.add(message("hi", id="1.1", twins=("client-7",)))
    assert inbox.add(message("hi", id="1.2", twins=("client-7",))) is None


def test_ids_are_remembered_over_a_carried_state_and_the_memory_is_bounded() -> None:
    inbox = Inbox(EMPTY)
    for number in range(SEEN_LIMIT + 10):
        inbox.first_time(f"m{number}")
    carried = Inbox(ConversationState(thread=THREAD, seen=inbox.seen()))
    assert len(inbox.seen()) == SEEN_LIMIT
    assert not carried.first_time(f"m{SEEN_LIMIT + 9}")
    assert carried.first_time("m0")


def test_an_edit_changes_a_queued_question_and_not_the_running_one() -> None:
    inbox = Inbox(EMPTY)
    first, second = inbox.add(message("one", id="a")), inbox.add(message("two", id="b"))
    assert first is not None
    assert second is not None
    inbox.edit(EditedMessage(message="a", text="changed"), running=first)
    inbox.edit(EditedMessage(message="b", text="changed"), running=first)
    assert [item.message.text for item in inbox.items] == ["one", "changed"]


def test_an_item_is_found_by_its_message_and_by_its_placeholder() -> None:
    inbox = Inbox(EMPTY)
    item = inbox.add(message("one", id="a"))
    assert item is not None
    item.opened = MessageRef(thread=THREAD, message="p9")
    assert inbox.find("a") is item
    assert inbox.find("p9") is item
    assert inbox.find("zz") is None


def test_a_retry_reuses_the_turns_messages_and_counts_the_attempt() -> None:
    answer = MessageRef(thread=THREAD, message="p1")
    record = TurnRecord(
        id="a",
        number=1,
        message="a",
        question="why?",
        asker=ALICE,
        state=AnswerState.FAILED,
        answers=(answer,),
        attempt=2,
    )
    request = RetryRequest(request="r1", asker=ALICE)
    inbox = Inbox(EMPTY)
    inbox.add_retry(request, record)
    item = inbox.items[0]
    assert (item.turn, item.attempt, item.opened, item.message.text) == ("a", 3, answer, "why?")
    assert inbox.retries() == (request,)
    assert inbox.queued() == ()

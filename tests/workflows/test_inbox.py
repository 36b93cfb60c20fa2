from __future__ import annotations

from dataclasses import replace

from tests.support.values import ALICE, THREAD, message
from workflows.contracts import (
    AnswerState,
    ConversationState,
    EditedMessage,
    MessageRef,
    RetryRequest,
    StopRequest,
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


def wish(moment: float, *, late: bool = False, request: str = "reaction:C1:p1:U1") -> RetryRequest:
    return RetryRequest(request=request, asker=ALICE, answer="p1", moment=moment, late=late)


def test_a_reaction_made_again_later_is_a_second_wish_and_one_heard_again_is_not() -> None:
    inbox = Inbox(EMPTY)
    assert inbox.first_wish(wish(10.0))
    assert not inbox.first_wish(wish(10.0))
    assert inbox.first_wish(wish(11.0))
    assert not inbox.first_wish(wish(10.0))


def test_a_reaction_found_standing_there_counts_once_and_only_if_it_was_never_heard() -> None:
    inbox = Inbox(EMPTY)
    assert inbox.first_wish(wish(20.0, late=True))
    assert not inbox.first_wish(wish(30.0, late=True))
    heard = Inbox(EMPTY)
    heard.first_wish(wish(10.0))
    assert not heard.first_wish(wish(20.0, late=True))


def test_a_reaction_found_standing_there_is_not_taken_again_when_its_own_event_comes_after_all() -> None:
    inbox = Inbox(EMPTY)
    inbox.first_wish(wish(20.0, late=True))
    assert not inbox.first_wish(wish(10.0))
    assert inbox.first_wish(wish(21.0))


def test_finding_it_again_takes_no_room_in_the_memory() -> None:
    inbox = Inbox(EMPTY)
    for reading in (20.0, 30.0, 40.0):
        inbox.first_wish(wish(reading, late=True))
    assert len(inbox.seen()) == 1


def test_a_word_that_stops_counts_once_and_a_reaction_each_time() -> None:
    inbox = Inbox(EMPTY)
    word, reaction = StopRequest(request="m1", asker=ALICE, moment=10.0), StopRequest(request="r1", asker=ALICE)
    assert [inbox.first_stop(word), inbox.first_stop(word)] == [True, False]
    assert [inbox.first_stop(reaction), inbox.first_stop(reaction)] == [True, True]


def test_it_knows_when_the_newest_message_was_said_in_whatever_order_they_came_and_hands_that_on() -> None:
    inbox = Inbox(EMPTY)
    for key, moment in {"1.1": 20.0, "1.2": 10.0, "1.3": 0.0, "1.1 again": 15.0}.items():
        inbox.add(replace(message("?", id=key), moment=moment))
    assert Inbox(ConversationState(thread=THREAD, until=inbox.until)).until == 20.0


def test_it_knows_what_it_heard_whatever_that_was() -> None:
    inbox = Inbox(EMPTY)
    inbox.add(message("hi", id="1.1", twins=("client-7",)))
    inbox.first_wish(RetryRequest(request="1.2", asker=ALICE))
    inbox.first_stop(StopRequest(request="1.3", asker=ALICE, moment=1.3))
    inbox.first_wish(wish(1.4))
    asked = ("1.1", "client-7", "1.2", "1.3", "1.4", "reaction:C1:p1:U1", "reaction:C1:p1:U2")
    assert inbox.unheard(asked) == ("1.4", "reaction:C1:p1:U2")


def test_what_waits_are_the_questions_that_can_still_be_changed() -> None:
    inbox = Inbox(EMPTY)
    first, _ = inbox.add(message("one", id="a")), inbox.add(message("two", id="b"))
    assert inbox.waiting(running=first) == {"b": "two"}

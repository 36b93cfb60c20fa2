"""Bot, worker, tool server and Temporal as processes before each platform: every surface, deaths, two bots at once."""

from __future__ import annotations

import os
import signal

import pytest

from tests.e2e.chats.seat import Seat
from tests.e2e.judging import linear

QUESTION = "What is {}'s last close?"


def test_a_mention_and_a_reply_in_its_thread(seat: Seat) -> None:
    thread = seat.mention(QUESTION.format("AAPL"))
    seat.answered(thread, thread)
    reply = seat.reply(thread, "And MSFT's last close?")
    [first], [second] = seat.answered(thread, thread, reply)
    assert "252.2" in first.text
    assert "27.95" in second.text
    linear(seat.whole, thread, QUESTION.format("AAPL"), "And MSFT's last close?")


def test_a_direct_message(seat: Seat) -> None:
    thread, message = seat.direct(QUESTION.format("IBM"))
    seat.answered(thread, message)


def test_a_command_its_report_and_its_buttons(seat: Seat) -> None:
    thread, command = seat.research("AAPL", "Is it expensive?")
    [report] = seat.answered(thread, command)
    assert "Not investment advice" in report[-1].text
    seat.press(report[-1], "ask1", seat.bob)
    follow_up = seat.follow_up_of(report[-1], 1)
    _, answer = seat.answered(thread, command, follow_up)
    seat.press(answer[-1], "retry", seat.bob)
    seat.answered(thread, command, follow_up, attempt=2)
    seat.press(answer[-1], "up", seat.alice)


@pytest.mark.campaign
def test_a_message_is_pointed_at(seat: Seat) -> None:
    thread, began = seat.point_at("MSFT")
    seat.whole.eventually(began, "a placeholder")
    seat.whole.eventually(lambda: [one.state for one in seat.all_answers(thread)] == ["final"], "its answer")


@pytest.mark.campaign
def test_reactions_and_the_stop_button(seat: Seat) -> None:
    thread = seat.mention(QUESTION.format("GOOG"))
    [[answer]] = seat.answered(thread, thread)
    seat.react(answer, "🔁")
    seat.answered(thread, thread, attempt=2)
    seat.whole.sandbox.arm(kind="hold", on="start", times=0)
    for stop in ("reaction", "button"):
        held = seat.mention(QUESTION.format("IBM"))
        seat.whole.eventually(lambda held=held: bool(seat.whole.sandbox.steps(turn=held)), "the step")
        placeholder = seat.placeholder(held, held)
        if stop == "reaction":
            seat.react(placeholder, "🛑")
        else:
            seat.press(placeholder, "stop", seat.alice)
        [[stopped]] = seat.answered(held, held)
        assert stopped.state == "stopped"


def test_the_admin_command(seat: Seat) -> None:
    refused, told = seat.administer("status", root=False), seat.administer("status", root=True)
    seat.whole.eventually(lambda: bool(refused() and told()), "both are told")
    assert "Only administrators" in refused()
    assert "clew-chat-slack" in told()
    assert "clew-chat-discord" in told()


def test_bot_and_worker_killed_mid_turn_leave_one_answer_in_each_thread(seat: Seat) -> None:
    bot, worker = seat.whole.pid("bot"), seat.whole.pid("worker")
    question = QUESTION.format("FB")
    # The worker dies with its step stored and its answer not told; the bot with an event received and not handed over.
    seat.whole.sandbox.arm(kind="kill", pid=worker, on="start", when="after", holding="FB")
    first = seat.mention(question)
    seat.whole.eventually(lambda: seat.whole.sandbox.struck() == 1, "the worker's death")
    seat.strike(bot)
    second = seat.mention(QUESTION.format("IBM"))
    seat.whole.replaced("bot", bot)
    seat.whole.replaced("worker", worker)
    seat.answered(first, first)
    seat.answered(second, second)
    linear(seat.whole, first, question)
    assert seat.posted(first, first) == seat.posted(second, second) == 1


@pytest.mark.campaign
def test_two_bots_at_once_double_nothing(seat: Seat) -> None:
    before = seat.listeners
    other = seat.whole.start("bot")
    seat.whole.eventually(lambda: seat.listeners > before, "a second bot listens")
    seat.twice(True)
    try:
        asked = [seat.mention(QUESTION.format(symbol)) for symbol in ("AAPL", "IBM", "MSFT")]
        for message in asked:
            seat.answered(message, message)
    finally:
        seat.twice(False)
        os.kill(other.pid, signal.SIGTERM)
        assert other.wait(timeout=30) == 0
    assert [seat.posted(message, message) for message in asked] == [1, 1, 1]

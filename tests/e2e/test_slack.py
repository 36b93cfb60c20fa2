"""Slack with bot, worker, tool server and Temporal as processes: every surface, deaths, and two bots at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.judging import linear
from tests.e2e.slack import Workspace, key, state, workspace

QUESTION = "What is {}'s last close?"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, bytecode: Path) -> Iterator[Workspace]:
    with workspace(tmp_path_factory.mktemp("slack"), bytecode) as made:
        yield made


@pytest.fixture
def desk(place: Workspace) -> Iterator[Workspace]:
    """The workspace, ready, without faults before and after."""
    place.whole.ready()
    yield place
    place.whole.sandbox.clear()
    place.slack.heal()


def test_a_mention_and_a_reply_in_its_thread(desk: Workspace) -> None:
    ts = desk.mention(QUESTION.format("AAPL"))
    desk.answered(ts, ts)
    reply = desk.slack.say(desk.channel, desk.bob, "And MSFT's last close?", thread=ts)
    first, second = desk.answered(ts, ts, reply)
    assert "252.2" in str(first.blocks)
    assert "27.95" in str(second.blocks)
    linear(desk.whole, ts, QUESTION.format("AAPL"), "And MSFT's last close?")


def test_a_direct_message(desk: Workspace) -> None:
    channel = desk.slack.dm(desk.alice)
    ts = desk.slack.say(channel, desk.alice, QUESTION.format("IBM"))
    desk.answered(ts, ts, channel=channel)


def test_a_command_its_report_and_its_buttons(desk: Workspace) -> None:
    command = desk.slack.command(desk.channel, desk.alice, "/research", "AAPL Is it expensive?")
    thread = desk.root_message(command.trigger_id).ts
    [report] = desk.answered(thread, command.trigger_id)
    assert {"markdown", "table", "image", "actions", "context_actions"} <= {
        block["type"] for block in report.blocks or []
    }
    desk.slack.click(desk.channel, report.ts, desk.bob, "clew_follow_up_1")
    follow_up = f"follow-up:{report.ts}:clew_follow_up_1"
    _, answer = desk.answered(thread, command.trigger_id, follow_up)
    desk.slack.click(desk.channel, answer.ts, desk.bob, "clew_retry")
    desk.answered(thread, command.trigger_id, follow_up, attempt=2)
    thanks = desk.slack.click(desk.channel, answer.ts, desk.alice, "clew_feedback", value=f"up:{follow_up}")
    desk.whole.eventually(lambda: thanks.acked, "feedback is taken")


def test_the_form_and_the_message_shortcut(desk: Workspace) -> None:
    desk.slack.global_shortcut(desk.alice, "research_new")
    desk.whole.eventually(lambda: bool(desk.slack.windows("research_form")), "the form")
    [form] = desk.slack.windows("research_form")
    where = {"type": "conversations_select", "selected_conversation": desk.channel}
    desk.slack.submit(form["id"], desk.alice, {"symbol": "IBM", "channel": where})
    desk.answered(desk.root_message(form["id"]).ts, form["id"])
    said = desk.slack.say(desk.channel, desk.bob, QUESTION.format("MSFT"))
    desk.slack.shortcut(desk.channel, said, desk.alice, "research_message")
    desk.whole.eventually(lambda: [state(one) for one in desk.answers(said)] == ["final"], "the shortcut's answer")


def test_reactions_and_the_native_stop(desk: Workspace) -> None:
    ts = desk.mention(QUESTION.format("GOOG"))
    [answer] = desk.answered(ts, ts)
    desk.slack.react(desk.channel, answer.ts, desk.alice, "repeat")
    desk.answered(ts, ts, attempt=2)
    desk.whole.sandbox.arm(kind="hold", on="start", times=0)
    for stop in ("reaction", "native", "button"):
        held = desk.mention(QUESTION.format("IBM"))
        desk.whole.eventually(lambda held=held: bool(desk.whole.sandbox.steps(turn=held)), "the step")
        [placeholder] = desk.answers(held)
        match stop:
            case "reaction":
                desk.slack.react(desk.channel, placeholder.ts, desk.alice, "octagonal_sign")
            case "native":
                desk.slack.stop_session(desk.channel, held, desk.alice)
            case _:
                desk.click_until_taken(placeholder, "clew_stop")
        [stopped] = desk.answered(held, held)
        assert state(stopped) == "stopped"


def test_the_home_and_the_admin_command(desk: Workspace) -> None:
    address = f"/archives/{desk.channel}/"

    def shown() -> bool:
        desk.slack.open_home(desk.alice)
        return address in str(desk.slack.home(desk.alice))

    desk.whole.eventually(shown, "a thread in the home")
    refused = desk.slack.command(desk.channel, desk.alice, "/research-admin", "status")
    told = desk.slack.command(desk.channel, desk.root, "/research-admin", "status")
    desk.whole.eventually(lambda: bool(refused.replies and told.replies), "both are told")
    assert "Only administrators" in refused.replies[0].text
    assert "clew-chat-slack" in told.replies[0].text


def test_bot_and_worker_killed_mid_turn_leave_one_answer_in_each_thread(desk: Workspace) -> None:
    bot, worker = desk.whole.pid("bot"), desk.whole.pid("worker")
    question = QUESTION.format("FB")
    # The worker dies with its step stored and its answer not told; the bot with an event received and not handed over.
    desk.whole.sandbox.arm(kind="kill", pid=worker, on="start", when="after", holding="FB")
    first = desk.mention(question)
    desk.whole.eventually(lambda: desk.whole.sandbox.struck() == 1, "the worker's death")
    desk.slack.fault("socket", "signal", when="after", pid=bot, event="message")
    second = desk.mention(QUESTION.format("IBM"))
    desk.whole.replaced("bot", bot)
    desk.whole.replaced("worker", worker)
    desk.answered(first, first)
    desk.answered(second, second)
    linear(desk.whole, first, question)
    posts = [one.key for one in desk.slack.ledger if one.method == "chat.postMessage"]
    assert posts.count(first) == posts.count(second) == 1


def test_two_bots_at_once_double_nothing(desk: Workspace) -> None:
    before = desk.slack.connected
    other = desk.whole.start("bot")
    desk.whole.eventually(lambda: desk.slack.connected > before, "a second bot listens")
    desk.slack.twice(True)
    try:
        asked = [desk.mention(QUESTION.format(symbol)) for symbol in ("AAPL", "IBM", "MSFT")]
        for ts in asked:
            desk.answered(ts, ts)
    finally:
        desk.slack.twice(False)
        os.kill(other.pid, signal.SIGTERM)
        assert other.wait(timeout=30) == 0
    posted = [one.key for one in desk.slack.ledger if one.method == "chat.postMessage" and one.key in asked]
    assert sorted(posted) == sorted(asked)
    assert {key(one) for ts in asked for one in desk.answers(ts)} == set(asked)

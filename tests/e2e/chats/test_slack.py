"""What only Slack has: the form, its native stop, the App Home."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.chats.seat import Seat
from tests.e2e.chats.slack import SlackSeat

QUESTION = "What is {}'s last close?"


@pytest.fixture
def desk(seats: dict[str, Seat]) -> Iterator[SlackSeat]:
    """The workspace, ready, without faults before and after."""
    found = seats["slack"]
    assert isinstance(found, SlackSeat)
    found.whole.ready()
    yield found
    found.whole.sandbox.clear()
    found.heal()


@pytest.mark.campaign
def test_the_form(desk: SlackSeat) -> None:
    desk.slack.global_shortcut(desk.alice, "research_new")
    desk.whole.eventually(lambda: bool(desk.slack.windows("research_form")), "the form")
    [form] = desk.slack.windows("research_form")
    where = {"type": "conversations_select", "selected_conversation": desk.channel}
    desk.slack.submit(form["id"], desk.alice, {"symbol": "IBM", "channel": where})
    thread = desk.root_message(form["id"]).ts
    desk.answered(thread, form["id"])
    [report] = [one for one in desk.slack.thread(desk.channel, thread) if one.blocks and one.metadata]
    assert {"markdown", "table", "image", "actions"} <= {block["type"] for block in report.blocks or []}


@pytest.mark.campaign
def test_the_native_stop(desk: SlackSeat) -> None:
    desk.whole.sandbox.arm(kind="hold", on="start", times=0)
    held = desk.mention(QUESTION.format("IBM"))
    desk.whole.eventually(lambda: bool(desk.whole.sandbox.steps(turn=held)), "the step")
    desk.placeholder(held, held)
    desk.slack.stop_session(desk.channel, held, desk.alice)
    [[stopped]] = desk.answered(held, held)
    assert stopped.state == "stopped"


@pytest.mark.campaign
def test_the_home(desk: SlackSeat) -> None:
    thread = desk.mention(QUESTION.format("IBM"))
    desk.answered(thread, thread)
    address = f"/archives/{desk.channel}/"

    def shown() -> bool:
        desk.slack.open_home(desk.alice)
        return address in str(desk.slack.home(desk.alice))

    desk.whole.eventually(shown, "a thread in the home")

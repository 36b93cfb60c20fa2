"""Messages of one thread are answered in the order in which Slack told of them, however close they are."""

from __future__ import annotations

import asyncio

import pytest

from bot.platforms.order import Order
from bot.platforms.slack.order import thread_of
from tests.bot.slack_desk import desk_on
from tests.slack.server import running_slack
from tests.support.stack import Stack, eventually

ROOT = {"channel": "C1", "ts": "1.0"}


@pytest.mark.campaign
async def test_ten_replies_within_a_moment_wait_in_the_order_in_which_they_were_said(idle_stack: Stack) -> None:
    with running_slack() as slack:
        async with desk_on(idle_stack, slack) as desk, idle_stack.worker(), desk.bot():
            thread, _ = await desk.asked("What is AAPL's last close?")
            said = [slack.say(desk.channel, desk.alice, f"And number {one}?", thread=thread) for one in range(10)]
            await eventually(lambda: len(desk.answers(thread)) == 11 or None, "their placeholders")
            assert [answer.key for answer in desk.answers(thread)] == [thread, *said]


async def test_who_asks_first_has_its_turn_first_and_other_threads_do_not_wait() -> None:
    order, done = Order(), list[str]()
    first = asyncio.Event()

    async def hear(name: str, ts: str, until: asyncio.Event | None = None) -> None:
        async with order.turn(thread_of({"channel": "C1", "ts": ts})):
            if until is not None:
                await until.wait()
            done.append(name)

    tasks = [
        asyncio.create_task(hear("first", "1.0", first)),
        asyncio.create_task(hear("second", "1.0")),
        asyncio.create_task(hear("elsewhere", "2.0")),
    ]
    await tasks[2]
    assert done == ["elsewhere"]
    first.set()
    await asyncio.gather(*tasks)
    assert done == ["elsewhere", "first", "second"]


def test_a_reply_its_change_and_its_removal_are_of_one_thread() -> None:
    reply = {"ts": "2.0", "thread_ts": "1.0"}
    about = [
        ROOT,
        {"channel": "C1", **reply},
        {"channel": "C1", "subtype": "message_changed", "message": reply, "previous_message": reply, "ts": "3.0"},
        {"channel": "C1", "subtype": "message_deleted", "previous_message": reply, "ts": "3.0"},
    ]
    assert {thread_of(event) for event in about} == {"C1:1.0"}

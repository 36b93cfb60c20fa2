"""What people did while the bot was away: handed over once, in order, marked as late; nothing else is."""

from __future__ import annotations

import functools
from collections.abc import AsyncGenerator, Sequence

import pytest

from bot.platforms.slack import build
from bot.platforms.slack.messages import key_of
from bot.platforms.slack.platform import SlackPlatform
from bot.platforms.slack.values import ANSWER
from tests.bot.slack_desk import SlackDesk, as_json, desk_on, text_of
from tests.slack.server import Message, running_slack
from tests.support.stack import Stack
from workflows.contracts import ThreadRef
from workflows.identity import conversation_id
from workflows.sentences import LATE

PRICE = "What is AAPL's last close?"
AGO = 3_600.0


@pytest.fixture
async def desk(idle_stack: Stack, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[SlackDesk]:
    """A workspace with a worker; the bot comes later. People said there what they said an hour ago."""
    brisk = functools.partial(SlackPlatform, progress_per_minute=60_000, streams_per_minute=(60_000, 60_000))
    monkeypatch.setattr(build, "SlackPlatform", brisk)
    with running_slack() as slack:
        slack.clock_behind(AGO)
        async with desk_on(idle_stack, slack) as desk, idle_stack.worker():
            yield desk
        assert slack.violations == []
        assert slack.unknown_methods() == []


def away(desk: SlackDesk) -> None:
    """Slack gives up on what it could not deliver."""
    desk.slack.forget()


def keys(desk: SlackDesk, thread: str, channel: str = "") -> list[str]:
    """Under which keys answers stand in a thread, in order."""
    return [key_of(as_json(answer), ANSWER) for answer in desk.answers(thread, channel)]


def is_late(answer: Message) -> bool:
    return LATE in text_of(answer)


async def history(desk: SlackDesk, thread: str) -> int:
    """How long a thread's history is."""
    where = ThreadRef(platform="slack", workspace=desk.slack.team, channel=desk.channel, thread=thread)
    described = await desk.stack.client.get_workflow_handle(conversation_id(where)).describe()
    return described.history_length


async def outcomes(desk: SlackDesk, thread: str, asked: Sequence[str], channel: str = "") -> list[Message]:
    """Wait for the outcomes of some questions; there are no other answers in the thread."""
    found = [await desk.outcome(thread, key, channel=channel) for key in asked]
    assert keys(desk, thread, channel) == list(asked)
    return found


async def test_everything_said_while_the_bot_was_away_is_answered_once_in_order_and_says_that_it_is_late(
    desk: SlackDesk,
) -> None:
    slack = desk.slack
    async with desk.bot():
        thread, first = await desk.asked(PRICE)
    # One that goes on, more of it than a page holds; a new one with replies; a direct message; a mention among others.
    followed = [slack.say(desk.channel, desk.alice, f"And in 202{number}?", thread=thread) for number in range(2)]
    opened = desk.mention(PRICE)
    below = slack.say(desk.channel, desk.bob, "And its volume?", thread=opened)
    direct = slack.say(slack.dm(desk.bob), desk.bob, PRICE)
    lunch = slack.say(desk.channel, desk.bob, "Lunch?")
    slack.say(desk.channel, desk.alice, "Yes!", thread=lunch)
    among = desk.mention(PRICE, thread=lunch)
    away(desk)
    slack.pages(2)
    async with desk.bot():
        late = await outcomes(desk, thread, [thread, *followed])
        late += await outcomes(desk, opened, [opened, below])
        late += await outcomes(desk, direct, [direct], slack.dm(desk.bob))
        late += await outcomes(desk, lunch, [among])
    assert not is_late(first)
    assert all(is_late(answer) for answer in late if answer.ts != first.ts)

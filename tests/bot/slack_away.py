"""A bot that was away: what people did on Slack meanwhile, and what has become of it."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import pytest

from bot import catchup
from bot.platforms.slack import build
from bot.platforms.slack.messages import key_of
from bot.platforms.slack.platform import SlackPlatform
from bot.platforms.slack.values import ANSWER
from tests.bot.slack_desk import SlackDesk, as_json, desk_on, text_of
from tests.slack.server import Message, running_slack
from tests.support.stack import Stack, eventually
from workflows.contracts import ThreadRef
from workflows.identity import conversation_id
from workflows.sentences import LATE

AGO = 3_600.0
"""Seconds since people did what they do, as long as a test does not say otherwise."""

PRICE = "What is AAPL's last close?"

_FAST = 60_000


class Away:
    """One workspace whose bot comes and goes."""

    def __init__(self, desk: SlackDesk, caplog: pytest.LogCaptureFixture) -> None:
        self.desk = desk
        self.slack = desk.slack
        self._caplog = caplog

    async def asked(self, text: str = PRICE) -> tuple[str, Message]:
        """Mention while a bot listens, and wait for the outcome."""
        async with self.desk.bot():
            return await self.desk.asked(text)

    def reply(self, thread: str, text: str) -> str:
        """Alice says something in a thread of the channel."""
        return self.slack.say(self.desk.channel, self.desk.alice, text, thread=thread)

    @asynccontextmanager
    async def back(self, *, known: bool = False, **changes: object) -> AsyncGenerator[None]:
        """The bot comes back, after Slack gave up on what it could not deliver, unless that is `known` too."""
        if not known:
            self.slack.forget()
        async with self.desk.bot(**changes):
            yield

    async def caught_up(self, times: int = 1) -> None:
        """Wait until a bot has read all there is, so many times in all."""

        def look() -> bool:
            said = [record.getMessage() for record in self._caplog.records if record.name == catchup.__name__]
            return sum(text.startswith("caught up") for text in said) >= times

        await eventually(look, "caught up")

    def keys(self, thread: str, channel: str = "") -> list[str]:
        """Under which keys answers stand in a thread, in order."""
        return [key_of(as_json(answer), ANSWER) for answer in self.desk.answers(thread, channel)]

    async def outcomes(self, thread: str, asked: Sequence[str], channel: str = "") -> list[Message]:
        """Wait for the outcomes of some questions, which are all that stands in the thread, in order."""
        found = [await self.desk.outcome(thread, key, channel=channel) for key in asked]
        assert self.keys(thread, channel) == list(asked)
        return found

    async def history(self, thread: str) -> int:
        """How long a thread's history is, once nothing goes on in it."""
        where = ThreadRef(platform="slack", workspace=self.slack.team, channel=self.desk.channel, thread=thread)
        handle = self.desk.stack.client.get_workflow_handle(conversation_id(where))
        while True:
            described = (await handle.describe()).raw_description
            if not described.pending_activities and not described.HasField("pending_workflow_task"):
                return described.workflow_execution_info.history_length
            await asyncio.sleep(0.02)


def is_late(answer: Message) -> bool:
    """Whether an answer says that it is late."""
    return LATE in text_of(answer)


@asynccontextmanager
async def away_on(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, *, ago: float = AGO
) -> AsyncGenerator[Away]:
    """A workspace without worker and bot, in which people did an hour ago what they do now."""
    brisk = functools.partial(SlackPlatform, progress_per_minute=_FAST, streams_per_minute=(_FAST, _FAST))
    monkeypatch.setattr(build, "SlackPlatform", brisk)
    caplog.set_level(logging.INFO, catchup.__name__)
    with running_slack() as slack:
        slack.clock_behind(ago)
        async with desk_on(stack, slack) as desk:
            yield Away(desk, caplog)
        assert slack.violations == []
        assert slack.unknown_methods() == []

"""Slack, bot and worker as they are composed, in one process: what people do there, and what they see."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

from pydantic import SecretStr

from bot.platforms.slack.messages import key_of, state_of
from bot.platforms.slack.values import ANSWER
from bot.roles import bot as bot_role
from tests.slack.server import Message, Slack, running_slack
from tests.support.stack import Stack, eventually
from workflows.contracts import OUTCOMES

Json = dict[str, Any]


def as_json(message: Message) -> Json:
    """A message as Slack's API shows it, as far as its metadata go."""
    return {"metadata": message.metadata or {}, "user": message.user, "ts": message.ts}


@dataclass(kw_only=True)
class SlackDesk:
    """One workspace with Clew in it."""

    stack: Stack
    slack: Slack
    channel: str
    alice: str
    bob: str
    root: str

    # --- What stands there -------------------------------------------------------------------------------------------

    def answers(self, thread: str, channel: str = "") -> list[Message]:
        """Clew's answers in a thread, oldest first."""
        found = self.slack.thread(channel or self.channel, thread)
        return [message for message in found if key_of(as_json(message), ANSWER)]

    def state(self, message: Message) -> str:
        """The state that an answer shows."""
        return state_of(as_json(message))

    async def outcome(self, thread: str, key: str, *, channel: str = "", attempt: int = 1) -> Message:
        """Wait for the outcome under a key; it is the only message that carries it."""

        def look() -> Message | None:
            found = [one for one in self.answers(thread, channel) if key_of(as_json(one), ANSWER) == key]
            over = [
                one
                for one in found
                if self.state(one) in OUTCOMES and (attempt == 1 or f"attempt {attempt}" in text_of(one))
            ]
            return over[0] if over and len(found) == 1 else None

        return await eventually(look, f"one outcome of {key}")

    async def working(self, thread: str, key: str, *, channel: str = "") -> Message:
        """Wait for the placeholder under a key."""

        def look() -> Message | None:
            found = [one for one in self.answers(thread, channel) if key_of(as_json(one), ANSWER) == key]
            return found[0] if found else None

        return await eventually(look, f"a placeholder of {key}")

    async def whispered(self, user: str, words: str, channel: str = "") -> None:
        """Wait until somebody alone is told something."""
        place = channel or self.channel
        await eventually(
            lambda: any(words in text for text in (str(one.text) for one in self.slack.ephemerals(place, user))),
            f"told {user}: {words}",
        )

    # --- What people do ----------------------------------------------------------------------------------------------

    def mention(self, text: str, *, user: str = "", thread: str | None = None) -> str:
        """Mention Clew in the channel; returns the message's ts."""
        return self.slack.say(self.channel, user or self.alice, f"<@{self.slack.bot_user}> {text}", thread=thread)

    async def asked(self, text: str, *, thread: str | None = None) -> tuple[str, Message]:
        """Mention and wait; returns the thread and the outcome."""
        ts = self.mention(text, thread=thread)
        return thread or ts, await self.outcome(thread or ts, ts)

    # --- The processes -----------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def bot(self, **changes: object) -> AsyncGenerator[None]:
        """Run the bot role until the block ends; connected when the block begins."""
        until, before = asyncio.Event(), self.slack.connected
        settings = self.stack.settings.model_copy(update=changes)
        task = asyncio.create_task(bot_role.run(settings, until))
        try:
            await eventually(lambda: self.slack.connected > before or task.done(), "the bot listens")
            yield
        finally:
            until.set()
            await task


def text_of(message: Message) -> str:
    """All words of a message's blocks."""
    return " ".join(_texts(message.blocks or []))


def _texts(value: object) -> list[str]:
    if isinstance(value, list):
        return [text for item in cast("list[object]", value) for text in _texts(item)]
    if isinstance(value, dict):
        fields = cast("Json", value)
        own = [str(fields[name]) for name in ("text", "title", "alt_text") if isinstance(fields.get(name), str)]
        return own + [text for item in fields.values() for text in _texts(cast("object", item))]
    return []


@asynccontextmanager
async def desk_on(stack: Stack, slack: Slack) -> AsyncGenerator[SlackDesk]:
    """A workspace with people, whose worker and bot deliver to it. Neither runs yet."""
    root = slack.user("Root")
    stack.settings = stack.settings.model_copy(
        update={
            "slack_bot_token": SecretStr(slack.bot_token),
            "slack_app_token": SecretStr(slack.app_token),
            "slack_api_url": slack.api_url,
            "clew_admins": (f"slack:{root}",),
        }
    )
    yield SlackDesk(
        stack=stack,
        slack=slack,
        channel=slack.channel("research"),
        alice=slack.user("Alice"),
        bob=slack.user("Bob"),
        root=root,
    )


@asynccontextmanager
async def working_desk(stack: Stack) -> AsyncGenerator[SlackDesk]:
    """A workspace with a worker and no bot yet; at the end, Slack has found nothing wrong."""
    with running_slack() as slack:
        async with desk_on(stack, slack) as desk, stack.worker():
            yield desk
        assert slack.violations == []
        assert slack.unknown_methods() == []

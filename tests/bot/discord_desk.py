"""Discord, bot and worker as they are composed, in one process: what people do there, and what they see."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import SecretStr

from bot.platforms.discord import listening
from bot.platforms.discord.messages import Marked, mark_of, marked
from bot.roles import bot as bot_role
from tests.discord.client import pointed_at
from tests.discord.server import Discord, Interaction, Message, running_discord
from tests.discord.values import parts_of
from tests.support.stack import Stack, eventually
from workflows.contracts import OUTCOMES

Json = dict[str, Any]


def mark(message: Message) -> Marked | None:
    """What an answer's buttons say of it."""
    return marked({"components": message.components})


@dataclass(kw_only=True)
class DiscordDesk:
    """One server with Clew in it."""

    stack: Stack
    discord: Discord
    channel: str
    alice: str
    bob: str
    root: str

    # --- What stands there -------------------------------------------------------------------------------------------

    def answers(self, thread: str) -> list[Message]:
        """Clew's answers in a thread, oldest first."""
        return [message for message in self._standing(thread) if mark(message)]

    def state(self, message: Message) -> str:
        """The state that an answer shows."""
        found = mark(message)
        return found.state if found is not None else ""

    async def outcome(self, thread: str, key: str, *, attempt: int = 1) -> Message:
        """Wait for the outcome under a key; it is the only message that carries it."""

        def look() -> Message | None:
            found = self._under(thread, key)
            over = [one for one in found if self.state(one) in OUTCOMES and _attempt(one) == attempt]
            return over[0] if over and len(found) == 1 else None

        return await eventually(look, f"one outcome of {key}")

    async def last(self, thread: str, key: str) -> Message:
        """Wait for the outcome's last part: its buttons, figures and sources stand there."""
        found = await self.outcome(thread, key)
        label = next((str(part["label"]) for part in parts_of(found.components) if "label" in part), "")
        if not label.startswith("Part 1 of "):
            return found
        return await self.outcome(thread, f"{key}:{label.rpartition(' ')[2]}")

    async def working(self, thread: str, key: str) -> Message:
        """Wait for the placeholder under a key."""
        return await eventually(lambda: next(iter(self._under(thread, key)), None), f"a placeholder of {key}")

    async def told(self, words: str, *, channel: str = "") -> Message:
        """Wait until Clew says something that is no answer."""

        def look() -> Message | None:
            standing = self.discord.messages(channel or self.channel)
            return next((one for one in standing if one.user == self.discord.bot_user and words in one.content), None)

        return await eventually(look, f"told: {words}")

    def _under(self, thread: str, key: str) -> list[Message]:
        wanted = mark_of(thread, key)
        return [one for one in self.answers(thread) if (found := mark(one)) is not None and found.mark == wanted]

    def _standing(self, thread: str) -> list[Message]:
        try:
            return self.discord.messages(thread)
        except KeyError:
            return []

    # --- What people do ----------------------------------------------------------------------------------------------

    def mention(self, text: str, *, user: str = "", channel: str = "") -> str:
        """Mention Clew, in the channel or in a thread; returns the message's id, which its thread will have."""
        return self.discord.say(channel or self.channel, user or self.alice, f"<@{self.discord.bot_user}> {text}")

    async def asked(self, text: str) -> tuple[str, Message]:
        """Mention and wait; returns the thread and the outcome."""
        message = self.mention(text)
        return message, await self.outcome(message, message)

    async def researched(self, symbol: str, question: str = "", *, user: str = "") -> tuple[str, Interaction]:
        """Give the command and wait until its thread is open; returns the thread, and the interaction."""
        options = {"question": question} if question else {}
        given = self.discord.command(self.channel, user or self.alice, "research", ticker=symbol, **options)
        await eventually(lambda: given.acked, "acknowledged")
        response = given.response
        assert response is not None
        await eventually(lambda: response.id in {one.id for one in self.discord.threads(self.channel)}, "a thread")
        return response.id, given

    def press(self, message: Message, action: str, *, user: str = "") -> Interaction:
        """Press a button of an answer's."""
        custom_id = next(one for one in message.custom_ids if one.split(":")[1] == action)
        return self.discord.click(message.channel, message.id, user or self.alice, custom_id)

    # --- The processes -----------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def bot(self, **changes: object) -> AsyncGenerator[None]:
        """Run the bot role until the block ends; connected, and its commands known, when the block begins."""
        until, before = asyncio.Event(), self.discord.connected
        settings = self.stack.settings.model_copy(update=changes)
        task = asyncio.create_task(bot_role.run(settings, until))
        try:
            await eventually(
                lambda: (self.discord.connected > before and self.discord.commands()) or task.done(), "the bot listens"
            )
            yield
        finally:
            until.set()
            await task


def _attempt(message: Message) -> int:
    found = mark(message)
    return found.attempt if found is not None else 0


@asynccontextmanager
async def desk_on(stack: Stack, discord: Discord) -> AsyncGenerator[DiscordDesk]:
    """A server with people, whose worker and bot deliver to it. Neither runs yet."""
    root = discord.user("root")
    stack.settings = stack.settings.model_copy(
        update={"discord_token": SecretStr(discord.token), "clew_admins": (f"discord:{root}",)}
    )
    with pointed_at(discord), pytest.MonkeyPatch.context() as patch:
        patch.setattr(listening, "SETTLING", 0.01)
        yield DiscordDesk(
            stack=stack,
            discord=discord,
            channel=discord.channel("research"),
            alice=discord.user("alice"),
            bob=discord.user("bob"),
            root=root,
        )


@asynccontextmanager
async def working_desk(stack: Stack) -> AsyncGenerator[DiscordDesk]:
    """A server with a worker and no bot yet; at the end, Discord has found nothing wrong, and nobody was pinged."""
    with running_discord() as discord:
        async with desk_on(stack, discord) as desk, stack.worker():
            yield desk
        assert discord.violations == []
        assert discord.unknown_routes() == []
        assert discord.pings == []

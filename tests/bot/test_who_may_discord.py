"""The table of who may do what, cell by cell, through Discord's events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

import pytest

from bot.platforms.discord import listening
from bot.platforms.discord.blocks import components_of
from bot.platforms.discord.calls import Rest
from bot.platforms.discord.listening import DiscordListener
from bot.platforms.discord.messages import mark_of
from bot.platforms.discord.values import NAME
from tests.bot.who_may import (
    ADMIN,
    ALLOWED,
    GUEST,
    NO_LONGER,
    QUESTION,
    ROBOT,
    ROWS,
    SAID,
    STRANGER,
    UNKNOWN,
    Noted,
    Obeying,
    access,
    answers,
    nobody,
    row_of,
)
from tests.discord.client import pointed_at
from tests.discord.errors import NotThere
from tests.discord.server import Discord, running_discord
from tests.support.stack import eventually


class Server:
    """One server, with a thread of ours in it."""

    def __init__(self, discord: Discord) -> None:
        self.noted = Noted()
        self.people = {
            ALLOWED: discord.user("allowed"),
            UNKNOWN: discord.user("unknown"),
            GUEST: discord.user("guest", pending=True),
            STRANGER: discord.user("stranger"),
            ROBOT: discord.user("robot", bot=True),
            ADMIN: discord.user("admin"),
            NO_LONGER: discord.user("formerly"),
        }
        self.discord = discord
        self.channel = discord.channel("research")
        self.thread = ""
        self.answers: dict[str, str] = {}

    async def begin(self) -> None:
        """A thread with answers in it, as a worker leaves them; then the stranger leaves the server."""
        asked = self.discord.say(self.channel, self.people[ALLOWED], QUESTION)
        self.thread = self.discord.begin_thread(self.channel, self.people[ALLOWED], "Apple", message=asked)
        rest = Rest(self.discord.token)
        for action, answer in answers().items():
            parts = components_of(answer, mark=mark_of(self.thread, action), retry_hint="")
            posted = await rest.call(
                "POST",
                "/channels/{channel_id}/messages",
                channel_id=self.thread,
                json={"components": parts, "flags": 1 << 15},
            )
            self.answers[action] = str(posted["id"])
        await rest.close()
        self.discord.set_user(self.people[STRANGER], member=False)

    async def gesture(self, who: str, surface: str, action: str) -> None:
        with suppress(NotThere):
            await self._made(self.people[who], surface, action)
        # What was heard in a channel before this was dealt with before it.
        lanes = {"mention": self.channel, "edit": self.channel, "message": self.thread, "reaction": self.thread}
        for channel in [lanes[surface]] if surface in lanes else []:
            before = len(self.noted.done)
            self.discord.say(channel, self.people[ALLOWED], f"<@{self.discord.bot_user}> status")
            await eventually(lambda before=before: ("status", "") in self.noted.done[before:], "the next gesture")
            self.noted.done.reverse()
            self.noted.done.remove(("status", ""))
            self.noted.done.reverse()

    async def _made(self, user: str, surface: str, action: str) -> None:
        discord, mention = self.discord, f"<@{self.discord.bot_user}>"
        answer = self.answers.get(action, "")
        match surface:
            case "slash" if action == "ask":
                given = discord.command(self.channel, user, "research", ticker="AAPL")
            case "slash":
                verb = "status" if action == "status" else "pause"
                given = discord.command(self.channel, user, "research-admin", action=verb)
            case "shortcut":
                target = discord.say(self.channel, self.people[ALLOWED], QUESTION)
                given = discord.context(self.channel, user, "Research this", target)
            case "button":
                ids = discord.message(self.thread, answer).custom_ids
                wanted = {"retry": "retry", "stop": "stop", "ask": "ask1"}[action]
                pressed = next(one for one in ids if one.split(":")[1] == wanted)
                given = discord.click(self.thread, answer, user, pressed)
            case "mention":
                discord.say(self.channel, user, f"{mention} {SAID[action]}")
                return
            case "message":
                discord.say(self.thread, user, SAID[action])
                return
            case "direct":
                await self._direct(user, SAID[action])
                return
            case "reaction":
                discord.react(self.thread, answer, user, "🔁" if action == "retry" else "🛑")
                return
            case _:
                said = discord.say(self.channel, user, "Lunch?")
                discord.edit(self.channel, said, f"{mention} {QUESTION}")
                return
        await eventually(lambda: given.acked or given.failed, "answered")
        assert given.acked

    async def _direct(self, user: str, text: str) -> None:
        """Direct messages have a lane of their own. Somebody is answered there, or refused; bots have none."""
        if user == self.people[ROBOT]:
            return
        channel, before = self.discord.dm(user), len(self.noted.done)
        count = len(self.discord.messages(channel))
        self.discord.say(channel, user, text)
        await eventually(
            lambda: len(self.noted.done) > before or len(self.discord.messages(channel)) > count + 1, "heard"
        )


@pytest.fixture
async def server() -> AsyncGenerator[Server]:
    with running_discord() as discord, pointed_at(discord), pytest.MonkeyPatch.context() as patch:
        patch.setattr(listening, "SETTLING", 0.01)
        place = Server(discord)
        await place.begin()
        temporal = await nobody()
        listener = DiscordListener(
            discord.token, access(place.people, NAME), temporal, administering=Obeying(temporal, place.noted)
        )
        task = asyncio.create_task(listener.listen(place.noted))
        await eventually(lambda: bool(discord.connected and discord.commands()) or task.done(), "the bot listens")
        yield place
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert discord.violations == []


@pytest.mark.parametrize("who", ROWS)
async def test_a_row_of_the_table(server: Server, who: str) -> None:
    assert await row_of(server, who) == ROWS[who]

"""The Discord adapter before a loopback Discord."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import aiohttp

from bot.platforms.discord.calls import Rest
from bot.platforms.discord.platform import DiscordPlatform
from bot.platforms.discord.values import CAPABILITIES, NAME
from tests.contracts.chat import Write
from tests.discord.server import Discord
from workflows.blobs import BlobStore
from workflows.chat import Chat
from workflows.contracts import ThreadRef

ROUTES: dict[Write, str] = {
    "open": "POST /channels/*/messages/*/threads",
    "post": "POST /channels/*/messages",
    "edit": "PATCH /channels/*/messages/*",
    "delete": "DELETE /channels/*/messages/*",
}

_RESEARCH = {
    "name": "research",
    "description": "Research a company.",
    "options": [{"type": 3, "name": "symbol", "description": "Which.", "required": True}],
}


class DiscordRig:
    """One server, one person, one channel."""

    def __init__(self, discord: Discord, blobs: BlobStore, **options: Any) -> None:
        self.discord = discord
        self.person = discord.user("alice")
        self.channel = discord.channel("research")
        self.rest = Rest(discord.token)
        self.platform = DiscordPlatform(
            self.rest, blobs, capabilities=replace(CAPABILITIES, settle=0.1, edit_interval=0.05), **options
        )
        self.chat: Chat = self.platform

    async def thread(self) -> ThreadRef:
        message = self.discord.say(self.channel, self.person, "What about Apple?")
        thread = self.discord.begin_thread(self.channel, self.person, "Apple", message=message)
        return ThreadRef(platform=NAME, workspace=self.discord.guild, channel=self.channel, thread=thread)

    async def command(self, name: str) -> str:
        """A slash command that the bot has answered; returns its id."""
        del name
        async with aiohttp.ClientSession(headers={"Authorization": f"Bot {self.discord.token}"}) as session:
            application = self.discord.application
            commands = f"{self.discord.api_url}/applications/{application}/commands"
            async with session.put(commands, json=[_RESEARCH]) as reply:
                reply.raise_for_status()
            given = self.discord.command(self.channel, self.person, "research", symbol="AAPL")
            callback = f"{self.discord.api_url}/interactions/{given.id}/{given.talk.token}/callback"
            async with session.post(callback, json={"type": 4, "data": {"content": "Research AAPL"}}) as reply:
                reply.raise_for_status()
        return given.id

    def time_passes(self) -> None:
        self.discord.forget_nonce()

    def lose_ack(self, operation: Write) -> None:
        self.discord.fault(ROUTES[operation], "drop", when="after")

    def limit_rate(self, operation: Write, seconds: float) -> None:
        self.discord.fault(ROUTES[operation], "status", status=429, retry_after=seconds)

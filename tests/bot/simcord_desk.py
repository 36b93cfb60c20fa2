"""Clew's listening and delivering halves in a world of simcord's, with nobody behind the port."""

from __future__ import annotations

import asyncio
from typing import Any

import discord

from bot.access import Access
from bot.administering import Administering, FindThread, nowhere
from bot.chat import Inbox
from bot.doing import Doing
from bot.platforms.discord.calls import Rest
from bot.platforms.discord.commands import build_tree, register
from bot.platforms.discord.lookup import DiscordLookup
from bot.platforms.discord.needs import intents
from bot.platforms.discord.pressed import Pressed
from workflows.contracts import IncomingMessage, OpenThreadRequest, RetryRequest, StopRequest, ThreadRef


class Heard(Inbox):
    """An inbox that keeps what is handed over; `slow` is how many seconds it takes for it."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.slow = 0.0

    async def open(self, request: OpenThreadRequest) -> None:
        await self._keep(request)

    async def receive(self, message: IncomingMessage) -> None:
        await self._keep(message)

    async def follow(self, message: IncomingMessage) -> None:
        await self._keep(message)

    async def retry(self, thread: ThreadRef, request: RetryRequest) -> None:
        await self._keep(request)

    async def stop(self, thread: ThreadRef, request: StopRequest) -> None:
        await self._keep(request)

    async def _keep(self, value: Any) -> None:
        await asyncio.sleep(self.slow)
        self.values.append(value)


class Administered(Administering):
    """Commands of administrators that are answered with themselves."""

    def __init__(self) -> None:
        pass

    async def run(self, text: str, *, by: str, find_thread: FindThread = nowhere, limit: int = 0) -> str:
        return f"{by} said: {text}"


class Ears(discord.Client):
    """What listens, as it is put together in the product."""

    def __init__(self, inbox: Inbox, access: Access) -> None:
        super().__init__(intents=intents(), allowed_mentions=discord.AllowedMentions.none())
        self.rest = Rest("", client=self)
        lookup = DiscordLookup(self, self.rest)
        self._pressed = Pressed(Doing(lookup, inbox, access), lookup, Administered())
        self.tree = build_tree(self, self._pressed)

    async def setup_hook(self) -> None:
        await register(self.tree)

    async def on_interaction(self, interaction: discord.Interaction[discord.Client]) -> None:
        if interaction.type is discord.InteractionType.component:
            await self._pressed.button(interaction)

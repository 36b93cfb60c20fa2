"""Which conversation a channel of Discord's belongs to: a thread is a channel there, and so are direct messages."""

from __future__ import annotations

from dataclasses import dataclass

import discord

from bot.platforms.discord.calls import MISSING_ACCESS, Rest, code_of
from bot.platforms.discord.values import DIRECT, NAME, THREAD_TYPES
from bot.platforms.shapes import inner
from workflows.contracts import ThreadRef
from workflows.errors import Terminal
from workflows.remembered import Remembered

_REMEMBERED = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where something was said. `thread` is "" in a channel; `ours`: we opened the thread.

    `locked`: we cannot write in the thread, as most people cannot.
    """

    workspace: str
    channel: str
    thread: str = ""
    ours: bool = False
    locked: bool = False

    @property
    def direct(self) -> bool:
        """Whether it is somebody's direct messages, which are one long thread."""
        return self.workspace == DIRECT

    def thread_of(self, message: str) -> ThreadRef:
        """Where the answer to a message goes: the thread that it stands in, or else the one made from it."""
        return ThreadRef(platform=NAME, workspace=self.workspace, channel=self.channel, thread=self.thread or message)


class Places:
    """Channels and threads as the gateway told of them, or as the REST API does."""

    def __init__(self, client: discord.Client, rest: Rest) -> None:
        self._client = client
        self._rest = rest
        self._known: Remembered[str, Place] = Remembered(_REMEMBERED)

    async def of(self, guild: int | None, channel: int) -> Place:
        """The place that a channel is. Raises CallError where Discord has to be asked and does not say."""
        if guild is None:
            return Place(workspace=DIRECT, channel=str(channel), thread=str(channel))
        found = self._client.get_channel(channel)
        us = self._client.user
        if isinstance(found, discord.Thread):
            ours = us is not None and found.owner_id == us.id
            locked = found.locked and not self._manages(found.parent_id)
            return Place(
                workspace=str(guild), channel=str(found.parent_id), thread=str(channel), ours=ours, locked=locked
            )
        if found is not None:
            return Place(workspace=str(guild), channel=str(channel))
        return self._known.get(str(channel)) or await self._asked(guild, channel)

    async def _asked(self, guild: int, channel: int) -> Place:
        # An archived thread is not told of when we connect.
        try:
            shape = await self._rest.read("/channels/{channel_id}", channel_id=str(channel))
        except Terminal as refused:
            if code_of(refused) != MISSING_ACCESS:
                raise
            # Whoever gives a command in a channel that we cannot see shall be told so.
            return Place(workspace=str(guild), channel=str(channel))
        if shape.get("type") not in THREAD_TYPES:
            return self._known.keep(str(channel), Place(workspace=str(guild), channel=str(channel)))
        us = self._client.user
        ours = us is not None and shape.get("owner_id") == str(us.id)
        parent = str(shape.get("parent_id"))
        if inner(shape, "thread_metadata").get("locked") and not self._manages(int(parent)):
            # Not remembered: nobody tells us when an archived thread is unlocked.
            return Place(workspace=str(guild), channel=parent, thread=str(channel), ours=ours, locked=True)
        place = Place(workspace=str(guild), channel=parent, thread=str(channel), ours=ours)
        return self._known.keep(str(channel), place)

    def _manages(self, parent: int) -> bool:
        """Whether we may write in locked threads of a channel."""
        found = self._client.get_channel(parent)
        return isinstance(found, discord.abc.GuildChannel) and found.permissions_for(found.guild.me).manage_threads

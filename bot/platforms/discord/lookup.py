"""What Discord can say of people, channels and our messages; and what it is told beside answers."""

from __future__ import annotations

import logging

import discord

from bot.access import Person
from bot.doing import Shown
from bot.gestures import Spoken
from bot.platforms.discord import words
from bot.platforms.discord.calls import Rest
from bot.platforms.discord.messages import marked, nonce_of
from bot.platforms.discord.needs import ESSENTIAL, PERMISSIONS
from bot.platforms.discord.people import People
from bot.platforms.discord.places import Places
from bot.platforms.discord.values import DIRECT, NAME
from bot.platforms.shapes import Json, inner
from workflows.errors import CallError, Terminal

_log = logging.getLogger(__name__)


class DiscordLookup:
    """Every server that the bot is in, and its direct messages."""

    def __init__(self, client: discord.Client, rest: Rest) -> None:
        self._client = client
        self._rest = rest
        self.people = People(client, rest)
        self.places = Places(client, rest)

    @property
    def platform(self) -> str:
        """`discord`."""
        return NAME

    @property
    def us(self) -> int:
        """Our own id; 0 before we are connected."""
        return self._client.user.id if self._client.user is not None else 0

    async def find(self, workspace: str, user: str) -> tuple[Person, str]:
        """Somebody, and the name to show. Raises Retriable where Discord does not answer."""
        return await self.people.find(workspace, user)

    def is_direct(self, workspace: str, _channel: str) -> bool:
        """Direct messages belong to no server."""
        return workspace == DIRECT

    async def absent(self, workspace: str, channel: str) -> str:
        """Why no thread can be opened in a channel, in words; "" if it can, or before we know the server."""
        if workspace == DIRECT or not channel.isdecimal():
            return ""
        found = self._client.get_channel(int(channel))
        if found is None and self._client.get_guild(int(workspace)) is not None:
            return words.cannot(_may("view_channel"))
        if not isinstance(found, discord.abc.GuildChannel):
            return ""
        if not isinstance(found, discord.TextChannel):
            return words.NO_THREADS
        may = found.permissions_for(found.guild.me)
        lacking = next((name for name in ESSENTIAL if not getattr(may, name)), "")
        return words.cannot(_may(lacking)) if lacking else ""

    async def shown(self, workspace: str, channel: str, message: str) -> Shown | None:
        """What one of our answers shows, or None if it is none of ours. Raises Retriable."""
        guild = None if workspace == DIRECT else int(workspace)
        try:
            found = await self._rest.read(
                "/channels/{channel_id}/messages/{message_id}", channel_id=channel, message_id=message
            )
            place = await self.places.of(guild, int(channel))
        except Terminal:
            return None
        its = marked(found)
        if its is None or inner(found, "author").get("id") != str(self.us):
            return None
        return Shown(thread=place.thread_of(message), state=its.state, attempt=its.attempt)

    async def reply(self, spoken: Spoken, text: str) -> None:
        """Tell somebody something about what they said, below it: Discord has no message for one person alone.

        Best effort. If it happened and we were not told, or we run again: Discord knows the nonce for some minutes.
        """
        channel = spoken.thread.channel if spoken.alone else spoken.thread.thread
        payload: Json = {
            "content": text[:2_000],
            "message_reference": {"message_id": spoken.message, "fail_if_not_exists": False},
            "allowed_mentions": {"parse": []},
            "flags": discord.MessageFlags(suppress_embeds=True, suppress_notifications=True).value,
            "nonce": nonce_of(channel, f"told:{spoken.message}", 0),
            "enforce_nonce": True,
        }
        try:
            await self._rest.call("POST", "/channels/{channel_id}/messages", channel_id=channel, json=payload)
        except CallError as error:
            _log.warning("somebody could not be told something: %s", error)


def _may(permission: str) -> str:
    return PERMISSIONS[permission].partition(",")[0]

"""Who somebody is to a server, as Discord says: mostly with what they do; else asked for, and remembered a while."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

import discord

from bot.access import Kind, Person
from bot.platforms.discord.calls import UNKNOWN_MEMBER, UNKNOWN_USER, Rest, code_of
from bot.platforms.discord.values import DIRECT, NAME
from bot.platforms.shapes import Json, inner
from bot.rendering import one_line
from workflows.errors import Terminal
from workflows.remembered import Remembered

_REMEMBER = 300.0
"""Seconds for which an answer of Discord's holds: a role that was taken away is gone after that."""

_MOST = 10_000
_GUILDS = 200
"""Servers in which somebody who writes to us directly is looked for."""

_AT_ONCE = 10


class People:
    """Members of the servers that the bot is in, and whoever writes to it directly."""

    def __init__(self, client: discord.Client, rest: Rest) -> None:
        self._client = client
        self._rest = rest
        self._known: Remembered[tuple[str, str], tuple[float, Person, str]] = Remembered(_MOST)

    def note(self, person: discord.abc.User) -> None:
        """Remember what an event says of a member: it is newer than anything that we know."""
        if isinstance(person, discord.Member):
            kind = Kind.MACHINE if person.bot else Kind.GUEST if person.pending else Kind.MEMBER
            roles = tuple(str(role.id) for role in person.roles if not role.is_default())
            self._keep(str(person.guild.id), str(person.id), kind, roles, person.display_name)

    async def find(self, workspace: str, user: str) -> tuple[Person, str]:
        """Somebody, and the name to show. Raises Retriable where Discord does not answer."""
        known = self._known.get((workspace, user))
        if known is not None and known[0] > time.monotonic():
            return known[1], known[2]
        if workspace == DIRECT:
            return await self._anywhere(user)
        member = await self._member(workspace, user)
        if member is None:
            return self._keep(workspace, user, Kind.STRANGER, (), "")
        return self._keep(workspace, user, _kind(member), _roles(member), _name(member))

    async def _anywhere(self, user: str) -> tuple[Person, str]:
        """Who writes to us directly is a member of some server that we are in, with roles there, or a stranger.

        Each server's answer is remembered, so that whoever gives up waiting finds it when they ask again.
        """
        few = asyncio.Semaphore(_AT_ONCE)

        async def one(guild: int) -> tuple[Person, str]:
            async with few:
                return await self.find(str(guild), user)

        found = await asyncio.gather(*(one(guild.id) for guild in self._client.guilds[:_GUILDS]))
        known = [(person, name) for person, name in found if person.kind is not Kind.STRANGER]
        kinds = [person.kind for person, _ in known]
        kind = Kind.MEMBER if Kind.MEMBER in kinds else kinds[0] if kinds else Kind.STRANGER
        roles = [role for person, _ in known for role in person.roles]
        return self._keep(DIRECT, user, kind, roles, next((name for _, name in known if name), ""))

    async def _member(self, guild: str, user: str) -> Json | None:
        try:
            return await self._rest.read("/guilds/{guild_id}/members/{user_id}", guild_id=guild, user_id=user)
        except Terminal as refused:
            if code_of(refused) not in (UNKNOWN_MEMBER, UNKNOWN_USER):
                raise
            return None

    def _keep(self, workspace: str, user: str, kind: Kind, roles: Iterable[str], name: str) -> tuple[Person, str]:
        person = Person(platform=NAME, user=user, kind=kind, roles=tuple(roles))
        told = one_line(name)[:80]
        self._known.keep((workspace, user), (time.monotonic() + _REMEMBER, person, told))
        return person, told


def _kind(member: Json) -> Kind:
    if inner(member, "user").get("bot"):
        return Kind.MACHINE
    # Who has not yet agreed to the server's rules may not speak there either.
    return Kind.GUEST if member.get("pending") else Kind.MEMBER


def _roles(member: Json) -> tuple[str, ...]:
    roles: object = member.get("roles")
    return tuple(str(role) for role in roles) if isinstance(roles, list) else ()  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - JSON


def _name(member: Json) -> str:
    user = inner(member, "user")
    return str(member.get("nick") or user.get("global_name") or user.get("username") or "")

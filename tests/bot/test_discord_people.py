"""Who somebody is that writes to us directly, where the bot is in many servers."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.access import Kind
from bot.platforms.discord.calls import UNKNOWN_MEMBER, Rest
from bot.platforms.discord.people import People
from bot.platforms.discord.values import DIRECT
from bot.platforms.shapes import Json
from tests.discord.client import until
from workflows.errors import Terminal


class Slow(Rest):
    """Answers for one server after the other, as far as it is let."""

    def __init__(self, member_of: int) -> None:
        super().__init__("")
        self.asked: list[str] = []
        self.open = asyncio.Semaphore(0)
        self._member_of = str(member_of)

    async def read(self, path: str, *, params: Json | None = None, **where: str) -> Json:
        del params
        await self.open.acquire()
        self.asked.append(where["guild_id"])
        if where["guild_id"] != self._member_of:
            raise Terminal(f"GET {path}: {UNKNOWN_MEMBER}", code="chat_access", status=404)
        return {"user": {"username": "alice"}, "roles": ["7"]}


def people(rest: Rest, servers: int) -> People:
    client: Any = SimpleNamespace(guilds=[SimpleNamespace(id=number) for number in range(1, servers + 1)])
    return People(cast("discord.Client", client), rest)


async def test_whoever_gives_up_waiting_finds_what_was_answered_when_they_ask_again() -> None:
    rest = Slow(member_of=30)
    known = people(rest, 40)
    first = asyncio.create_task(known.find(DIRECT, "5"))
    for _ in range(25):
        rest.open.release()
    await until(lambda: len(rest.asked) == 25, "25 servers were asked")
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    for _ in range(15):
        rest.open.release()
    person, name = await known.find(DIRECT, "5")
    assert (person.kind, person.roles, name) == (Kind.MEMBER, ("7",), "alice")
    assert len(rest.asked) == 40


async def test_a_member_of_none_of_them_is_a_stranger() -> None:
    rest = Slow(member_of=0)
    for _ in range(3):
        rest.open.release()
    person, _ = await people(rest, 3).find(DIRECT, "5")
    assert person.kind is Kind.STRANGER

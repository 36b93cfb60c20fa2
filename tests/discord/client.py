"""The real discord.py pointed at the loopback Discord."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, cast

import discord
import pytest
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from tests.discord.server import Discord

PATIENCE = 20.0
INTENTS = discord.Intents(
    guilds=True, messages=True, reactions=True, message_content=True, dm_messages=True, dm_reactions=True
)


@contextmanager
def pointed_at(server: Discord) -> Generator[None]:
    """Let discord.py speak to this server, in the whole process, for as long as the block lasts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Route, "BASE", server.api_url)
        patch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(server.gateway_url))
        yield


@asynccontextmanager
async def connected(server: Discord, client: discord.Client) -> AsyncGenerator[None]:
    """The client, connected and ready for as long as the block lasts."""
    async with client:
        running = asyncio.ensure_future(client.start(server.token))
        try:
            await until(lambda: running.done() or client.is_ready(), "the client is ready")
            if running.done():
                running.result()
            yield
        finally:
            await client.close()
            with suppress(Exception, asyncio.CancelledError):
                await running


@asynccontextmanager
async def logged_in(server: Discord) -> AsyncGenerator[discord.Client]:
    """A client that only asks the REST API, as a worker does."""
    async with discord.Client(intents=discord.Intents.none()) as client:
        await client.login(server.token)
        yield client


def place_of(client: discord.Client, channel: str) -> Any:
    """A channel that messages can be sent to."""
    return client.get_partial_messageable(int(channel))


async def refused(call: Awaitable[Any]) -> tuple[int, int]:
    """The status and Discord's code that a call is answered with, which must be a refusal."""
    with pytest.raises(discord.HTTPException) as error:
        await call
    found = cast("Any", error.value)
    return found.status, found.code


async def until(condition: Callable[[], bool], what: str) -> None:
    """Wait until something holds.

    Raises:
        TimeoutError: If it does not, in time.
    """
    ends = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > ends:
            raise TimeoutError(f"In vain: {what}")
        await asyncio.sleep(0.005)

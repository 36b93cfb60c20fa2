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


class Listener(discord.Client):
    """A client that notes what it is told about messages: what happened, the message's id, and a text."""

    def __init__(self, *, intents: discord.Intents = INTENTS, **options: Any) -> None:
        # Without a cache nothing that is told changes later; the guild is there at once, so nobody waits for more.
        super().__init__(intents=intents, max_messages=None, guild_ready_timeout=0.01, **options)
        self.told: list[tuple[str, str, str]] = []
        self.heard: list[discord.Message] = []
        self.resumed = 0

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Waits for nothing; discord.py itself waits 5 seconds before each IDENTIFY but the first."""

    async def on_message(self, message: discord.Message) -> None:
        self.heard.append(message)
        self.told.append(("message", str(message.id), message.content))

    async def on_raw_message_edit(self, event: discord.RawMessageUpdateEvent) -> None:
        self.told.append(("edit", str(event.message_id), event.message.content))

    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        self.told.append(("remove", str(event.message_id), ""))

    async def on_raw_reaction_add(self, event: discord.RawReactionActionEvent) -> None:
        self.told.append(("react", str(event.message_id), str(event.emoji)))

    async def on_raw_reaction_remove(self, event: discord.RawReactionActionEvent) -> None:
        self.told.append(("unreact", str(event.message_id), str(event.emoji)))

    async def on_resumed(self) -> None:
        self.resumed += 1


@asynccontextmanager
async def connected(server: Discord, client: discord.Client) -> AsyncGenerator[asyncio.Future[None]]:
    """The client, connected and ready for as long as the block lasts; gives the task that it runs in."""
    async with client:
        running = asyncio.ensure_future(client.start(server.token))
        try:
            await until(lambda: running.done() or client.is_ready(), "the client is ready")
            if running.done():
                running.result()
            yield running
        finally:
            await client.close()
            with suppress(Exception, asyncio.CancelledError):
                await running


@asynccontextmanager
async def logged_in(server: Discord, intents: discord.Intents | None = None) -> AsyncGenerator[discord.Client]:
    """A client that only asks the REST API, as a worker does."""
    async with discord.Client(intents=intents or discord.Intents.none()) as client:
        await client.login(server.token)
        yield client


def place_of(client: discord.Client, channel: str) -> Any:
    """A channel that messages can be sent to."""
    return client.get_partial_messageable(int(channel))


def thread_from(client: discord.Client, channel: str, message: str, name: str) -> Awaitable[Any]:
    """Begin a thread from a message, as a client can that has no gateway connection."""
    http: Any = client.http
    return cast(
        "Awaitable[Any]",
        http.start_thread_with_message(int(channel), int(message), name=name, auto_archive_duration=60),
    )


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

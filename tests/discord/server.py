"""A Discord on loopback: REST API, gateway, interactions, for the real discord.py to run against."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

from aiohttp import web

from tests.discord.gate import API
from tests.discord.gestures import Gestures
from tests.discord.interactions import Interaction, Interactions
from tests.discord.people import gateway_url
from tests.discord.standing import Standing
from tests.discord.trouble import Trouble
from tests.discord.values import Applied, Message, Person, Ping, Place, Request
from tests.discord.world import APPLICATION, BOT_USER, GUILD, OWNER, TOKEN
from tests.support.doubles import listening, loop_thread

__all__ = ["Applied", "Discord", "Interaction", "Message", "Person", "Ping", "Place", "Request", "running_discord"]


class Discord(Gestures, Interactions, Standing, Trouble):
    """One guild with one bot in it."""

    api_url: str
    """As `discord.http.Route.BASE` must be: without a slash at its end."""
    gateway_url: str
    """As `discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY` must be, as a `yarl.URL`."""
    token = TOKEN
    application = APPLICATION
    bot_user = BOT_USER
    guild = GUILD
    owner = OWNER

    async def serve(self, port: int) -> web.AppRunner:
        """Listen; in the server's thread."""
        runner, self._world.url = await listening(self._gate.routes(), port, most=64 * 1024 * 1024)
        self.api_url = f"{self._world.url.rstrip('/')}{API}"
        self.gateway_url = gateway_url(self._world)
        return runner

    async def end(self, runner: web.AppRunner) -> None:
        """Stop, letting go of all that waits; in the server's thread."""
        self._board.let_go()
        self._gateway.cut()
        await runner.cleanup()


@contextmanager
def running_discord(port: int = 0) -> Generator[Discord]:
    """Run one in a thread of its own for as long as the block lasts."""
    with loop_thread("discord") as loop:
        discord = Discord(loop)
        runner = asyncio.run_coroutine_threadsafe(discord.serve(port), loop).result(30)
        try:
            yield discord
        finally:
            asyncio.run_coroutine_threadsafe(discord.end(runner), loop).result(30)

"""A Slack on loopback: Web API, Socket Mode, uploads and response URLs, for the real SDKs to run against."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator
from contextlib import contextmanager

from aiohttp import web

from tests.slack.gate import APP_TOKEN, BOT_TOKEN
from tests.slack.gestures import Gestures
from tests.slack.interactions import Command, Interaction, Interactions
from tests.slack.standing import Standing
from tests.slack.trouble import Trouble
from tests.slack.values import Applied, Ephemeral, Message, Request
from tests.slack.world import BOT_ID, BOT_USER, TEAM

__all__ = ["Applied", "Command", "Ephemeral", "Interaction", "Message", "Request", "Slack", "running_slack"]


class Slack(Gestures, Interactions, Standing, Trouble):
    """One workspace with one app in it."""

    api_url: str
    """Ends with a slash, as slack_sdk's `base_url` must."""
    bot_token = BOT_TOKEN
    app_token = APP_TOKEN
    team = TEAM
    bot_user = BOT_USER
    bot_id = BOT_ID

    async def serve(self, port: int) -> web.AppRunner:
        """Listen; in the server's thread."""
        app = web.Application(client_max_size=32 * 1024 * 1024)
        app.add_routes(self._gate.routes())
        # A client that goes away does not take back what it asked for.
        runner = web.AppRunner(app, access_log=None, handler_cancellation=False, shutdown_timeout=0.2)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        host, bound = runner.addresses[0][:2]
        self._world.url = f"http://{host}:{bound}/"
        self.api_url = f"{self._world.url}api/"
        return runner

    async def end(self, runner: web.AppRunner) -> None:
        """Stop, letting go of all that waits; in the server's thread."""
        for fault in self._board.faults:
            fault.released.set()
        await self._sockets.close()
        await runner.cleanup()


@contextmanager
def running_slack(port: int = 0) -> Generator[Slack]:
    """Run one in a thread of its own for as long as the block lasts."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="slack", daemon=True)
    thread.start()
    slack = Slack(loop)
    runner = asyncio.run_coroutine_threadsafe(slack.serve(port), loop).result(30)
    try:
        yield slack
    finally:
        asyncio.run_coroutine_threadsafe(slack.end(runner), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()

"""A Slack on loopback: Web API, Socket Mode, uploads and response URLs, for the real SDKs to run against."""

from __future__ import annotations

import asyncio
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
from tests.support.doubles import listening, loop_thread

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
        runner, self._world.url = await listening(self._gate.routes(), port, most=32 * 1024 * 1024)
        self.api_url = f"{self._world.url}api/"
        return runner

    async def end(self, runner: web.AppRunner) -> None:
        """Stop, letting go of all that waits; in the server's thread."""
        self._board.let_go()
        await self._sockets.close()
        await runner.cleanup()


@contextmanager
def running_slack(port: int = 0) -> Generator[Slack]:
    """Run one in a thread of its own for as long as the block lasts."""
    with loop_thread("slack") as loop:
        slack = Slack(loop)
        runner = asyncio.run_coroutine_threadsafe(slack.serve(port), loop).result(30)
        try:
            yield slack
        finally:
            asyncio.run_coroutine_threadsafe(slack.end(runner), loop).result(30)

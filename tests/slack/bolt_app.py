"""The real SDKs pointed at the loopback Slack."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.slack.server import Slack

PATIENCE = 20.0


def web_client(slack: Slack, *, token: str | None = None, timeout: int = 10) -> Any:
    """An AsyncWebClient that repeats nothing by itself; slack_sdk types neither its answers nor all its arguments."""
    return AsyncWebClient(token=token or slack.bot_token, base_url=slack.api_url, retry_handlers=[], timeout=timeout)


def bolt_app(slack: Slack) -> Any:
    """An AsyncApp that acknowledges after its listeners have run; Bolt types its decorators in part only."""
    logger = logging.getLogger("bolt-under-test")
    return AsyncApp(client=web_client(slack), process_before_response=True, logger=logger)


@asynccontextmanager
async def connected(slack: Slack, app: AsyncApp) -> AsyncGenerator[AsyncSocketModeHandler]:
    """The app, receiving for as long as the block lasts."""
    before = slack.connected
    handler = AsyncSocketModeHandler(app, slack.app_token)
    await handler.connect_async()
    await until(lambda: slack.connected > before, "the app is connected")
    try:
        yield handler
    finally:
        await handler.close_async()


async def refused(call: Awaitable[Any]) -> Any:
    """What a call is answered with, which must be a refusal."""
    with pytest.raises(SlackApiError) as error:
        await call
    return cast("Any", error.value).response


async def refusal(call: Awaitable[Any]) -> str:
    """The error that a call is answered with."""
    return str((await refused(call))["error"])


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

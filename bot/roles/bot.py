"""`clew bot`: listens to the chat platforms that are set up, and hands over what people do. It keeps nothing."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence

from temporalio.client import Client

from bot.access import access_of
from bot.admin import platforms_of
from bot.administering import Administering
from bot.chat import Inbox, Listener, open_inbox
from bot.connect import START_PATIENCE, connect, ui_of
from bot.platforms.installed import build_of, installed
from bot.settings import Settings, SettingsError
from bot.waiting import unless
from workflows import search_attributes
from workflows.errors import CallError, Retriable, Terminal

_AGAIN = (1.0, 30.0)
"""Seconds between two attempts to reach a platform: at first, and at most."""

_log = logging.getLogger(__name__)


async def run(settings: Settings, until: asyncio.Event) -> None:
    """Listen until the event is set. Raises UnreachableError, or SettingsError where a platform refuses our tokens."""
    if not installed(settings):
        raise SettingsError(
            "No chat platform is set up: set SLACK_BOT_TOKEN and SLACK_APP_TOKEN (docs/slack.md), "
            "or DISCORD_TOKEN (docs/discord.md)."
        )
    client = await unless(until, connect(settings, long_lived=True, patience=START_PATIENCE))
    if client is None:
        return
    await search_attributes.ensure(client)
    inbox = await open_inbox(client)
    tasks = [asyncio.create_task(_keep(name, listener, inbox)) for name, listener in _listeners(settings, client)]
    told = asyncio.create_task(until.wait())
    try:
        await _while_any(tasks, told)
    finally:
        for task in (told, *tasks):
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for end in ended:
        if isinstance(end, Exception) and not until.is_set():
            raise end


async def _while_any(tasks: Sequence[asyncio.Task[None]], told: asyncio.Task[bool]) -> None:
    """Wait until told to end, or until no platform is listened to: one that refuses us leaves the others."""
    left = set(tasks)
    while left and not told.done():
        done, _ = await asyncio.wait([told, *left], return_when=asyncio.FIRST_COMPLETED)
        left -= done
        for task in done - {told}:
            if left and isinstance(task.exception(), SettingsError):
                _log.error("%s The other platforms are still listened to.", task.exception())
            elif isinstance(task.exception(), Exception):
                return


def _listeners(settings: Settings, client: Client) -> Sequence[tuple[str, Listener]]:
    """Who listens, by what to call it when it is refused."""
    administering = Administering(client, platforms=platforms_of(settings), ui=ui_of(settings))
    access = access_of(settings)
    return [
        (name.capitalize(), build_of(name).build_listener(settings, access, client, administering))
        for name in installed(settings)
    ]


async def _keep(name: str, listener: Listener, inbox: Inbox) -> None:
    """Listen for ever; what breaks is begun anew, a little later each time."""
    shortest, longest = _AGAIN
    wait = shortest
    while True:
        began = time.monotonic()
        try:
            await listener.listen(inbox)
        except Terminal as refused:
            raise SettingsError(f"{name} refuses us ({refused}). `clew doctor` says what to do.") from None
        except CallError as error:
            if time.monotonic() - began > longest:
                wait = shortest  # It worked for a while: this is another trouble.
            told = error.retry_after if isinstance(error, Retriable) else None
            _log.warning("%s cannot be reached (%s); trying again in %.0f s", name, error, told or wait)
            await asyncio.sleep(told or wait)
            wait = min(2 * wait, longest)

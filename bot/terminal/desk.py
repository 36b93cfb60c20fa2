"""A person's place at the terminal: the store they write to, and the inbox they hand over to."""

from __future__ import annotations

import asyncio
import getpass
import os
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from bot.chat import Inbox, Unavailable, open_inbox
from bot.platforms.terminal_records import StoredMessage, new_id
from bot.platforms.terminal_store import TerminalStore, open_store
from bot.platforms.terminal_values import NAME, research_from_data
from bot.terminal.thread import View, look
from workflows.blobs import FileBlobStore
from workflows.contracts import Asker, IncomingMessage, OpenThreadRequest, Research, ThreadRef

if TYPE_CHECKING:
    from temporalio.client import Client

    from bot.settings import Settings

HANDOVER_PATIENCE = 30.0
"""Seconds for which a message is offered again while Temporal cannot be reached: a restart takes less."""

OWED_FOR = 3600.0
"""Seconds for which a question without any answer is waited for."""


class TerminalSession:
    """One person at one terminal. `user` is who asks, and the workspace that their threads belong to.

    `on_wait` is called where handing over has to be tried again.
    """

    def __init__(self, store: TerminalStore, inbox: Inbox, console: Console, *, blobs_dir: Path, user: str) -> None:
        self.store = store
        self.inbox = inbox
        self.console = console
        self.asker = Asker(user=user, name=user)
        self.path_of = FileBlobStore(blobs_dir).path
        self.on_wait: Callable[[], None] = lambda: None

    def ref(self, thread: str) -> ThreadRef:
        """A thread of this person's."""
        return ThreadRef(platform=NAME, workspace=self.asker.user, channel=NAME, thread=thread)

    def incoming(self, message: StoredMessage) -> IncomingMessage:
        """What a stored message is to the inbox; the same each time it is sent."""
        return IncomingMessage(
            thread=self.ref(message.thread),
            message=message.id,
            asker=self.asker,
            text=str(message.body["text"]),
            research=research_from_data(message.body.get("research")),
        )

    async def say(self, thread: str, text: str) -> str:
        """Store a question and hand it over. Returns its id. Raises Unavailable, Refused; then it is kept."""
        message = new_id()
        await asyncio.to_thread(self.store.say, thread, message, text)
        await self.hand_over(thread)
        return message

    async def hand_over(self, thread: str) -> int:
        """Hand over, in order, what was stored and never accepted. Returns how many. Raises Unavailable, Refused.

        If it was handed over and we were not told: the conversation knows the message's id.
        """
        waiting = await asyncio.to_thread(self.store.unaccepted, thread)
        for message in waiting:
            incoming = self.incoming(message)
            await patiently(lambda incoming=incoming: self.inbox.receive(incoming), self.on_wait)
            await asyncio.to_thread(self.store.accept, message.id)
        return len(waiting)

    async def research(self, text: str, research: Research) -> tuple[ThreadRef, str]:
        """Open a thread for a command. Returns it and the command's id.

        Raises Unavailable, Refused, NotOpened.
        """
        request = OpenThreadRequest(
            platform=NAME,
            workspace=self.asker.user,
            channel=NAME,
            request=new_id(),
            asker=self.asker,
            text=text,
            research=research,
        )
        await patiently(lambda: self.inbox.open(request), self.on_wait)
        return await self.inbox.opened(request), request.request

    def look(self, thread: str) -> View:
        """How a thread stands."""
        messages = self.store.messages(thread, deleted=True)
        old = {message.id for message in messages if message.created < time.time() - OWED_FOR}
        return look(messages, old=old)


@asynccontextmanager
async def open_session(settings: Settings, client: Client) -> AsyncGenerator[TerminalSession]:
    """A session on a data directory and a running server, for whoever is logged in."""
    with open_store(settings.data_dir) as store:
        yield TerminalSession(
            store,
            await open_inbox(client),
            Console(highlight=False),
            blobs_dir=settings.data_dir / "blobs",
            user=logged_in(),
        )


def logged_in() -> str:
    """The name of whoever is logged in; the number of one without a name, as in containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return f"uid-{os.getuid()}" if hasattr(os, "getuid") else "somebody"


async def patiently(call: Callable[[], Awaitable[None]], on_wait: Callable[[], None]) -> None:
    """Make a call again while Temporal cannot be reached, for a while; say so once. Raises Unavailable."""
    deadline = time.monotonic() + HANDOVER_PATIENCE
    told = False
    while True:
        try:
            return await call()
        except Unavailable:
            if time.monotonic() >= deadline:
                raise
            if not told:
                told = True
                on_wait()
            await asyncio.sleep(0.25)

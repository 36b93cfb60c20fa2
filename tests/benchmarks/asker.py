"""Someone who asks through the product's own door, and reads from the store's ledger when what was written."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.terminal.desk import TerminalSession, open_session
from tests.benchmarks.roles import Roles
from workflows import identity

_LOOK = 0.005
"""Seconds between two looks at the ledger. Moments are the ledger's own, so this adds nothing to them."""

_PATIENCE = 120.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Timed:
    """One turn, in seconds from the moment the question was sent: first visible sign, and outcome."""

    sign: float
    outcome: float


class Asker:
    """Asks, and waits for outcomes; many turns at once if need be."""

    def __init__(self, session: TerminalSession) -> None:
        self._session = session
        self._ledger = sqlite3.connect(session.store.path, isolation_level=None)
        self._read = 0
        self._posted: dict[str, float] = {}
        self._edited: dict[str, float] = {}

    def thread(self) -> str:
        """A new thread."""
        return self._session.store.new_thread()

    def conversation(self, thread: str) -> str:
        """The workflow id of a thread's conversation."""
        return identity.conversation_id(self._session.ref(thread))

    async def ask(self, thread: str, text: str) -> Timed:
        """Ask, and wait for the outcome. Raises TimeoutError."""
        began = time.time()
        key = await self._session.say(thread, text)
        return await self._outcome(key, began)

    async def send(self, thread: str, text: str) -> str:
        """Ask without waiting; returns the answer's key."""
        return await self._session.say(thread, text)

    async def wait(self, key: str) -> float:
        """When the outcome of `key` was written, in seconds since the epoch. Raises TimeoutError."""
        await self._outcome(key, 0.0)
        return self._edited[key]

    async def _outcome(self, key: str, began: float) -> Timed:
        async with asyncio.timeout(_PATIENCE):
            while key not in self._edited:
                await asyncio.sleep(_LOOK)
                self._take_news()
        return Timed(sign=self._posted[key] - began, outcome=self._edited[key] - began)

    def _take_news(self) -> None:
        for seq, moment, kind, key in self._ledger.execute(
            "SELECT seq, time, kind, key FROM ledger WHERE seq > ? ORDER BY seq", (self._read,)
        ):
            self._read = seq
            if kind == "post":
                self._posted.setdefault(key, moment)
            elif kind == "edit":
                self._edited.setdefault(key, moment)


@asynccontextmanager
async def asking(roles: Roles) -> AsyncGenerator[Asker]:
    """An asker for as long as the block runs."""
    async with open_session(roles.settings, roles.client) as session:
        yield Asker(session)

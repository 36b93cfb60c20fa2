"""Waiting at the terminal: for the store to change, for Ctrl-C, for what was asked for."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from bot.terminal.desk import TerminalSession
from bot.terminal.thread import View

POLL = 0.05
"""Seconds between two looks at the store's change counter."""

PARTS_PATIENCE = 30.0
"""Seconds to wait for the further parts of a long answer, before it is shown without them."""


@dataclass(kw_only=True, slots=True)
class Awaited:
    """A retry that was asked for: the attempt it will bring, or the notice that refuses it."""

    key: str
    attempt: int


@dataclass(slots=True)
class Watch:
    """A thread's view, read anew whenever the store has changed."""

    session: TerminalSession
    thread: str
    awaited: dict[str, Awaited] = field(default_factory=dict[str, Awaited])
    _version: tuple[int, int] = field(init=False)
    _view: View = field(init=False)
    _over_since: dict[str, float] = field(default_factory=dict[str, float])

    def __post_init__(self) -> None:
        self._version = self.session.store.changes()
        self._view = self.session.look(self.thread)

    @property
    def view(self) -> View:
        """The thread as last read."""
        return self._view

    def refresh(self) -> None:
        """Read the thread again if anything changed."""
        version = self.session.store.changes()
        if version != self._version:
            self._version, self._view = version, self.session.look(self.thread)

    def ready(self, message: str, *, complete: bool) -> bool:
        """Whether an outcome may be shown: with all its parts, or without those that do not come."""
        since = self._over_since.setdefault(message, time.monotonic())
        if not complete and time.monotonic() - since < PARTS_PATIENCE:
            return False
        del self._over_since[message]
        return True

    def busy(self) -> bool:
        """Whether something is still to come. A retry is settled by its attempt, or by a notice."""
        for request, awaited in list(self.awaited.items()):
            again = self._view.find(awaited.key)
            if again is None or again.answer.attempt >= awaited.attempt or self._view.find(f"notice:{request}"):
                del self.awaited[request]
        return self._view.pending > 0 or bool(self.awaited)

    async def change(self, interrupted: asyncio.Event) -> None:
        """Wait for the next look."""
        with suppress(TimeoutError):
            await asyncio.wait_for(interrupted.wait(), POLL)
        self.refresh()


class Leaving:
    """Ctrl-C. The first one while an answer runs only offers to leave, where somebody can read the offer."""

    def __init__(self, interrupted: asyncio.Event, offer: Callable[[], None] | None) -> None:
        self._interrupted = interrupted
        self._offer = offer
        self._offered = False

    def decided(self, *, busy: bool) -> bool:
        """Whether to leave now."""
        if not busy:
            self._offered = False
        if not self._interrupted.is_set():
            return False
        if not busy or self._offered or self._offer is None:
            return True
        self._offered = True
        self._interrupted.clear()
        self._offer()
        return False


@contextmanager
def interrupts() -> Generator[asyncio.Event]:
    """An event that Ctrl-C sets, so that leaving is orderly."""
    event = asyncio.Event()
    loop = asyncio.get_running_loop()
    try:
        loop.add_signal_handler(signal.SIGINT, event.set)
    except (NotImplementedError, RuntimeError, ValueError):
        # Not on Windows, nor outside the main thread: Ctrl-C then ends the program as it always does.
        yield event
        return
    try:
        yield event
    finally:
        loop.remove_signal_handler(signal.SIGINT)

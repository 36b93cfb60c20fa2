"""Live progress of the turns that run in this worker: many activities report, one message shows it.

Best effort and coalesced: the latest state wins, at most one update per `edit_interval`, and no failure here ever
reaches a turn. Nothing of it is written to history.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

from workflows.attempts import is_again
from workflows.chat import Chat
from workflows.contracts import Answer, LineState, Live, MessageRef, ProgressLine
from workflows.errors import Ambiguous, CallError, Retriable
from workflows.refusals import MindedMessage, Refusals
from workflows.remembered import Remembered

_RANK = {
    LineState.PENDING: 0,
    LineState.WAITING: 1,
    LineState.RUNNING: 1,
    LineState.DONE: 2,
    LineState.FAILED: 2,
}

_REMEMBERED = 1_000

_log = logging.getLogger(__name__)


class Seat:
    """One activity's place on a board."""

    def __init__(self, board: _Board | None, line: str) -> None:
        self._board = board
        self._line = line

    def detail(self, text: str) -> None:
        """Say what this line is doing right now, in a few words (a tool's name and symbol)."""
        if self._board is not None:
            self._board.detail(self._line, text)

    def text(self, text: str) -> None:
        """Show the answer's text so far, whole."""
        if self._board is not None:
            self._board.text(text)


class LiveBoards:
    """All boards of this worker, by message."""

    def __init__(self, chats: Mapping[str, Chat], refusals: Refusals) -> None:
        """`refusals` is shared with whoever else shows progress in this worker."""
        self._chats = chats
        self._refusals = refusals
        self._boards: dict[MessageRef, _Board] = {}
        self._shown: Remembered[MessageRef, int] = Remembered(_REMEMBERED)
        """The hash of what was shown last: a thousand answers would be megabytes."""

    @asynccontextmanager
    async def watch(self, live: Live | None, line: str = "") -> AsyncGenerator[Seat]:
        """Report into the live message of a turn while the block runs; a no-op without one."""
        chat = None if live is None else self._chats.get(live.message.thread.platform)
        if live is None or chat is None or self._refusals.known(live):
            yield Seat(None, line)
            return
        board = self._boards.get(live.message)
        if board is None:
            # An activity that is tried again and again has nothing new to show each time.
            shown = self._shown.get(live.message) if is_again() else None
            board = self._boards[live.message] = _Board(chat, live, self._refusals, shown)
        board.users += 1
        board.merge(live.answer)
        try:
            yield Seat(board, line)
        finally:
            board.users -= 1
            if board.users == 0:
                self._boards.pop(live.message, None)
                await board.close()
                if board.shown is not None:
                    self._shown.keep(live.message, board.shown)
                else:
                    self._shown.forget(live.message)


class _Board:
    """The state of one live message, and the pump that shows it."""

    def __init__(self, chat: Chat, live: Live, refusals: Refusals, shown: int | None) -> None:
        self.users = 0
        self.shown = shown
        """The hash of what the message shows, where that is known."""
        self._chat = chat
        self._live = live
        self._refusals = refusals
        self._answer = live.answer
        self._changed = asyncio.Event()
        self._pump = asyncio.create_task(self._run())

    def merge(self, answer: Answer) -> None:
        """Take over what the workflow knows; activities that started later know more.

        A line goes on, or waits and runs in turn, but is never taken back. What runs keeps what it says of itself.
        """
        lines = {line.id: line for line in self._answer.lines}
        for line in answer.lines:
            known = lines.get(line.id)
            if known is None or (known.state is not line.state and _RANK[line.state] >= _RANK[known.state]):
                lines[line.id] = line
        self._answer = replace(self._answer, attempt=answer.attempt, lines=tuple(lines.values()))
        self._changed.set()

    def detail(self, line_id: str, text: str) -> None:
        lines = [
            replace(line, detail=text, state=LineState.RUNNING) if line.id == line_id else line
            for line in self._answer.lines
        ]
        if line_id and all(line.id != line_id for line in lines):
            lines.append(ProgressLine(id=line_id, label=line_id, state=LineState.RUNNING, detail=text))
        self._answer = replace(self._answer, lines=tuple(lines))
        self._changed.set()

    def text(self, text: str) -> None:
        self._answer = replace(self._answer, text=text)
        self._changed.set()

    async def close(self) -> None:
        """Stop the pump before the last word is written. It ends once no call is under way any more."""
        self._pump.cancel()
        await asyncio.gather(self._pump, return_exceptions=True)

    async def _run(self) -> None:
        # Progress is best effort: whatever the platform says, the turn goes on.
        try:
            async with self._refusals.live(self._chat, self._live) as message:
                while True:
                    await self._changed.wait()
                    self._changed.clear()
                    wait = await self._show(message)
                    await asyncio.sleep(max(wait, self._chat.capabilities.edit_interval))
        except CallError as error:
            _log.debug("there is no live progress: %s", type(error).__name__)

    async def _show(self, message: MindedMessage) -> float:
        """Show the latest state; for how many seconds the platform wants no further one. Raises Terminal."""
        answer = self._answer
        shown = hash(answer)
        if shown == self.shown:
            return 0.0
        self.shown = None
        try:
            await message.show(answer)
            self.shown = shown
        except (Retriable, Ambiguous) as error:
            _log.debug("live progress failed: %s", type(error).__name__)
            self._changed.set()
            return (error.retry_after or 0.0) if isinstance(error, Retriable) else 0.0
        return 0.0

"""Where things are shown: redrawn in place on a screen, line by line on a pipe."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from bot.rendering import neutralise
from bot.terminal import view
from bot.terminal.thread import View
from workflows.contracts import Answer

_ROWS_KEPT = 5
"""Rows of the screen that progress leaves to everything else."""

_TICKS = 10
"""Times a second that what turns beside running work moves on."""

_TYPED_ROWS = 3
"""Rows that show the end of what is being typed or was pasted."""


class Screen:
    """One terminal or pipe. `drawn` is True where it can be redrawn."""

    def __init__(self, console: Console, path_of: view.PathOf, *, retry_hint: str = view.RETRY_HINT) -> None:
        self.drawn = console.is_terminal and not console.is_dumb_terminal
        self._console = console
        self._path_of = path_of
        self._retry_hint = retry_hint
        self._live: Live | None = None
        self._drawn_key: object = None
        self._progress: dict[str, view.PlainProgress] = {}

    @contextmanager
    def live(self) -> Generator[None]:
        """Keep a region at the bottom that `show` redraws."""
        if not self.drawn:
            yield
            return
        with Live(console=self._console, auto_refresh=False, transient=True) as self._live:
            try:
                yield
            finally:
                self._live.update(Text(), refresh=True)
        self._live = None

    def say(self, text: str) -> None:
        """A sentence of ours."""
        if self.drawn:
            self._console.print(Text(neutralise(text), style="dim"))
        else:
            self._write(neutralise(text))

    def asked(self, text: str) -> None:
        """What the person asked, in a thread shown again."""
        if self.drawn:
            self._console.print(view.said(text))
        else:
            self._write(f"> {neutralise(text)}")

    def typed(self, text: str) -> None:
        """What the person has just typed; a pipe holds it elsewhere."""
        if self.drawn:
            self._console.print(view.said(text))

    def finish(self, answer: Answer) -> None:
        """An answer with its outcome."""
        if self.drawn:
            self._console.print(view.final(answer, self._path_of, retry_hint=self._retry_hint), Text(), crop=False)
        else:
            progress = self._progress.get(answer.key, view.PlainProgress())
            for line in progress.ends(answer):
                self._write(line)
            before = "" if progress.silent else "\n"
            self._write(before + view.plain(answer, self._path_of, retry_hint=self._retry_hint) + "\n")
        self._progress.pop(answer.key, None)

    def show(self, thread: View | None, *, typed: str | None = None) -> None:
        """How the thread stands. With `typed`, the prompt stands below, with what was typed so far."""
        if self._live is not None:
            # Once a second at least, so that a window made wider or narrower is drawn anew.
            busy = thread is not None and thread.pending > 0
            tick = int(time.monotonic() * (_TICKS if busy else 1))
            key = (thread, typed, tick)
            if key != self._drawn_key:
                self._drawn_key = key
                self._live.update(self._region(thread, typed, tick), refresh=True)
        elif not self.drawn and thread is not None:
            for standing in thread.answers:
                if not standing.over:
                    progress = self._progress.setdefault(standing.answer.key, view.PlainProgress())
                    for line in progress.news(standing.answer):
                        self._write(line)

    def _region(self, thread: View | None, typed: str | None, tick: int) -> RenderableType:
        rows: list[RenderableType] = []
        if thread is not None and thread.pending:
            running = thread.running
            height = max(6, self._console.height - _ROWS_KEPT)
            rows.append(view.working(tick=tick) if running is None else view.live(running, height=height, tick=tick))
            if thread.pending > 1:
                rows.append(Text(f"○ {thread.pending - 1} more waiting", style="dim"))
        if typed is not None:
            line, room = neutralise(typed).replace("\n", "⏎ "), self._console.width * _TYPED_ROWS - 4
            shown = line if len(line) <= room else f"…{line[-room:]}"
            rows.append(Text.assemble(("> ", "bold cyan"), shown, ("▏", "cyan"), overflow="fold"))
        return Group(*rows)

    def _write(self, text: str) -> None:
        """A line of plain text. What the pipe's encoding cannot say is replaced, rather than ending the talk."""
        encoding = getattr(self._console.file, "encoding", None) or "utf-8"
        self._console.file.write(text.encode(encoding, "replace").decode(encoding) + "\n")
        self._console.file.flush()

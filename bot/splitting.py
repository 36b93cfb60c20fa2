"""Markdown in pieces that each fit one message, and are each whole Markdown. Pure."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_FENCE = re.compile(r"^\s*(?P<mark>`{3,}+|~{3,}+)(?P<info>[^`]*)$")
_DASHES = re.compile(r":?-+:?")
_HEADING = re.compile(r"^#{1,6} ")
_INFO_LIMIT = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class _Block:
    """A paragraph, a table or a fence. `opening` and `closing` stand around every piece of its lines.

    `closed` is False for a fence that the text left open.
    """

    lines: tuple[str, ...]
    opening: tuple[str, ...] = ()
    closing: tuple[str, ...] = ()
    closed: bool = True

    def text(self, lines: tuple[str, ...] | None = None) -> str:
        return "\n".join((*self.opening, *(self.lines if lines is None else lines), *self.closing))


def split_text(text: str, limit: int, *, first: int | None = None) -> list[str]:
    """Markdown in pieces of at most `limit` characters, the first of at most `first`. At least one piece.

    Breaks at blank lines, else at table rows and lines of code, else at lines, else between words; only a word longer
    than a piece is cut. A fence is closed and reopened with its language, a table repeats its header.
    """
    first = limit if first is None else first
    blocks = list(_blocks(text))
    if len(text) <= first and all(block.closed for block in blocks):
        return [text]
    packer = _Packer(limit=limit, first=first)
    for block in blocks:
        packer.add(block)
    return packer.parts()


def fence_open(text: str) -> bool:
    """Whether the text ends within a fence."""
    return not all(block.closed for block in _blocks(text))


class _Packer:
    """Fills parts one after the other."""

    def __init__(self, *, limit: int, first: int) -> None:
        self._limit = limit
        self._here = first
        self._done: list[str] = []
        self._open: list[str] = []
        self._used = 0

    def add(self, block: _Block) -> None:
        """Put a block into the open part, or into parts of its own where it is too long."""
        if self._fits(block.text()):
            self._put(block.text())
            return
        heading = self._open[-1] if len(self._open) > 1 and _HEADING.match(self._open[-1]) else None
        if heading is not None:
            self._open.pop()
        self._close()
        if heading is not None:
            self._put(heading)
        if self._fits(block.text()):
            self._put(block.text())
            return
        for piece in _pieces(block, self._room):
            if not self._fits(piece):
                self._close()
            self._put(piece)

    def parts(self) -> list[str]:
        """All parts."""
        self._close()
        return self._done or [""]

    def _room(self) -> int:
        """Characters free in the open part, as far as that is worth a beginning; else in a fresh one."""
        free = self._here - self._used
        return free if free >= self._here // 2 else self._limit

    def _fits(self, text: str) -> bool:
        return self._used + len(text) <= self._here

    def _put(self, text: str) -> None:
        self._open.append(text)
        self._used += len(text) + 2

    def _close(self) -> None:
        if self._open:
            self._done.append("\n\n".join(self._open))
            self._open, self._used, self._here = [], 0, self._limit


def _blocks(text: str) -> Iterator[_Block]:
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        fence = _FENCE.match(lines[at])
        if fence is not None:
            at, block = _fence(lines, at, fence)
            yield block
            continue
        end = at
        while end < len(lines) and lines[end].strip() and _FENCE.match(lines[end]) is None:
            end += 1
        yield from _paragraphs(lines[at:end])
        at = end


def _fence(lines: list[str], at: int, opening: re.Match[str]) -> tuple[int, _Block]:
    mark = opening["mark"]
    end = at + 1
    while end < len(lines) and not _closes(lines[end].strip(), mark):
        end += 1
    language = opening["info"].split()[0][:_INFO_LIMIT] if opening["info"].split() else ""
    block = _Block(
        lines=tuple(lines[at + 1 : end]), opening=(mark + language,), closing=(mark,), closed=end < len(lines)
    )
    return end + 1, block


def _closes(line: str, mark: str) -> bool:
    return line.startswith(mark) and not line.strip(mark[0])


def _paragraphs(lines: list[str]) -> Iterator[_Block]:
    """A run of lines, with the tables in it set apart."""
    start = at = 0
    while at < len(lines):
        if not _heads_table(lines[at : at + 2]):
            at += 1
            continue
        if start < at:
            yield _Block(lines=tuple(lines[start:at]))
        end = at + 2
        while end < len(lines) and "|" in lines[end]:
            end += 1
        yield _Block(lines=tuple(lines[at + 2 : end]), opening=tuple(lines[at : at + 2]))
        start = at = end
    if start < len(lines):
        yield _Block(lines=tuple(lines[start:]))


def _heads_table(lines: list[str]) -> bool:
    if len(lines) < 2 or any("|" not in line for line in lines):
        return False
    cells = lines[1].strip().removeprefix("|").removesuffix("|").split("|")
    return all(_DASHES.fullmatch(cell.strip()) for cell in cells)


def _pieces(block: _Block, room: Callable[[], int]) -> Iterator[str]:
    """A long block in pieces, each with its opening and closing. `room` is asked before each piece."""
    waiting = deque(block.lines)
    if block.opening and len(block.text(())) > room() // 2:
        # A table whose header fills a part has no use for repeating it, nor has a fence as long as that.
        if not block.closing:
            waiting.extendleft(reversed(block.opening))
        block = _Block(lines=())
    if not waiting:
        yield block.text()
        return
    while waiting:
        budget = max(1, room() - (len(block.text(())) + 1 if block.opening else 0))
        taken: list[str] = []
        size = 0
        while waiting and size + len(waiting[0]) <= budget:
            size += len(waiting[0]) + 1
            taken.append(waiting.popleft())
        if not taken:
            head, rest = _cut(waiting.popleft(), budget, keep=bool(block.closing))
            taken = [head]
            if rest:
                waiting.appendleft(rest)
        yield block.text(tuple(taken))


def _cut(line: str, budget: int, *, keep: bool) -> tuple[str, str]:
    """A line in two, between words where that can be done. `keep`: the space itself stays, as code needs it."""
    at = line.rfind(" ", 1, budget + (0 if keep else 1))
    if at <= 0 or not line[:at].strip():
        return line[:budget], line[budget:]
    return (line[: at + 1], line[at + 1 :]) if keep else (line[:at].rstrip(), line[at:].lstrip())

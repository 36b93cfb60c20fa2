"""Markdown that breaks off in the middle, so that it can stand as it is. Pure."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.splitting import fence_open

_LAST_PARAGRAPH = re.compile(r"\n[ \t]*\n")
_BEGUN = re.compile(r"[#>*+-]+|#{1,6}")
_LINK = re.compile(r"!?\[(?P<text>[^\[\]\n]*)\]\([^()\n]*\Z")
_MARKS = re.compile(r"\\.|`+|\*+|_+", re.DOTALL)

_DEEPEST = 8


@dataclass(slots=True)
class _Open:
    """Emphasis that was opened: its mark, how many of them still wait for their end, and where its text begins."""

    mark: str
    count: int
    inside: int


def closed(text: str) -> str:
    """The text with the emphasis, code or link that it broke off in closed, or dropped where nothing stands in it yet.

    An open fence is left to `split_text`, which closes it.
    """
    text = text.rstrip()
    if fence_open(text):
        return text
    head, _, last = text.rpartition("\n")
    if _BEGUN.fullmatch(last.strip()):
        text = head.rstrip()
    breaks = [found.end() for found in _LAST_PARAGRAPH.finditer(text)]
    start = breaks[-1] if breaks else 0
    return (text[:start] + _paragraph(_LINK.sub(r"\g<text>", text[start:]))).rstrip()


def _paragraph(text: str) -> str:
    """One paragraph, its inline marks closed."""
    ticks: dict[int, list[int]] = {}
    for found in _MARKS.finditer(text):
        if found[0][0] == "`":
            ticks.setdefault(len(found[0]), []).append(found.start())
    opened: list[_Open] = []
    end = ""
    at = 0
    while (found := _MARKS.search(text, at)) is not None:
        at = found.end()
        match found[0][0]:
            case "\\":
                continue
            case "`":
                closing = _code_end(ticks, found)
                if closing is None:
                    text, end = (text, found[0]) if text[at:].strip() else (text[: found.start()].rstrip(), "")
                    break
                at = closing
            case mark:
                if at == len(text) and (text[: found.start()][-1:].isspace() or not _closes(opened, mark)):
                    text = text[: found.start()].rstrip()
                    break
                _emphasis(opened, text, found)
    for emphasis in reversed(opened):
        if end or text[emphasis.inside :].strip():
            end += emphasis.mark * emphasis.count
        else:
            text = text[: emphasis.inside - emphasis.count].rstrip()
    return text + end


def _code_end(ticks: Mapping[int, Sequence[int]], opening: re.Match[str]) -> int | None:
    """Where the code that begins here ends; None if it does not."""
    same = ticks[len(opening[0])]
    after = bisect_right(same, opening.start())
    return same[after] + len(opening[0]) if after < len(same) else None


def _closes(opened: Sequence[_Open], mark: str) -> bool:
    return any(emphasis.mark == mark for emphasis in opened)


def _emphasis(opened: list[_Open], text: str, found: re.Match[str]) -> None:
    """Let a run of `*` or `_` close what it can, or else open. Within a word, `_` is a letter."""
    mark, count = found[0][0], len(found[0])
    before, after = text[found.start() - 1 : found.start()], text[found.end() : found.end() + 1]
    if mark == "_" and before.isalnum() and after.isalnum():
        return
    if before and not before.isspace() and _closes(opened, mark):
        while count and _closes(opened, mark):
            while opened[-1].mark != mark:
                opened.pop()
            taken = min(count, opened[-1].count)
            count -= taken
            opened[-1].count -= taken
            if not opened[-1].count:
                opened.pop()
    elif after and not after.isspace() and not (mark == "_" and before.isalnum()):
        opened.append(_Open(mark=mark, count=count, inside=found.end()))
        # What lies deeper is no emphasis but noise, and must not make this slow.
        del opened[:-_DEEPEST]

"""Markdown as Discord shows it: tables as aligned blocks or as lists that a phone can show. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from bot.rendering import neutralise

WIDE = 36
"""Columns of a block of code on a phone; what is wider breaks, and nobody can read it.

A message has room for about 42 of them there, of which the card around an answer takes some.
"""

_FENCE = re.compile(r"^\s*(`{3,}|~{3,})")
_ROW = re.compile(r"^\s*\|.*\|\s*$")
_DASHES = re.compile(r"^\s*\|(?:\s*:?-+:?\s*\|)+\s*$")
_DEEP = re.compile(r"^#{4,6} +(?P<text>\S.*)$")
_RULE = re.compile(r"^\s*(?:-{3,}|\*{3,}|_{3,})\s*$")
_IMAGE = re.compile(r"!\[(?P<alt>[^\]\n]{0,300})\]\((?P<url>https?://[^\s)]{1,500})\)")
_STRONG = re.compile(r"\*\*([^*\n]+)\*\*|`([^`\n]+)`")
_LIVE = re.compile(r"<(?=/|t:|id:|sound:|a?:\w)")
"""What Discord makes something of within angle brackets, mentions aside: commands, times, guides, emoji."""


def shown(text: str) -> str:
    """Markdown that Discord shows as it is meant. What it already shows so is not changed."""
    return "\n".join(_lines(calm(text).split("\n")))


def calm(text: str) -> str:
    """Text that commands nothing here."""
    return _LIVE.sub("< ", neutralise(text))


def block(rows: Sequence[Sequence[str]], *, right: frozenset[int] = frozenset()) -> str:
    """Rows as aligned columns in a block of code; the first one is the header."""
    widths = [max(cell_len(row[column]) for row in rows) for column in range(len(rows[0]))]

    def line(row: Sequence[str]) -> str:
        cells = [
            " " * (width - cell_len(cell)) + cell if column in right else cell + " " * (width - cell_len(cell))
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        return "  ".join(cells).rstrip()

    head, *body = [line(row) for row in rows]
    return "\n".join(["```", head, "-" * width_of(rows), *body, "```"])


def width_of(rows: Sequence[Sequence[str]]) -> int:
    """How many columns such a block takes."""
    return sum(max(cell_len(row[column]) for row in rows) + 2 for column in range(len(rows[0]))) - 2


def _lines(lines: Sequence[str]) -> Iterator[str]:
    fence = ""
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        found = _FENCE.match(line)
        if found is not None:
            mark = found[1]
            fence = mark if not fence else "" if mark[0] == fence[0] and len(mark) >= len(fence) else fence
            yield line
        elif fence:
            yield line
        elif _ROW.match(line) and at < len(lines) and _DASHES.match(lines[at]):
            end = at + 1
            while end < len(lines) and _ROW.match(lines[end]):
                end += 1
            yield from _table([line, *lines[at + 1 : end]])
            at = end
        else:
            yield _line(line)


def _line(line: str) -> str:
    deep = _DEEP.match(line)
    if deep is not None:
        # The mark at its end is not the pattern's to find: it would look for it from every character on.
        text = deep["text"].rstrip()
        return f"**{(text.rstrip('#').rstrip() or text).replace('**', '')}**"
    if _RULE.match(line):
        return ""
    return _IMAGE.sub(lambda found: f"[{found['alt'] or 'Image'}]({found['url']})", line)


def _table(lines: Sequence[str]) -> Iterator[str]:
    rows = [_cells(line) for line in lines]
    columns = len(rows[0])
    rows = [[*row[:columns], *[""] * (columns - len(row))] for row in rows]
    plain = [[_STRONG.sub(lambda found: found[1] or found[2], cell).replace("`", "'") for cell in row] for row in rows]
    if width_of(plain) <= WIDE:
        numbers = frozenset(column for column in range(1, columns) if all(_is_figure(row[column]) for row in plain[1:]))
        yield block(plain, right=numbers)
        return
    head = rows[0]
    for row in rows[1:]:
        facts = [f"{name}: {cell}" if name else cell for name, cell in zip(head[1:], row[1:], strict=True) if cell]
        title = row[0].replace("**", "")
        yield f"- **{title}**: {'; '.join(facts)}" if title else f"- {'; '.join(facts)}"


def _cells(line: str) -> list[str]:
    return [cell.replace("\\|", "|").strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]


def _is_figure(cell: str) -> bool:
    return not cell or any(character.isdigit() for character in cell)

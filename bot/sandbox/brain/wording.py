"""Sentences that several roles use, and words for what figures mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bot.sandbox.brain.figures import number
from bot.sandbox.brain.reading import ToolResult

NO_MODEL = "_Sandbox answer: written by rules from tool results, no model involved._"
_ORDER = re.compile(r"Go on without\b")
_TOOL_NAME = re.compile(r"\b(?:get|search|compare|draw)_[a-z_]+\b")
_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z]|(?:get|search|compare|draw)_)")
_FOLDING = re.compile(r"(?P<head>(?:Not available|Historical sample)[^:]*): (?P<things>.+)\.")
_LONGEST_LINE = 380
NO_ADVICE = "This is not investment advice: nothing here says to buy, sell or hold."


def notes(results: Iterable[ToolResult]) -> list[str]:
    """What results say must be told about them, each once."""
    told = [_sentence(str(result.value["note"])) for result in results if result.value.get("note")]
    return folded(sentence for note in told for sentence in sentences(note))


def missing(results: Iterable[ToolResult]) -> list[str]:
    """Why tools gave nothing, each sentence once; what names a tool or how to go on is for whoever calls it."""
    told = [sentence for result in results if result.error for sentence in sentences(_sentence(result.error))]
    return folded(sentence for sentence in told if not _TOOL_NAME.search(sentence) and not _ORDER.match(sentence))


def folded(told: Iterable[str]) -> list[str]:
    """Sentences, each once; those of a kind, as `Not available …: this.`, as one: `Not available …: this; that.`."""
    things: dict[str, dict[str, None]] = {}
    for sentence in told:
        refused = _FOLDING.fullmatch(sentence)
        head, named = (refused["head"], refused["things"].split("; ")) if refused else (sentence, [])
        things.setdefault(head, {}).update(dict.fromkeys(named))
    return [line for head, named in things.items() for line in _folded(head, list(named))]


def _folded(head: str, named: Sequence[str]) -> list[str]:
    """One line, or several where it would grow too long for a list."""
    lines: list[str] = [] if named else [head]
    for thing in named:
        if lines and len(lines[-1]) + len(thing) < _LONGEST_LINE:
            lines[-1] = f"{lines[-1][:-1]}; {thing}."
        else:
            lines.append(f"{head}: {thing}.")
    return lines


def sentences(text: str) -> list[str]:
    """The sentences of a text."""
    return [part.strip() for part in _END.split(text) if part.strip()]


def volatility_in_words(value: object) -> str:
    """How much a share moves, against what is usual for shares."""
    known = number(value)
    if known is None:
        return ""
    if known < 15:
        return "calm for a share"
    if known < 25:
        return "moderate for a share"
    return "lively for a share" if known < 40 else "very high, even for a share"


def drawdown_in_words(value: object) -> str:
    """How deep a fall is."""
    known = number(value)
    if known is None:
        return ""
    fall = abs(known)
    if fall < 10:
        return "a shallow one"
    if fall < 20:
        return "a noticeable one"
    return "a deep one" if fall < 35 else "a severe one"


def trend_in_words(close: object, sma_50: object, sma_200: object) -> str:
    """Where a price stands against its moving averages."""
    last, short, long = number(close), number(sma_50), number(sma_200)
    if last is None or short is None or long is None:
        return ""
    if last > short and last > long:
        return "above both its 50-day and its 200-day average"
    if last < short and last < long:
        return "below both its 50-day and its 200-day average"
    if last > short:
        return "above its 50-day average but below its 200-day average"
    return "below its 50-day average but above its 200-day average"


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, or `a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def _sentence(text: str) -> str:
    stripped = " ".join(text.split())
    return stripped if stripped.endswith((".", "!", "?")) else f"{stripped}."

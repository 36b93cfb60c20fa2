"""Answers about what was already said: from the report and the tool results of the conversation, without new calls."""

from __future__ import annotations

import re
from typing import Any

from bot.sandbox.brain.figures import stamp
from bot.sandbox.brain.glossary import meanings
from bot.sandbox.brain.lines import items
from bot.sandbox.brain.reading import known_results, last_report, question, since_question
from bot.sandbox.brain.thought import Situation
from bot.sandbox.brain.wording import NO_MODEL
from bot.sandbox.brain.words import COMMON

Json = dict[str, Any]

_MOST_LINES = 6
_MOST_SOURCES = 8


def explain(situation: Situation) -> list[str]:
    """Lines that answer a why or a what-does-it-mean; empty if the conversation knows nothing about it."""
    asked = question(situation)
    lines = [f"- {meaning}" for meaning in meanings(asked)]
    said = _said_about(asked, last_report(situation))
    if said:
        lines += ["", "The report says on this:", *said] if lines else ["The report says on this:", *said]
    sources = _sources(situation)
    if sources and (said or re.search(r"\bsource|\bknow\b|\bwhy\b|\bwhere\b|\bget\b", asked, re.IGNORECASE)):
        lines += ["", "It rests on these tool results:", *sources]
    if lines and not since_question(situation) and re.search(r"\bwhy\b", asked, re.IGNORECASE):
        lines += ["", "The figures show what happened, not why: a cause would need a source that names it."]
    return lines


def _said_about(asked: str, report: Json) -> list[str]:
    """The report's lines that share most words with the question."""
    words = {word for word in re.findall(r"[a-z]{3,}", asked.lower()) if word not in COMMON}
    texts = [str(report.get("summary") or "")]
    texts += [f"{part.get('title', '')}\n{part.get('body', '')}" for part in items(report.get("sections"))]
    lines = [line.strip("- ").strip() for text in texts for line in text.splitlines() if line.strip("-|: ")]
    lines = [line for line in lines if line != NO_MODEL and not line.startswith("|")]
    scored = [(_shared(words, line), line) for line in lines]
    best = sorted((pair for pair in scored if pair[0]), key=lambda pair: -pair[0])[:_MOST_LINES]
    kept = [line for _, line in best] or (lines[:2] if report and not meanings(asked) else [])
    return [f"- {line}" for line in dict.fromkeys(kept)]


def _shared(words: set[str], line: str) -> int:
    """How many of the words begin a word of the line, or the other way round."""
    own = set(re.findall(r"[a-z]{4,}", line.lower()))
    return sum(any(word.startswith(other) or other.startswith(word) for other in own) for word in words)


def _sources(situation: Situation) -> list[str]:
    marks = {f"- `{result.tool}`: {stamp(result.value)}": None for result in known_results(situation) if result.value}
    return list(marks)[:_MOST_SOURCES]

"""What the three specialists on market data have in common: ask the tools once, then write findings."""

from __future__ import annotations

from collections.abc import Sequence

from bot.sandbox.brain.language import symbols
from bot.sandbox.brain.reading import question, results, since_question, task_fields
from bot.sandbox.brain.telling import told_all
from bot.sandbox.brain.thought import Call, Output, Say, Situation
from bot.sandbox.brain.wording import missing, notes


def peers_of(situation: Situation) -> list[str]:
    """The peers that the task names, less the symbol itself."""
    fields = task_fields(question(situation))
    return [peer for peer in symbols(fields.get("peers", "")) if peer != fields.get("symbol")][:3]


def specialist(situation: Situation, wanted: Sequence[Call]) -> Sequence[Output]:
    """Ask for those of the wanted tools that are on offer, in one step; with their results, write."""
    since = since_question(situation)
    offered = [call for call in wanted if call.name in situation.functions]
    if not any(entry["type"] == "function.call" for entry in since) and offered:
        return offered
    found = results(since)
    lines = list(notes(found))
    if lines:
        lines.append("")
    lines += told_all(found)
    gaps = missing(found)
    if not any(result.value for result in found):
        gaps = gaps or ["No tool for this was on offer."]
    if gaps:
        lines += ["", f"Not available: {' '.join(gaps)}"]
    return (Say(text="\n".join(lines).strip() or "Not available: the tools had no figures."),)

"""The web search specialist: there is no web here, and it says so."""

from __future__ import annotations

from collections.abc import Sequence

from bot.sandbox.brain.reading import question, task_fields
from bot.sandbox.brain.thought import Execution, Output, Say, Situation

_NOTE = "The sandbox has no web."


def think(situation: Situation) -> Sequence[Output]:
    """An empty search where the tool is on offer, and a finding without a citation."""
    query = task_fields(question(situation)).get("query") or question(situation)[:200]
    said = Say(text=f'The sandbox has no web access, so nothing was looked up.\n\nNot found: web sources on "{query}".')
    if "web_search" not in situation.built_in:
        return (said,)
    return (Execution(name="web_search", arguments={"query": query}, info={"results": [], "note": _NOTE}), said)

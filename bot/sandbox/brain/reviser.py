"""The reviser: the last report again, without the statements that were found wanting."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from bot.sandbox.brain.lines import items
from bot.sandbox.brain.reading import last_report, question, section
from bot.sandbox.brain.thought import Output, Say, Situation
from bot.sandbox.brain.wording import NO_MODEL

Json = dict[str, Any]

_OPENING = "The report has problems."
_PROBLEM = re.compile(r"^[-*] (?P<claim>.+?)(?:: (?P<reason>.*))?$", re.MULTILINE)
_SENTENCE = re.compile(r"(?<=[.!?;])\s+(?=\S)")


def is_revision(task: str) -> bool:
    """Whether a task asks for a report to be written again."""
    return task.startswith(_OPENING)


def think(situation: Situation) -> Sequence[Output]:
    """The whole Report, each sentence or line that holds a problem's claim taken out and named as a gap."""
    report = last_report(situation)
    claims = [match["claim"].strip(' *`"') for match in _PROBLEM.finditer(section(question(situation), "Problems"))]
    claims = [claim for claim in claims if claim]
    summary = _without(str(report.get("summary") or ""), claims)
    revised: Json = {
        "headline": _headline(str(report.get("headline") or ""), claims),
        "summary": summary if NO_MODEL in summary else f"{summary}\n\n{NO_MODEL}".strip(),
        "sections": [
            {"title": part.get("title", ""), "body": body}
            for part in items(report.get("sections"))
            if (body := _without(str(part.get("body") or ""), claims))
        ],
        "key_metrics": [
            metric for metric in items(report.get("key_metrics")) if not _holds(json.dumps(metric), claims)
        ],
        "follow_ups": report.get("follow_ups") or [],
        "gaps": [*(report.get("gaps") or []), *_gap(claims)],
    }
    return (Say(text=json.dumps(revised, ensure_ascii=False)),)


def _headline(text: str, claims: Sequence[str]) -> str:
    return text.partition(":")[0] if _holds(text, claims) else text


def _without(text: str, claims: Sequence[str]) -> str:
    """The text less its lines, or in running text its sentences, that hold a claim."""
    kept: list[str] = []
    for line in text.split("\n"):
        if not _holds(line, claims):
            kept.append(line)
        elif not line.startswith(("- ", "|", "* ")):
            kept.append(" ".join(part for part in _SENTENCE.split(line) if not _holds(part, claims)))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def _holds(text: str, claims: Sequence[str]) -> bool:
    return any(re.search(rf"(?<![\w.]){re.escape(claim)}(?![\w])", text) for claim in claims)


def _gap(claims: Sequence[str]) -> list[str]:
    return ["Statements that the tool results do not support were taken out after the check."] if claims else []

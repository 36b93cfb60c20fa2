"""The verifier: figures, dates, notes and advice in a report, checked by rules against the tool results."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from bot.sandbox.brain.checking import Known, known, unsupported
from bot.sandbox.brain.lines import items
from bot.sandbox.brain.reading import evidence, question, report_in
from bot.sandbox.brain.thought import Output, Say, Situation
from bot.sandbox.brain.wording import NO_MODEL, notes

Json = dict[str, Any]

_ADVICE = re.compile(
    r"\b(?:you should|we recommend|i recommend|our recommendation is to|it is time to|investors should)\b[^.\n]*"
    r"\b(?:buy|sell|hold|avoid)\b|\b(?:strong )?(?:buy|sell) now\b",
    re.IGNORECASE,
)
_SAMPLE = re.compile(r"\b(sample|historical|delayed|not live)\b", re.IGNORECASE)
_MOST = 12


def think(situation: Situation) -> Sequence[Output]:
    """A Verdict."""
    task = question(situation)
    report, found = report_in(task), evidence(task)
    facts = known([result.value for result in found])
    problems = [problem for text in _texts(report) for problem in _problems(text, facts)]
    if not report:
        problems = [{"claim": "the report", "reason": "It could not be read."}]
    elif notes(found) and not _SAMPLE.search(str(report.get("summary") or "")):
        problems.append({"claim": "the summary", "reason": f"It does not tell the note: {notes(found)[0]}"})
    unique = list({(problem["claim"], problem["reason"]): problem for problem in problems}.values())[:_MOST]
    note = f"Figures, dates and notes were compared with {len(found)} tool results; wording was not judged. {NO_MODEL}"
    verdict = {"supported": not unique, "problems": unique, "note": note}
    return (Say(text=json.dumps(verdict, ensure_ascii=False)),)


def _texts(report: Json) -> Iterator[str]:
    """Every text of a report that can state something; gaps quote what tools refused, follow-ups only ask."""
    yield str(report.get("headline") or "")
    yield str(report.get("summary") or "")
    for part in items(report.get("sections")):
        yield str(part.get("body") or "")
    for metric in items(report.get("key_metrics")):
        yield f"{metric.get('label', '')}: {metric.get('value', '')}"


def _problems(text: str, facts: Known) -> list[dict[str, str]]:
    found = [
        {"claim": figure, "reason": f"No tool result shows it: {_around(text, figure)}"}
        for figure in unsupported(text, facts)
    ]
    found += [{"claim": match[0], "reason": "It is investment advice."} for match in _ADVICE.finditer(text)]
    return found


def _around(text: str, figure: str) -> str:
    """The line that the figure stands in, shortened."""
    line = next((line for line in text.splitlines() if figure in line), figure).strip("- ")
    return line if len(line) <= 120 else f"{line[:117]}..."

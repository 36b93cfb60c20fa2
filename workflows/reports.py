"""Reports: shown while they stream, checked by code, and made into answers. Pure functions over parsed data."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, cast

from pydantic_core import from_json

from workflows.contracts import Answer, AnswerState, ComposeAnswer, ComposeReport, FigureCheck, Metric, Problem, Source
from workflows.figures import Facts, unsupported
from workflows.sentences import SHORTENED
from workflows.structured import KeyMetric, Report

Json = dict[str, Any]

_LONGEST = 60_000
"""Characters of an answer."""

_PAYLOAD = 180 * 1024
"""Bytes of its text inside a payload, where most scripts take six bytes a character."""

_WHOLE = 240 * 1024
_LISTS = 100 * 1024
"""Bytes of a whole answer inside a payload, and of its lists together: what they leave is the text's."""

_CUT = "\n\n… (The answer was too long and ends here.)"
_SOURCES = 60
_LINE = 400
"""Sources of tool results that one answer names, and characters of what each says of itself."""

_LINKS = 60
"""Addresses that one answer's text links to. More are shown as text."""

_FIGURES = 40
_FIGURE = 60
"""How many unsupported figures are listed, and characters of one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolResult:
    """A recorded tool result, read. `value` is None for an error or for what is no JSON object."""

    tool: str
    arguments: Json
    value: Json | None


def readable(text: str, room: int = _PAYLOAD) -> str:
    """An answer's text, cut with a word about it where it is longer than anybody reads or `room` in a payload."""
    kept = text[:_LONGEST]
    while len(json.dumps(kept)) > room:
        kept = kept[: len(kept) * 9 // 10]
    return text if kept == text else kept + _CUT


def partial_report(text: str) -> str:
    """Markdown of a report whose JSON is still coming: headline, summary, sections, as far as they go."""
    try:
        value: object = from_json(text, allow_partial="trailing-strings")
    except ValueError:
        return ""
    if not isinstance(value, dict):
        return ""
    report = cast("Json", value)
    sections = report.get("sections")
    parts = [f"**{_line(report['headline'])}**" if report.get("headline") else "", _str(report.get("summary"))]
    for section in cast("list[object]", sections) if isinstance(sections, list) else []:
        if isinstance(section, dict):
            known = cast("Json", section)
            parts.append(_section(_str(known.get("title")), _str(known.get("body"))))
    return "\n\n".join(part for part in parts if part)


def report_text(report: Report) -> str:
    """A report's prose: summary and sections, as Markdown."""
    parts = [report.summary.strip(), *(_section(section.title, section.body) for section in report.sections)]
    return "\n\n".join(part for part in parts if part)


def check_figures(report: Report, results: Sequence[ToolResult], citations: Iterable[Source] = ()) -> FigureCheck:
    """Check every figure that people read in headline, text and key metrics. Gaps and questions state nothing."""
    facts = facts_of(results, citations)
    checked = 0
    missing: list[str] = []
    for text in (report.headline, readable(report_text(report))):
        count, found = unsupported(text, facts)
        checked, missing = checked + count, missing + found
    for metric in report.key_metrics:
        count, found = unsupported(_metric_text(metric), facts, strict=True)
        checked, missing = checked + count, missing + found
    shown = dict.fromkeys(figure[:_FIGURE] for figure in missing)
    return FigureCheck(checked=checked, unsupported=tuple(shown)[:_FIGURES])


def facts_of(results: Sequence[ToolResult], citations: Iterable[Source] = ()) -> Facts:
    """What the results show. An error shows nothing, nor does what a tool only says again of its arguments."""
    shown = [_beyond(result.value, _words(result.arguments)) for result in results if result.value is not None]
    return Facts(shown, [item.url for item in citations])


def compose_report(report: Report, request: ComposeReport, results: Sequence[ToolResult]) -> Answer:
    """The final answer of a report."""
    facts = facts_of(results, request.citations)
    answer = Answer(
        key=request.key,
        state=AnswerState.FINAL,
        attempt=request.attempt,
        headline=_line(report.headline),
        text=report_text(report),
        notices=request.notices,
        metrics=tuple(_metric(metric, facts) for metric in report.key_metrics),
        chart=request.chart,
        sources=(*sources_of(results), *_cited(request.citations)),
        gaps=tuple(dict.fromkeys([*_lines(report.gaps), *request.gaps, *_open(request.unsupported, request.problems)])),
        follow_ups=report.questions(),
        usage=request.usage,
        links=_links(facts, report_text(report)),
    )
    return _fitted(answer)


def compose_answer(request: ComposeAnswer, results: Sequence[ToolResult]) -> Answer:
    """The final answer of a follow-up, with the last chart that was drawn for it, its figures checked by code."""
    charts = [item.chart for item in request.evidence if item.chart is not None]
    facts = facts_of(results, request.citations)
    _, missing = unsupported(readable(request.text), facts)
    shown = tuple(dict.fromkeys(figure[:_FIGURE] for figure in missing))[:_FIGURES]
    answer = Answer(
        key=request.key,
        state=AnswerState.FINAL,
        attempt=request.attempt,
        text=request.text,
        notices=request.notices,
        chart=charts[-1] if charts else None,
        sources=(*sources_of(results), *_cited(request.citations)),
        gaps=(_unsupported_here(shown),) if shown else (),
        usage=request.usage,
        links=_links(facts, request.text),
    )
    return _fitted(answer)


def sources_of(results: Sequence[ToolResult]) -> tuple[Source, ...]:
    """One source per tool, origin and date, with the symbols it is about."""
    stamps: dict[tuple[str, str, str], Json] = {}
    symbols: dict[tuple[str, str, str], dict[str, None]] = {}
    for result in results:
        value = result.value or {}
        if not value.get("source"):
            continue
        key = (result.tool, _line(value["source"])[:_LINE], _str(value.get("as_of"))[:_LINE])
        stamps.setdefault(key, value)
        symbols.setdefault(key, {}).update(dict.fromkeys(_symbols(value, result.arguments)))
    return tuple(
        Source(
            title=f"{' '.join([tool_title(tool), ', '.join(symbols[tool, origin, as_of])[:_LINE]]).strip()} · {origin}",
            as_of=as_of[:10],
            currency=_str(stamp.get("currency")) or None,
            delayed=stamp.get("delayed") is True,
            note=_line(stamp.get("note") or "")[:_LINE],
        )
        for (tool, origin, as_of), stamp in [*stamps.items()][:_SOURCES]
    )


def tool_title(tool: str) -> str:
    """A tool's name for people: `get_price_history` is "Price history", `draw_price_chart` "Price chart"."""
    return tool.removeprefix("get_").removeprefix("draw_").replace("_", " ").capitalize()


# --- Sizes -----------------------------------------------------------------------------------------------------------


def _fitted(answer: Answer) -> Answer:
    """The answer within what a payload may be: the longest lists give way from their ends, and then the text."""
    lists: dict[str, Any] = {
        "metrics": answer.metrics, "sources": answer.sources, "gaps": answer.gaps, "links": answer.links,
    }  # fmt: skip
    notices = answer.notices
    while sum(_bytes(items) for items in lists.values()) > _LISTS:
        longest = max(lists, key=lambda name: _bytes(lists[name]))
        lists[longest] = lists[longest][: len(lists[longest]) * 9 // 10]
        notices = (*answer.notices, SHORTENED)
    fitted = replace(answer, **lists, notices=notices)
    return replace(fitted, text=readable(answer.text, _WHOLE - _bytes(replace(fitted, text=""))))


def _bytes(value: object) -> int:
    """What a value takes in a payload."""
    return len(json.dumps(value, default=asdict))


# --- Small things ----------------------------------------------------------------------------------------------------


def _metric(metric: KeyMetric, facts: Facts) -> Metric:
    _, missing = unsupported(_metric_text(metric), facts, strict=True)
    return Metric(
        label=_line(metric.label),
        value=_line(metric.value),
        as_of=_line(metric.as_of),
        currency=_line(metric.currency) if metric.currency else None,
        source=_line(metric.source),
        verified=not missing,
    )


def _metric_text(metric: KeyMetric) -> str:
    """A metric's value, with the address of its source, so that a cited one counts as cited."""
    addresses = re.findall(r"https?://[^\s)\]]+", metric.source)
    return _line(metric.value) + "".join(f" [source]({address})" for address in addresses)


def _open(figures: Sequence[str], problems: Sequence[Problem]) -> list[str]:
    """What the checks left open, in sentences for people."""
    said = [f"No tool result shows: {', '.join(figures)}."] if figures else []
    return said + [f"Not supported: {_line(problem.claim)} ({_line(problem.reason)})" for problem in problems]


def _words(arguments: object) -> frozenset[str]:
    """Every text among a call's arguments, which a model wrote."""
    if isinstance(arguments, dict):
        arguments = list(cast("Json", arguments).values())
    if isinstance(arguments, list):
        return frozenset(word for item in cast("list[object]", arguments) for word in _words(item))
    return frozenset({" ".join(arguments.split()).lower()}) if isinstance(arguments, str) else frozenset()


def _beyond(value: object, said: frozenset[str]) -> object:
    """A result without the texts in `said`."""
    if isinstance(value, dict):
        return {name: _beyond(item, said) for name, item in cast("Json", value).items()}
    if isinstance(value, list):
        return [_beyond(item, said) for item in cast("list[object]", value)]
    return None if isinstance(value, str) and " ".join(value.split()).lower() in said else value


def _unsupported_here(figures: Sequence[str]) -> str:
    """Said of a follow-up, which may well repeat what an earlier answer of its thread was given."""
    return f"No tool result of this answer shows: {', '.join(figures)}."


def _links(facts: Facts, text: str) -> tuple[str, ...]:
    """The addresses that an answer's text may link to."""
    return facts.linked(text)[:_LINKS]


def _cited(citations: Sequence[Source]) -> list[Source]:
    """Web sources, each address once."""
    return list({source.url or source.title: source for source in citations}.values())


def _symbols(value: Json, arguments: Json) -> list[str]:
    rows = value.get("rows")
    if isinstance(value.get("symbol"), str):
        return [_line(value["symbol"])]
    several: object = arguments.get("symbols")
    if isinstance(rows, list) and isinstance(several, list):
        return [_line(item) for item in cast("list[object]", several) if isinstance(item, str)]
    return []


def _section(title: str, body: str) -> str:
    return f"## {_line(title)}\n\n{body.strip()}".strip() if title else body.strip()


def _lines(texts: Iterable[str]) -> list[str]:
    return [line for line in map(_line, texts) if line]


def _line(value: object) -> str:
    """Text on one line."""
    return " ".join(str(value).split())


def _str(value: object) -> str:
    return value if isinstance(value, str) else ""

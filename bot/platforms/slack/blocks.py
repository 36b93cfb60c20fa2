"""One answer as Slack's blocks. Pure; Slack's limits stand here and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

from bot.platforms.slack.values import FEEDBACK_ACTION, FOLLOW_UP_ACTION, RETRY_ACTION, STOP_ACTION
from bot.rendering import (
    cut,
    footer,
    neutral,
    not_verified,
    shared_facts,
    source_groups,
    state_sentence,
    told_once,
    with_currency,
)
from workflows.contracts import Answer, AnswerState, LineState, Metric, ProgressLine, Source

Json = dict[str, Any]

HEADER = 150
MARKDOWN = 11_500
CONTEXT = 1_900
BUTTON_TEXT = 75
BUTTON_VALUE = 2_000
ALT = 1_900
FALLBACK = 300
TASKS = 50
ROWS = 30
CELL = 200
TABLE_CHARACTERS = 4_000
FOLLOW_UPS = 3
SOURCES = 12

_STATUS = {
    LineState.PENDING: "pending",
    LineState.RUNNING: "in_progress",
    LineState.WAITING: "in_progress",
    LineState.DONE: "complete",
    LineState.FAILED: "error",
}


def blocks_of(answer: Answer, *, retry_hint: str, image: str = "", chart_missing: bool = False) -> list[Json]:
    """Everything that one message shows of an answer. `image` is the id of the chart's uploaded file."""
    answer = neutral(answer)
    if answer.state in (AnswerState.WAITING, AnswerState.WORKING):
        return _running(answer, retry_hint)
    body = answer.text if answer.state is not AnswerState.FAILED else ""
    said = state_sentence(answer, retry_hint)
    last = answer.part == answer.parts
    blocks = [
        *(_header(answer.headline) if answer.headline else []),
        *(_context(f"_{escape(notice)}_" for notice in answer.notices)),
        *(_markdown(f"{body}\n\n{said}".strip() or "…")),
        *(_metrics(answer.metrics) if answer.metrics else []),
        *(_image(answer, image) if answer.chart is not None and image else []),
    ]
    if chart_missing:
        blocks += _context(["The chart could not be attached."])
    if missing := not_verified(answer):
        blocks += _context(["*Not verified*", *(f"• {escape(one)}" for one in missing)])
    if answer.sources:
        blocks += _context(_sources(answer.sources))
    if last:
        blocks += _buttons(answer)
        # The trace's address is ours, and may be one to click.
        blocks += _context([escape(footer(answer))], verbatim=False)
    return blocks


def fallback_of(answer: Answer, *, retry_hint: str) -> str:
    """What notifications and screen readers get instead of blocks."""
    answer = neutral(answer)
    said = answer.headline or state_sentence(answer, retry_hint) or answer.text
    return escape(cut(" ".join(said.split()), FALLBACK)) or "…"


def escape(text: str) -> str:
    """Text as mrkdwn that commands nothing."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _running(answer: Answer, retry_hint: str) -> list[Json]:
    said = state_sentence(answer, retry_hint)
    blocks: list[Json] = []
    if answer.lines:
        title = (
            said.removesuffix(" …") if answer.attempt == 1 else f"{said.removesuffix(' …')}, attempt {answer.attempt}"
        )
        blocks.append({"type": "plan", "title": title, "tasks": [_task(line) for line in answer.lines[:TASKS]]})
    else:
        blocks += _context([f"_{escape(said)}_"])
    if answer.text:
        blocks += _markdown(answer.text)
    blocks.append({"type": "actions", "elements": [_button("Stop", STOP_ACTION, answer.key, style="danger")]})
    return blocks


def _task(line: ProgressLine) -> Json:
    """A task card: 256 characters at most, as streams take them too."""
    waits = "waiting: " if line.state is LineState.WAITING else ""
    title = f"{line.label} — {waits}{line.detail}" if line.detail else line.label
    return {"type": "task_card", "task_id": line.id, "title": cut(title, 250), "status": _STATUS[line.state]}


def _header(text: str) -> list[Json]:
    if len(text) > HEADER:
        return _markdown(f"## {text}")
    return [{"type": "header", "text": {"type": "plain_text", "text": text, "emoji": True}}]


def _markdown(text: str) -> list[Json]:
    return [{"type": "markdown", "text": cut(text, MARKDOWN)}]


def _context(lines: Any, *, verbatim: bool = True) -> list[Json]:
    """Small print. What does not fit is left out, line by line, and said to be.

    `verbatim`: Slack makes no link and no mention of what is not written as one.
    """
    taken: list[str] = []
    used = 0
    for line in lines:
        short = cut(line, CONTEXT // 2)
        if used + len(short) > CONTEXT:
            taken.append("…")
            break
        used += len(short) + 1
        taken.append(short)
    if not taken:
        return []
    text: Json = {"type": "mrkdwn", "text": "\n".join(taken)}
    return [{"type": "context", "elements": [{**text, "verbatim": True} if verbatim else text]}]


def _metrics(metrics: Sequence[Metric]) -> list[Json]:
    """The figures as a table. A date or a source that all of them share stands below it, once: screens are narrow."""
    as_of, source = shared_facts(metrics)
    columns = [("Metric", True), ("Value", True), ("As of", not as_of), ("Source", not source)]
    rows = [[_raw(title) for title, shown in columns if shown]]
    used = 0
    for metric in metrics[:ROWS]:
        value = with_currency(metric)
        every = [metric.label, value if metric.verified else f"{value} (not verified)", metric.as_of, metric.source]
        cells = [cell for cell, (_, shown) in zip(every, columns, strict=True) if shown]
        used += sum(min(len(cell), CELL) for cell in cells)
        if used > TABLE_CHARACTERS:
            break
        rows.append([_raw(cell) for cell in cells])
    settings: list[Json] = [{"is_wrapped": True}, {"align": "right"}, {}, {"is_wrapped": True}]
    settings = [setting for setting, (_, shown) in zip(settings, columns, strict=True) if shown]
    told = told_once(as_of, source)
    return [
        {"type": "table", "rows": rows, "column_settings": settings},
        *(_context([escape(told)]) if told else []),
    ]


def _raw(text: str) -> Json:
    return {"type": "raw_text", "text": cut(text, CELL) or "—"}


def _image(answer: Answer, image: str) -> list[Json]:
    if answer.chart is None:
        return []
    title = cut(" · ".join(part for part in (answer.chart.title, answer.chart.as_of) if part), ALT)
    block: Json = {"type": "image", "slack_file": {"id": image}, "alt_text": cut(answer.chart.alt, ALT) or "Chart"}
    if title:
        block["title"] = {"type": "plain_text", "text": title}
    return [block]


def _sources(sources: Sequence[Source]) -> list[str]:
    lines: list[str] = []
    numbers = count(1)
    for group in source_groups(sources[:SOURCES]):
        lines.append(f"*{group.title}*, {escape(group.told)}" if group.told else f"*{group.title}*")
        lines += [f"[{next(numbers)}] {_linked(line, source)}" for line, source in group.lines]
    if len(sources) > SOURCES:
        lines.append(f"and {len(sources) - SOURCES} more")
    return lines


def _linked(line: str, source: Source) -> str:
    """What is said of a source; its title is a link, where the address is sound."""
    said = escape(line)
    if not source.url.startswith(("https://", "http://")) or set(source.url) & set("<>|\"' "):
        return said
    title = escape(source.title)
    return f"<{escape(source.url)}|{title}>{said.removeprefix(title)}"


def _buttons(answer: Answer) -> list[Json]:
    """Follow-up questions, Retry, and what people thought of it. Restart-proof: all that a click needs is in it."""
    asked = [
        _button(question, f"{FOLLOW_UP_ACTION}_{number}", question)
        for number, question in enumerate(answer.follow_ups[:FOLLOW_UPS], 1)
        if len(question) <= BUTTON_VALUE
    ]
    blocks: list[Json] = [{"type": "actions", "elements": asked}] if asked else []
    if answer.retriable:
        blocks.append({"type": "actions", "elements": [_button("🔁 Retry", RETRY_ACTION, answer.key)]})
    if answer.state is AnswerState.FINAL and answer.retriable:
        blocks.append(_feedback(answer.key))
    return blocks


def _feedback(key: str) -> Json:
    def thumb(sign: str, label: str, value: str) -> Json:
        return {
            "text": {"type": "plain_text", "text": sign},
            "accessibility_label": label,
            "value": f"{value}:{key}"[:BUTTON_VALUE],
        }

    return {
        "type": "context_actions",
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": FEEDBACK_ACTION,
                "positive_button": thumb("👍", "This answer was useful", "up"),
                "negative_button": thumb("👎", "This answer was not useful", "down"),
            }
        ],
    }


def _button(text: str, action: str, value: str, *, style: str = "") -> Json:
    button: Json = {
        "type": "button",
        "action_id": action,
        "text": {"type": "plain_text", "text": cut(text, BUTTON_TEXT), "emoji": True},
        "value": value[:BUTTON_VALUE],
    }
    return {**button, "style": style} if style else button

"""One answer as Discord's components. Pure; Discord's limits stand here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from bot.platforms.discord.markdown import WIDE, block, calm, shown, width_of
from bot.platforms.discord.values import (
    FOLLOW_UP,
    HEADLINE_ID,
    MARK,
    RETRY,
    STANDING,
    STOP,
    TEXT_ID,
    USEFUL,
    USELESS,
)
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

CHARACTERS = 4_000
"""Of all text in one message; the ids, labels and descriptions of components aside."""
HEADLINE = 150
NOTICES = 400
METRICS = 900
GAPS = 500
SOURCES = 900
LINES = 1_200
LABEL = 80
ALT = 1_000
ROWS = 20
CELL = 60
FOLLOW_UPS = 3
SOURCES_SHOWN = 12

CONTAINER, ROW, BUTTON, TEXT, GALLERY = 17, 1, 2, 10, 12
_GREY, _RED = 2, 4

_COLOURS = {
    AnswerState.WAITING: 0x99AAB5,
    AnswerState.WORKING: 0x5865F2,
    AnswerState.FINAL: 0x2E9E6B,
    AnswerState.FAILED: 0xD9534F,
    AnswerState.STOPPED: 0x99AAB5,
}
_SIGNS = {
    LineState.PENDING: "▫️",
    LineState.RUNNING: "🔄",
    LineState.WAITING: "⏳",
    LineState.DONE: "✅",
    LineState.FAILED: "⚠️",
}


def components_of(
    answer: Answer, *, mark: str, retry_hint: str, image: str = "", chart_missing: bool = False
) -> list[Json]:
    """Everything that one message shows of an answer, at most as much as Discord takes.

    `image` is the name of the chart's file that is sent along. `mark` is what the message is found by: some button of
    it always carries it.
    """
    answer = neutral(answer)
    if answer.state in (AnswerState.WAITING, AnswerState.WORKING):
        parts = _running(answer, retry_hint)
    else:
        parts = _standing(answer, retry_hint, image=image, chart_missing=chart_missing)
    inside = [*_fitting(parts), *_buttons(answer, mark)]
    return [{"type": CONTAINER, "accent_color": _COLOURS[answer.state], "components": inside}]


def too_long(answer: Answer, *, retry_hint: str) -> bool:
    """Whether a message would not hold all that belongs to a last part."""
    parts = _standing(neutral(answer), retry_hint, image="", chart_missing=answer.chart is not None)
    return sum(len(str(part.get("content", ""))) for part in parts) > CHARACTERS


def _standing(answer: Answer, retry_hint: str, *, image: str, chart_missing: bool) -> list[Json]:
    """From top to bottom. An outcome's text is shown whole, or not at all."""
    body = shown(answer.text) if answer.state is not AnswerState.FAILED else ""
    said = calm(state_sentence(answer, retry_hint))
    text = "\n\n".join(part for part in (body, said) if part)
    last = answer.part == answer.parts
    parts = [
        *([_text(f"## {cut(calm(answer.headline), HEADLINE)}", HEADLINE_ID)] if answer.headline else []),
        *_small(answer.notices, NOTICES),
        *([_text(text, TEXT_ID)] if text else []),
        *(_metrics(answer.metrics) if answer.metrics else []),
        *(_image(answer, image) if answer.chart is not None and image else []),
    ]
    if chart_missing:
        parts += _small(["The chart could not be attached."], NOTICES)
    if missing := not_verified(answer):
        parts += _small(["**Not verified**", *(f"• {one}" for one in missing)], GAPS)
    if answer.sources:
        parts += _small(_sources(answer.sources), SOURCES)
    if last:
        parts += _small([footer(answer)], NOTICES)
    return parts


def _running(answer: Answer, retry_hint: str) -> list[Json]:
    said = state_sentence(answer, retry_hint)
    title = said if answer.attempt == 1 else f"{said.removesuffix(' …')}, attempt {answer.attempt} …"
    parts = [_text(f"**{title}**", HEADLINE_ID), *_small(answer.notices, NOTICES)]
    if answer.lines:
        parts += _small((_line(line) for line in answer.lines), LINES)
    if answer.text:
        used = sum(len(str(part["content"])) for part in parts)
        # The end is what is new. It grows while it is read, so it may begin anywhere.
        parts.append(_text(_end(shown(answer.text), CHARACTERS - used - 10), TEXT_ID))
    return parts


def _fitting(parts: Iterable[Json]) -> list[Json]:
    """What fits, from top to bottom: Discord counts all characters of a message together."""
    room = CHARACTERS
    taken: list[Json] = []
    for part in parts:
        text = str(part.get("content", ""))
        if len(text) > room:
            if room < NOTICES:
                continue
            part = {**part, "content": cut(text, room)}  # noqa: PLW2901 - the same part, shorter
        room -= len(str(part.get("content", "")))
        taken.append(part)
    return taken


def _line(line: ProgressLine) -> str:
    waits = "waiting: " if line.state is LineState.WAITING else ""
    label = f"{_SIGNS[line.state]} {line.label}"
    return cut(f"{label} — {waits}{line.detail}" if line.detail else label, 160)


def _text(text: str, number: int = 0) -> Json:
    part: Json = {"type": TEXT, "content": text}
    return {**part, "id": number} if number else part


def _small(lines: Iterable[str], limit: int) -> list[Json]:
    """Small print. What does not fit is left out, line by line, and said to be."""
    taken: list[str] = []
    used = 0
    for line in lines:
        told = f"-# {cut(calm(line), limit // 2)}"
        if used + len(told) > limit:
            taken.append("-# …")
            break
        used += len(told) + 1
        taken.append(told)
    return [_text("\n".join(taken))] if taken else []


def _metrics(metrics: Sequence[Metric]) -> list[Json]:
    """The figures as aligned columns. A date or a source that all of them share stands below them, once."""
    as_of, source = shared_facts(metrics)
    rows = [["Metric", "Value"]]
    below: list[str] = []
    for metric in metrics[:ROWS]:
        value = with_currency(metric)
        row = [_cell(metric.label), _cell(value if metric.verified else f"{value} ?")]
        if width_of([*rows, row]) > WIDE:
            row[0] = cut(row[0], max(8, WIDE - 2 - max(len(each[1]) for each in [*rows, row])))
        if len(block([*rows, row])) > METRICS:
            break
        rows.append(row)
        facts = [metric.as_of if not as_of else "", metric.source if not source else ""]
        told = ", ".join(fact for fact in facts if fact)
        below += [f"{metric.label}: {told}"] if told else []
    marked = "? not verified" if any(not metric.verified for metric in metrics) else ""
    small = [" · ".join(part for part in (told_once(as_of, source), marked) if part), *below]
    return [_text(block(rows, right=frozenset({1}))), *_small([line for line in small if line], METRICS)]


def _cell(text: str) -> str:
    return cut(text.replace("`", "'"), CELL) or "—"


def _image(answer: Answer, image: str) -> list[Json]:
    if answer.chart is None:
        return []
    told = " · ".join(part for part in (answer.chart.title, answer.chart.as_of) if part)
    item: Json = {"media": {"url": f"attachment://{image}"}, "description": cut(answer.chart.alt, ALT) or "Chart"}
    return [{"type": GALLERY, "items": [item]}, *_small([told] if told else [], NOTICES)]


def _sources(sources: Sequence[Source]) -> list[str]:
    lines: list[str] = []
    numbers = count(1)
    for group in source_groups(sources[:SOURCES_SHOWN]):
        lines.append(f"**{group.title}**, {group.told}" if group.told else f"**{group.title}**")
        lines += [f"{next(numbers)}. {_linked(line, source)}" for line, source in group.lines]
    if len(sources) > SOURCES_SHOWN:
        lines.append(f"and {len(sources) - SOURCES_SHOWN} more")
    return lines


def _linked(line: str, source: Source) -> str:
    """What is said of a source; its title is a link, where the address is sound."""
    if not source.url.startswith(("https://", "http://")) or set(source.url) & set("<>()|\"' "):
        return line
    title = source.title.replace("[", "(").replace("]", ")")
    return f"[{title}](<{source.url}>){line.removeprefix(source.title)}"


def _buttons(answer: Answer, mark: str) -> list[Json]:
    """Follow-up questions, Retry, and what people thought of it. Restart-proof: all that a click needs is in it."""

    def button(action: str, label: str, *, style: int = _GREY, disabled: bool = False) -> Json:
        made: Json = {
            "type": BUTTON,
            "style": style,
            "label": cut(label, LABEL),
            "custom_id": f"{MARK}:{action}:{answer.state.value}:{answer.attempt}:{mark}",
        }
        return {**made, "disabled": True} if disabled else made

    if answer.state in (AnswerState.WAITING, AnswerState.WORKING):
        return [_row([button(STOP, "Stop", style=_RED)])]
    if answer.part < answer.parts:
        return [_row([button(STANDING, f"Part {answer.part} of {answer.parts}", disabled=True)])]
    asked = [
        button(f"{FOLLOW_UP}{number}", question)
        for number, question in enumerate(answer.follow_ups[:FOLLOW_UPS], 1)
        # A label is all that a click brings back.
        if len(question) <= LABEL
    ]
    below = [button(RETRY, "🔁 Retry")] if answer.retriable else []
    if answer.state is AnswerState.FINAL and answer.retriable:
        below += [button(USEFUL, "👍"), button(USELESS, "👎")]
    if not below:
        below = [button(STANDING, _NAMES[answer.state], disabled=True)]
    # One to a row: on a phone a row of questions is a row of dots.
    return [*(_row([one]) for one in asked), _row(below)]


_NAMES = {AnswerState.FINAL: "Answered", AnswerState.FAILED: "Not answered", AnswerState.STOPPED: "Stopped"}


def _row(buttons: Sequence[Json]) -> Json:
    return {"type": ROW, "components": list(buttons)}


def without_rest(answer: Answer) -> Answer:
    """A part with its text alone; what belongs below the whole answer comes in a part of its own."""
    return replace(answer, metrics=(), chart=None, sources=(), gaps=(), follow_ups=(), trace="")


def _end(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"…{text[len(text) - limit + 1 :].lstrip()}"

"""What every platform does to an answer before it shows it: say its state, split it, take the sting out. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from bot.links import host_of, is_sound, with_given_links
from bot.splitting import split_text
from bot.unfinished import closed
from workflows.chat import Capabilities
from workflows.contracts import Answer, AnswerState, Metric, Source, Usage

DISCLAIMER = "Not investment advice."
QUEUED = "Waiting for the answer before it"
WORKING = "Working on it"
_WRONG = "This went wrong."

# Every pattern here is linear: a model's text must not be able to hold up a worker.
_ANSI = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\|\x9c)"  # OSC and other strings
    r"|\x1b[ -/]*[0-~]"
)
_CONTROLS = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f]"
    r"|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"  # bidi
    r"|[\u00ad\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"  # invisible
    r"|[\ud800-\udfff]"  # halves of a character, which no encoding can say
)
_JOINERS = re.compile("[\u200c\u200d]+")
_BROADCAST = re.compile(r"<!(channel|here|everyone|subteam\^\w+)(?:\|([^<>\n]*))?>", re.IGNORECASE)
_MENTION = re.compile(r"<([@#])[!&]?(\w+)(?:\|([^<>\n]*))?>")
_EVERYONE = re.compile(r"@(everyone|here|channel)\b", re.IGNORECASE)
_OPENS_MENTION = re.compile(r"<(?=[@#!])")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,31}\d{0,2});")
_Facts: TypeAlias = tuple[str, str, str]
_NO_FACTS: _Facts = ("", "", "")
_NESTED = 4
"""Mentions within mentions that are still spelled out; what is nested deeper only loses its sting."""


# --- What is said around an answer -----------------------------------------------------------------------------------


def state_sentence(answer: Answer, retry_hint: str) -> str:
    """What is said of an answer's state: instead of its text, or, where it was stopped, below it. "" if it is final."""
    match answer.state:
        case AnswerState.WAITING:
            return f"{QUEUED} …"
        case AnswerState.WORKING:
            return f"{WORKING} …"
        case AnswerState.FAILED:
            return f"{answer.text or _WRONG} {retry_hint if answer.retriable else ''}".rstrip()
        case AnswerState.STOPPED:
            return f"Stopped. {retry_hint}"
        case AnswerState.FINAL:
            return ""


@dataclass(frozen=True, slots=True)
class SourceGroup:
    """Sources below one heading, each with what is said of it in one line, its host included."""

    title: str
    told: str
    """What is true of all of them, or ""."""
    lines: Sequence[tuple[str, Source]]

    @property
    def heading(self) -> str:
        """The heading where it has no markup."""
        return _joined((self.title, self.told))


def source_groups(sources: Sequence[Source]) -> list[SourceGroup]:
    """Those whose date, currency and delay are the same, then all others, with their own.

    A sentence that several notes share is said at the first.
    """
    alike: dict[_Facts, list[Source]] = {}
    for source in sources:
        alike.setdefault(_facts(source), []).append(source)
    groups = {facts: found for facts, found in alike.items() if len(found) > 1 and any(facts)}
    if others := [source for source in sources if _facts(source) not in groups]:
        groups[_NO_FACTS] = others
    said: set[str] = set()
    return [
        SourceGroup(
            title="Further sources" if number else "Sources",
            told=_joined(facts),
            lines=[(_source_line(source, facts, said), source) for source in found],
        )
        for number, (facts, found) in enumerate(groups.items())
    ]


def _facts(source: Source) -> _Facts:
    """What a source says of all its figures."""
    date = f"as of {source.as_of}" if source.as_of else ""
    return date, source.currency or "", "delayed" if source.delayed else ""


def _source_line(source: Source, in_heading: _Facts, said: set[str]) -> str:
    note = [sentence for sentence in source.note.rstrip(".").split(". ") if sentence not in said]
    said.update(note)
    own = _NO_FACTS if any(in_heading) else _facts(source)
    told = _joined((host_of(source.url), *own, ". ".join(note)))
    return source.title + (f" ({told})" if told else "")


def _joined(facts: Iterable[str]) -> str:
    return ", ".join(fact for fact in facts if fact)


def shared_facts(metrics: Sequence[Metric]) -> tuple[str, str]:
    """The date and the source of all figures, each empty where they differ: what is shared is said once."""
    return shared([metric.as_of for metric in metrics]), shared([metric.source for metric in metrics])


def told_once(as_of: str, source: str) -> str:
    """One line for what `shared_facts` found; empty where nothing is shared."""
    every = [f"As of {as_of}" if as_of else "", f"Source: {source}" if source else ""]
    return " · ".join(part for part in every if part)


def with_currency(metric: Metric) -> str:
    """A figure's value, in its currency where it is money."""
    return f"{metric.value} {metric.currency}" if metric.currency else metric.value


def not_verified(answer: Answer) -> list[str]:
    """What was not found or not verified: gaps, and figures that no tool result shows unless a gap names them."""
    gaps = "\n".join(answer.gaps)
    figures = [metric for metric in answer.metrics if not metric.verified and metric.label not in gaps]
    return [*answer.gaps, *(f"{metric.label}: {metric.value}" for metric in figures)]


def footer(answer: Answer) -> str:
    """What stands below every answer: tokens, attempt, where its trace is, and that it advises nobody."""
    facts = [f"{answer.usage.total:,} tokens"] if answer.usage.total else []
    if answer.attempt > 1:
        facts.append(f"attempt {answer.attempt}")
    if answer.trace:
        facts.append(f"trace {answer.trace}")
    return " · ".join([*facts, DISCLAIMER])


def shared(values: Sequence[str]) -> str:
    """What all of them are, where that is the same."""
    return values[0] if len(set(values)) == 1 else ""


def cut(text: str, limit: int) -> str:
    """At most so many characters; what is missing is said to be."""
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


# --- Splitting -------------------------------------------------------------------------------------------------------


def split_answer(answer: Answer, capabilities: Capabilities) -> tuple[Answer, ...]:
    """The answer in parts whose text has at most `part_limit` characters each, the headline counted in.

    Headline, progress lines and notices go with the first part, everything below the text with the last. A stopped
    answer breaks off anywhere: what its text left open is closed.
    """
    if answer.state is AnswerState.STOPPED:
        answer = replace(answer, text=closed(answer.text))
    # Measured as it is shown: a host that is named beside a link takes room too.
    answer = replace(answer, text=harmless(answer.text, answer.links))
    limit = capabilities.part_limit
    if len(answer.headline) > limit // 2:
        # No headline at all: it is text, and split like text.
        answer = replace(answer, headline="", text=f"{answer.headline}\n\n{answer.text}".strip())
    texts = split_text(answer.text, limit, first=limit - len(answer.headline) - 2 if answer.headline else limit)
    if len(texts) == 1:
        return (replace(answer, text=texts[0], part=1, parts=1),)
    last = len(texts)
    return tuple(_part(answer, text, number, last) for number, text in enumerate(texts, 1))


def _part(answer: Answer, text: str, number: int, last: int) -> Answer:
    part = replace(answer, text=text, part=number, parts=last)
    if number > 1:
        part = replace(part, headline="", lines=(), notices=())
    if number < last:
        part = replace(part, metrics=(), chart=None, sources=(), gaps=(), follow_ups=(), usage=Usage(), trace="")
    return part


# --- Text from outside -----------------------------------------------------------------------------------------------


def neutralise(text: str) -> str:
    """Text that commands nothing: no control characters, no bidi or invisible ones, no mention of a platform's.

    A mention stays readable: `<!channel>` and `@everyone` become `@ channel` and `@ everyone`. Idempotent.
    """
    # Whoever reads entities as characters must not find there what is taken out below.
    for _ in range(_NESTED):
        text, before = _ENTITY.sub(lambda found: html.unescape(found[0]), text), text
        if text == before:
            break
    else:
        text = _ENTITY.sub(lambda found: f"& {found[0][1:]}", text)
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    text = _CONTROLS.sub("", _ANSI.sub("", text))
    text = _JOINERS.sub(_joiner, text)
    for _ in range(_NESTED):
        calmer = _EVERYONE.sub(r"@ \1", _MENTION.sub(_mention, _BROADCAST.sub(_broadcast, text)))
        if calmer == text:
            break
        text = calmer
    return _EVERYONE.sub(r"@ \1", _OPENS_MENTION.sub("< ", text))


def harmless(text: str, links: Collection[str] = ()) -> str:
    """Neutralised, with no link but to the addresses in `links`. Idempotent."""
    text = with_given_links(neutralise(text), links)
    # What was taken out may have stood in the middle of a mention.
    return neutralise(text)


def neutral(answer: Answer) -> Answer:
    """The answer with every text in it neutralised; keys, ids and addresses of blobs stay.

    Links stay in its text alone, and only those that were given; its sources have their own.
    """
    chart = answer.chart
    return replace(
        answer,
        headline=_label(answer.headline),
        text=harmless(answer.text, answer.links),
        lines=tuple(replace(line, label=_label(line.label), detail=_label(line.detail)) for line in answer.lines),
        notices=tuple(_label(notice) for notice in answer.notices),
        metrics=tuple(
            replace(
                metric,
                label=_label(metric.label),
                value=_label(metric.value),
                as_of=_label(metric.as_of),
                currency=None if metric.currency is None else _label(metric.currency),
                source=_label(metric.source),
            )
            for metric in answer.metrics
        ),
        chart=None
        if chart is None
        else replace(chart, title=_label(chart.title), alt=_label(chart.alt), as_of=_label(chart.as_of)),
        sources=tuple(
            replace(
                source,
                title=_label(source.title),
                as_of=_label(source.as_of),
                url=source.url if is_sound(source.url) else "",
                currency=None if source.currency is None else _label(source.currency),
                note=_label(source.note),
            )
            for source in answer.sources
        ),
        gaps=tuple(_label(gap) for gap in answer.gaps),
        follow_ups=tuple(_label(question) for question in answer.follow_ups),
        trace=one_line(answer.trace),
    )


def one_line(text: str) -> str:
    """Neutralised, with all white space as single spaces: for labels, where a line break would forge a line."""
    return " ".join(neutralise(text).split())


def _label(text: str) -> str:
    """One line without any link."""
    return " ".join(harmless(text).split())


def _joiner(found: re.Match[str]) -> str:
    """A joiner holds emoji and some scripts together; beside plain letters it only hides something."""
    start, end = found.span()
    before, after = found.string[max(0, start - 1) : start], found.string[end : end + 1]
    return found[0][0] if before > "\x7f" and after > "\x7f" else ""


def _broadcast(found: re.Match[str]) -> str:
    return "@ " + ((found[2] or "").lstrip("@# ") or found[1])


def _mention(found: re.Match[str]) -> str:
    return f"{found[1]} " + ((found[3] or "").lstrip("@# ") or found[2])

"""How an answer looks at the terminal: drawn with rich on a screen, plain lines on a pipe. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from rich.box import SIMPLE_HEAD
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.markdown import Markdown
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from bot.platforms.terminal_values import CAPABILITIES
from bot.rendering import (
    WORKING,
    footer,
    harmless,
    neutral,
    neutralise,
    not_verified,
    shared_facts,
    source_groups,
    state_sentence,
    told_once,
    with_currency,
)
from workflows.contracts import OUTCOMES, Answer, AnswerState, BlobRef, LineState, Metric, ProgressLine, Source
from workflows.sentences import NOT_REVISED, NOT_VERIFIED

PathOf = Callable[[BlobRef], object]
"""Where a blob lies on disk."""

RETRY_HINT = CAPABILITIES.retry_hint
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
"""What turns beside work in progress, a mark per tick."""

_MARKS = {
    LineState.PENDING: ("○", "dim"),
    LineState.RUNNING: ("●", "cyan"),
    LineState.WAITING: ("●", "yellow"),
    LineState.DONE: ("✓", "green"),
    LineState.FAILED: ("✗", "red"),
}
_ENDS = {AnswerState.FINAL: LineState.DONE.value, AnswerState.STOPPED: "stopped"}
_UNDONE = {"verifier": NOT_VERIFIED, "reviser": NOT_REVISED}
"""What a final answer says where one of its last steps failed."""
_NO_DATE = "no date given"
_LEAST_TAIL = 3
_TABLE_WIDTH = 60


def is_over(answer: Answer) -> bool:
    """Whether this is a last word."""
    return answer.state in OUTCOMES


def is_notice(answer: Answer) -> bool:
    """Whether this is a remark of Clew's rather than the answer to a question."""
    return answer.key.startswith("notice:")


def join(parts: Sequence[Answer]) -> Answer:
    """The parts of an answer as one again: a terminal scrolls."""
    first, last = parts[0], parts[-1]
    text = "\n\n".join(part.text for part in parts if part.text)
    return replace(last, headline=first.headline, text=text, lines=first.lines, notices=first.notices, part=1, parts=1)


# --- On a screen -----------------------------------------------------------------------------------------------------


def live(answer: Answer, *, height: int = 24, tick: int = 0) -> RenderableType:
    """An answer while it is made: its lines, then the end of its text, in at most `height` rows."""
    rows = [_line(line, tick) for line in neutral(replace(answer, text="")).lines] or [_beginning(answer, tick)]
    if not answer.text:
        return _Tail(Group(*rows), height)
    return Group(*rows, Text(), _streamed(answer.text, max(_LEAST_TAIL, height - len(rows) - 1)))


def working(*, tick: int = 0) -> RenderableType:
    """Work of which nothing is known yet."""
    return Text.assemble((f"{_spinner(tick)} ", "cyan"), f"{WORKING} …")


def final(answer: Answer, path_of: PathOf, *, retry_hint: str = RETRY_HINT) -> RenderableType:
    """An answer with its outcome, whole."""
    answer = neutral(answer)
    if is_notice(answer):
        return _markdown(answer.text)
    parts: list[RenderableType] = []
    if answer.headline:
        parts += [Text(answer.headline, style="bold"), Text()]
    if answer.state is AnswerState.FAILED:
        parts.append(Text.assemble(("✗ ", "red"), state_sentence(answer, retry_hint)))
    elif answer.text:
        parts.append(_markdown(answer.text))
    if answer.state is AnswerState.STOPPED:
        parts += [*([Text()] if answer.text else []), Text(state_sentence(answer, retry_hint), style="yellow")]
    if answer.metrics:
        parts += [Text(), _Metrics(answer.metrics)]
    if answer.chart is not None:
        # Not wrapped: a path is there to be copied.
        parts += [Text(), Text(_chart(answer, path_of), no_wrap=True, overflow="ignore")]
    for group in source_groups(answer.sources):
        parts += _section(group.heading, [_source(*line) for line in group.lines])
    parts += _section("Not verified", [Text(item, style="yellow") for item in not_verified(answer)])
    parts += _section("You could ask", [Text(question) for question in answer.follow_ups], numbered=True)
    if answer.notices:
        parts += [Text(), *(Text(notice, style="yellow") for notice in answer.notices)]
    parts += [Text(), Text(footer(answer), style="dim")]
    return Group(*parts)


def said(text: str) -> RenderableType:
    """What a person said, in a thread shown again."""
    return Text.assemble(("> ", "bold cyan"), (neutralise(text), "bold"))


class _Tail:
    """The last `rows` rows of a renderable."""

    def __init__(self, renderable: RenderableType, rows: int) -> None:
        self._renderable = renderable
        self._rows = rows
        self._width = 0
        self._lines: list[list[Segment]] = []

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        # Drawn many times a second, while the text changes now and then.
        if options.max_width != self._width:
            lines = console.render_lines(self._renderable, options.update(height=None), pad=False)
            self._lines, self._width = lines[-self._rows :], options.max_width
        for line in self._lines:
            yield from line
            yield Segment.line()


@lru_cache(maxsize=2)
def _streamed(text: str, rows: int) -> _Tail:
    return _Tail(_markdown(harmless(text)), rows)


def _spinner(tick: int) -> str:
    return SPINNER[tick % len(SPINNER)]


def _beginning(answer: Answer, tick: int) -> RenderableType:
    if answer.state is AnswerState.WAITING:
        return Text(f"○ {state_sentence(answer, '')}", style="dim")
    return working(tick=tick)


def _line(line: ProgressLine, tick: int) -> RenderableType:
    mark, style = _MARKS[line.state]
    if line.state is LineState.RUNNING:
        mark = _spinner(tick)
    text = Text.assemble((f"{mark} ", style), (line.label, "dim" if line.state is LineState.PENDING else ""))
    if line.detail and line.state is not LineState.DONE:
        text.append(f"  {line.detail}", style="yellow" if line.state is LineState.WAITING else "dim")
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def _markdown(text: str) -> Markdown:
    # A link shows where it leads: its text comes from outside.
    return Markdown(text, hyperlinks=False)


class _Metrics:
    """The table of figures; on a narrow screen, a list of them. What all of them share stands below, once."""

    def __init__(self, metrics: Sequence[Metric]) -> None:
        self._metrics = metrics
        self._shared = shared_facts(metrics)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if options.max_width >= _TABLE_WIDTH:
            yield self._table()
        else:
            yield from (Text(f"• {_metric(metric, *self._shared)}") for metric in self._metrics)
        told = told_once(*self._shared)
        if told:
            yield Text(told, style="dim")

    def _table(self) -> Table:
        as_of, source = self._shared
        table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
        table.add_column("Key metric", overflow="fold")
        table.add_column("Value", justify="right", overflow="fold")
        for heading in [*([] if as_of else ["As of"]), *([] if source else ["Source"])]:
            table.add_column(heading, overflow="fold")
        for metric in self._metrics:
            value = with_currency(metric)
            cells = [Text(value if metric.verified else f"{value} ?", style="" if metric.verified else "yellow")]
            cells += [] if as_of else [Text(metric.as_of or _NO_DATE)]
            cells += [] if source else [Text(metric.source or "-")]
            table.add_row(Text(metric.label), *cells)
        return table


def _section(title: str, items: Sequence[RenderableType], *, numbered: bool = False) -> Iterator[RenderableType]:
    if not items:
        return
    yield Text()
    yield Text(title, style="bold")
    rows = Table.grid(padding=(0, 1, 0, 0))
    rows.add_column(width=3, justify="right")
    rows.add_column(overflow="fold")
    for number, item in enumerate(items, 1):
        rows.add_row(f"{number}." if numbered else "•", item)
    yield rows


def _source(told: str, source: Source) -> RenderableType:
    """A source, and below it where it stands: an address is there to be clicked, whole."""
    line = Text(told)
    return Group(line, Text(source.url, style="dim", overflow="fold")) if source.url else line


# --- On a pipe -------------------------------------------------------------------------------------------------------


class PlainProgress:
    """Progress as lines that are each said once, when their state changes. What only waits to begin is not said."""

    def __init__(self) -> None:
        self._said: dict[str, ProgressLine] = {}
        self._attempt = 0

    @property
    def silent(self) -> bool:
        """Whether nothing was said of this attempt."""
        return not self._said

    def news(self, answer: Answer) -> list[str]:
        """The lines to print now that the answer stands like this."""
        answer = neutral(answer)
        if answer.attempt != self._attempt:
            self._said, self._attempt = {}, answer.attempt
        found: list[str] = []
        for line in answer.lines:
            said = self._said.get(line.id)
            if line.state is LineState.PENDING or (said is not None and said.state is line.state):
                continue
            self._said[line.id] = line
            detail = f" ({line.detail})" if line.detail and line.state is not LineState.DONE else ""
            found.append(f"{_MARKS[line.state][0]} {line.label}: {line.state.value}{detail}")
        return found

    def ends(self, answer: Answer) -> list[str]:
        """How the lines ended that were last said to run: the outcome comes without them."""
        if answer.attempt != self._attempt:
            return []
        word = _ENDS.get(answer.state, LineState.FAILED.value)
        found: list[str] = []
        for line in self._said.values():
            if line.state in (LineState.RUNNING, LineState.WAITING):
                failed = _UNDONE.get(line.id) in answer.notices
                end = LineState.FAILED.value if failed else word
                mark = LineState.DONE if end == LineState.DONE.value else LineState.FAILED
                found.append(f"{_MARKS[mark][0]} {line.label}: {end}")
        return found


def plain(answer: Answer, path_of: PathOf, *, retry_hint: str = RETRY_HINT) -> str:
    """An answer with its outcome, as text without any control sequence."""
    answer = neutral(answer)
    if is_notice(answer):
        return answer.text
    text = "" if answer.state is AnswerState.FAILED else answer.text
    blocks = [answer.headline, text, state_sentence(answer, retry_hint)]
    blocks.append(_figures(answer.metrics))
    if answer.chart is not None:
        blocks.append(_chart(answer, path_of))
    blocks += [
        _list(group.heading, [f"{told} {source.url}".rstrip() for told, source in group.lines])
        for group in source_groups(answer.sources)
    ]
    blocks.append(_list("Not verified", not_verified(answer)))
    blocks.append(_list("You could ask", answer.follow_ups, numbered=True))
    blocks += ["\n".join(answer.notices), footer(answer)]
    return "\n\n".join(block.strip("\n") for block in blocks if block.strip())


def _list(title: str, items: Sequence[str], *, numbered: bool = False) -> str:
    lines = [f"{number}. {item}" if numbered else f"- {item}" for number, item in enumerate(items, 1)]
    return "\n".join([f"{title}:", *lines]) if lines else ""


def _figures(metrics: Sequence[Metric]) -> str:
    once = shared_facts(metrics)
    told = _list("Key metrics", [_metric(metric, *once) for metric in metrics])
    return "\n".join(part for part in (told, told_once(*once)) if part)


def _metric(metric: Metric, shared_as_of: str, shared_source: str) -> str:
    facts = ["" if shared_as_of else f"as of {metric.as_of}" if metric.as_of else _NO_DATE]
    facts += ["" if shared_source else metric.source, "" if metric.verified else "not verified"]
    told = ", ".join(fact for fact in facts if fact)
    return f"{metric.label}: {with_currency(metric)}" + (f" ({told})" if told else "")


# --- Both ------------------------------------------------------------------------------------------------------------


def _chart(answer: Answer, path_of: PathOf) -> str:
    if answer.chart is None:
        return ""
    as_of = f", as of {answer.chart.as_of}" if answer.chart.as_of else ""
    return f"Chart: {answer.chart.title}{as_of}\n{path_of(answer.chart.image)}"

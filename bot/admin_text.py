"""`Status` as text for a terminal, or as JSON."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import asdict
from io import StringIO
from typing import cast

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from bot.admin import Pause, QueueHealth, Status
from bot.admin_stuck import Stuck
from bot.admin_turns import PendingStep, RunningTurn

LIMIT = 2_900
"""Characters of a chat message, where a platform does not take fewer."""

_LINKS = 5
"""Running turns whose address is told in a chat message."""


def as_json(status: Status) -> str:
    """The values under their own names."""
    return json.dumps(asdict(status), indent=2, ensure_ascii=False)


def show(status: Status, console: Console) -> None:
    """Print a status for people."""
    links = [Text(f"Temporal's UI: {status.link}")] if status.link else []
    console.print(Group(*_parts(status), *links))


def as_text(status: Status, *, limit: int = LIMIT) -> str:
    """A status for a chat message: the same tables as a block of code, and below it what Temporal's UI shows."""
    links = [f"{turn.handle or turn.summary}: {turn.link}" for turn in status.turns[:_LINKS] if turn.link]
    overview = [f"Temporal's UI: {status.link}"] if status.link else []
    return block(*_parts(status), below=[*overview, *links], limit=limit)


def block(*parts: RenderableType, below: Sequence[str] = (), limit: int = LIMIT, width: int = 110) -> str:
    """Text and tables as a block of code, and lines below it. What is too long is left out, by lines."""
    end = _fitting(below, limit // 2)
    room = limit - sum(len(line) + 1 for line in end) - len("```\n…\n```")
    console = Console(file=StringIO(), width=width, color_system=None, highlight=False, markup=False, emoji=False)
    console.print(Group(*parts))
    lines = [line.rstrip() for line in cast("StringIO", console.file).getvalue().replace("`", "'").splitlines()]
    taken = _fitting(lines, room)
    more = ["…"] if len(taken) < len(lines) else []
    return "\n".join(["```", *taken, *more, "```", *end])


def _fitting(lines: Sequence[str], room: int) -> list[str]:
    """The first lines, as many as fit."""
    sizes = itertools.accumulate(len(line) + 1 for line in lines)
    return [line for line, size in zip(lines, sizes, strict=True) if size <= room]


def _parts(status: Status) -> list[RenderableType]:
    server = status.server
    health = "healthy" if server.healthy else "NOT SERVING"
    parts: list[RenderableType] = [
        Text(f"Temporal {server.version} at {server.address}, namespace {server.namespace}: {health}"),
    ]
    if not server.searchable:
        parts.append(Text("Search attributes are missing; `clew doctor` prints the command to add them."))
    if status.pause is not None:
        parts.append(Text(paused(status.pause)))
    if status.stuck.count:
        parts += _stuck(status.stuck)
    if status.queues:
        parts.append(_queues(status.queues))
    counts = ", ".join(f"{count:,} {state}" for state, count in status.conversations.items()) or "unknown"
    tokens = "unknown (no worker answers)" if status.tokens_today is None else f"{status.tokens_today:,}"
    parts += [Text(f"Conversations: {counts}"), Text(f"Tokens today: {tokens}")]
    if status.turns:
        parts.append(turns_table(status.turns))
    elif "running turns" not in status.unknown:
        parts.append(Text("No turn is running."))
    if status.unknown:
        parts.append(Text(f"Not known in time: {', '.join(status.unknown)}."))
    return parts


def paused(pause: Pause) -> str:
    """A pause in a sentence."""
    view = pause.view
    waiting = "how many wait is unknown (no worker answers)" if pause.waiting is None else f"{pause.waiting} wait"
    if view.resumed_by:
        return f"RESUMED by {view.resumed_by}; those that waited go on, a few at a time: {waiting}."
    reason = f" ({view.reason})" if view.reason else ""
    return f"PAUSED by {view.by} since {view.since}{reason}: new turns wait; {waiting}."


def _stuck(stuck: Stuck) -> list[RenderableType]:
    """What cannot go on before somebody deploys something else."""
    workflows = "1 workflow" if stuck.count == 1 else f"{stuck.count:,} workflows"
    table = Table("id", "failing workflow", "cause", box=None, pad_edge=False)
    for one in stuck.shown:
        table.add_row(one.handle, one.workflow_id, one.cause)
    return [
        Text(
            f"TROUBLE: {workflows} cannot go on, since the workers' code fails on them. Nothing is lost: go back to "
            "the version before, or deploy one that fits (docs/operations.md)."
        ),
        table,
    ]


def _queues(queues: tuple[QueueHealth, ...]) -> Table:
    table = Table("queue", "kind", "pollers", "last poll", "backlog", "oldest", box=None, pad_edge=False)
    for queue in queues:
        last = "never" if queue.last_poll_age is None else f"{_span(queue.last_poll_age)} ago"
        oldest = _span(queue.backlog_age) if queue.backlog else "-"
        table.add_row(queue.queue, queue.kind, str(queue.pollers), last, str(queue.backlog), oldest)
    return table


def turns_table(turns: Sequence[RunningTurn]) -> Table:
    """What runs, a line for each step."""
    table = Table("id", "turn", "step", "attempt", "state", "last failure", "age", box=None, pad_edge=False)
    for turn in turns:
        handle, name = turn.handle, turn.summary or turn.workflow_id
        if not turn.steps:
            table.add_row(handle, name, "(deciding)", "", "", "", _span(turn.age))
        for step in turn.steps:
            cells = (step.activity, _attempt(step), _state(step), step.last_failure or "-", _span(step.age))
            table.add_row(handle, name, *cells)
            handle = name = ""
    return table


def _attempt(step: PendingStep) -> str:
    return f"{step.attempt} of {step.max_attempts}" if step.max_attempts else str(step.attempt)


def _state(step: PendingStep) -> str:
    return step.state if step.next_retry_in is None else f"{step.state}, next in {_span(step.next_retry_in)}"


def _span(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"

"""The form of a new research, and the App Home. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.overview import Overview, RecentThread
from bot.platforms.slack.blocks import escape
from bot.platforms.slack.values import DIRECT, RESEARCH_FORM
from bot.rendering import DISCLAIMER, one_line
from bot.words import HELP

Json = dict[str, Any]

SYMBOL, QUESTION, CHANNEL = "symbol", "question", "channel"
"""Ids of the form's blocks."""

_TITLE = 100


def research_form(question: str = "") -> Json:
    """The form of a new research."""
    text = {"type": "plain_text_input"}
    about: Json = {**text, "max_length": 2_000, "multiline": True}
    if question:
        about["initial_value"] = question[:2_000]
    where = {
        "type": "conversations_select",
        "default_to_current_conversation": True,
        "filter": {"include": ["public", "private", "im"], "exclude_bot_users": False},
    }
    return {
        "type": "modal",
        "callback_id": RESEARCH_FORM,
        "title": _plain("New research"),
        "submit": _plain("Start"),
        "close": _plain("Cancel"),
        "blocks": [
            _input(SYMBOL, "Symbol", {**text, "max_length": 20, "placeholder": _plain("NVDA")}),
            _input(QUESTION, "Question", about, optional=True),
            _input(CHANNEL, "Where", where),
        ],
    }


def home(overview: Overview, *, team_url: str, budget: int | None) -> Json:
    """A person's App Home: their recent threads, and what they used today."""
    if overview.tokens is None:
        usage = "Today's usage is not known at the moment."
    elif budget is None:
        usage = f"You used {overview.tokens:,} tokens today (UTC)."
    else:
        usage = f"You used {overview.tokens:,} of {budget:,} tokens today (UTC)."
    blocks: list[Json] = [
        {"type": "header", "text": _plain("Your recent threads")},
        *_threads(overview.threads, team_url),
        {"type": "divider"},
        _section(usage),
        _section(HELP),
        {"type": "context", "elements": [{"type": "mrkdwn", "text": DISCLAIMER}]},
    ]
    return {"type": "home", "blocks": blocks}


def permalink(team_url: str, channel: str, thread: str) -> str:
    """Where a thread can be read."""
    return f"{team_url.rstrip('/')}/archives/{channel}/p{thread.replace('.', '')}"


def _threads(threads: Sequence[RecentThread], team_url: str) -> list[Json]:
    if not threads:
        return [_section("Nothing yet. Type `/research AAPL` in a channel, or write to me here.")]
    return [_section(_line(thread, team_url)) for thread in threads]


def _line(recent: RecentThread, team_url: str) -> str:
    title = escape(one_line(recent.title)[:_TITLE])
    address = permalink(team_url, recent.thread.channel, recent.thread.thread)
    place = "direct message" if recent.thread.channel.startswith(DIRECT) else f"<#{recent.thread.channel}>"
    when = f"<!date^{int(recent.last.timestamp())}^{{date_short_pretty}} {{time}}|{recent.last:%Y-%m-%d %H:%M} UTC>"
    return f"<{address}|{title}> · {place} · {recent.state} · {when}"


def _input(block: str, label: str, element: Json, *, optional: bool = False) -> Json:
    return {
        "type": "input",
        "block_id": block,
        "label": _plain(label),
        "element": {**element, "action_id": block},
        "optional": optional,
    }


def _section(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}

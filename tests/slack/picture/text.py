"""Slack's two ways of writing, as HTML: mrkdwn, and the Markdown of `markdown` blocks. Pure; all else is escaped."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import escape

from markdown_it import MarkdownIt

from tests.slack.picture.values import Surroundings

_INLINE = re.compile(
    r"```\n?(?P<pre>.+?)\n?```"
    r"|<(?P<tag>[^<>\n]+)>"
    r"|`(?P<code>[^`\n]+)`"
    r"|(?<![\w*])\*(?=\S)(?P<bold>[^*\n]+?)(?<=\S)\*(?![\w*])"
    r"|(?<![\w_])_(?=\S)(?P<italic>[^_\n]+?)(?<=\S)_(?![\w_])"
    r"|(?<![\w~])~(?=\S)(?P<strike>[^~\n]+?)(?<=\S)~(?![\w~])",
    re.DOTALL,
)
_STYLES = {"bold": "b", "italic": "i", "strike": "s"}


def mrkdwn(text: str, around: Surroundings) -> str:
    """A text with Slack's own markup."""
    out: list[str] = []
    at = 0
    for found in _INLINE.finditer(text):
        out.append(_plain(text[at : found.start()]))
        at = found.end()
        kind, inner = str(found.lastgroup), found[str(found.lastgroup)]
        if kind == "tag":
            out.append(_tag(inner, around))
        elif kind == "pre":
            out.append(f"<pre>{escape(_spelled(inner))}</pre>")
        elif kind == "code":
            out.append(f"<code>{_plain(inner)}</code>")
        else:
            out.append(f"<{_STYLES[kind]}>{mrkdwn(inner, around)}</{_STYLES[kind]}>")
    return "".join([*out, _plain(text[at:])])


def markdown(text: str) -> str:
    """Markdown with tables, as `markdown` blocks take it: no HTML, and images as their links only."""
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")
    return parser.render(text)


def user(person: str, around: Surroundings) -> str:
    """A person's mention."""
    return f'<span class="mention">@{escape(around.people.get(person, person))}</span>'


def link(url: str, label: str) -> str:
    """A link, where it leads somewhere on the web; else its words alone. The label is HTML already."""
    if not url.startswith(("https://", "http://", "mailto:")):
        return label
    return f'<a href="{escape(url)}">{label}</a>'


def _plain(text: str) -> str:
    return escape(_spelled(text)).replace("\n", "<br>")


def _spelled(text: str) -> str:
    """Slack escapes three characters; what it sends holds no other entities."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _tag(inner: str, around: Surroundings) -> str:
    target, _, label = inner.partition("|")
    match target[:1]:
        case "@":
            return user(target[1:], around)
        case "#":
            return f'<span class="mention">#{escape(around.channels.get(target[1:], label or target[1:]))}</span>'
        case "!":
            return _special(target, label, around)
        case _:
            return link(target.replace("&amp;", "&"), _plain(label or target))


def _special(target: str, label: str, around: Surroundings) -> str:
    parts = target.removeprefix("!date^").split("^")
    if target.startswith("!date^") and len(parts) >= 2 and parts[0].isdecimal():
        return _date(datetime.fromtimestamp(int(parts[0]), UTC), parts[1], label, around.now)
    return f'<span class="mention">@{_plain(label or target[1:])}</span>'


def _date(moment: datetime, form: str, label: str, now: datetime) -> str:
    local = moment.astimezone(now.tzinfo)
    near = {now.date(): "Today", now.date() - timedelta(days=1): "Yesterday"}
    day = f"{local:%b} {local.day}, {local.year}"
    said = form.replace("{date_short_pretty}", near.get(local.date(), day)).replace("{time}", f"{local:%H:%M}")
    return _plain(label if "{" in said else said)

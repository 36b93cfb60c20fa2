"""One HTML page that holds all it needs: a thread, or an App Home. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape

from tests.slack.picture.blocks import blocks_html
from tests.slack.picture.style import STYLE
from tests.slack.picture.text import mrkdwn
from tests.slack.picture.values import Json, Post, Surroundings

_EMOJI = {"repeat": "🔁", "octagonal_sign": "🛑", "+1": "👍", "-1": "👎"}
_COLOURS = ("#7c3085", "#1d7a6d", "#b3541e", "#2b5fa8", "#8a6d0b", "#a3324f")


def thread_page(channel: str, posts: Sequence[Post], around: Surroundings, *, title: str = "Thread") -> str:
    """A thread as its pane shows it: the root first, then how many replies, then these."""
    root, *replies = posts
    shown = [_post(root, around)]
    if replies:
        count = "1 reply" if len(replies) == 1 else f"{len(replies)} replies"
        shown.append(f'<div class="count"><span>{count}</span><hr></div>')
    shown += [_post(reply, around) for reply in replies]
    bar = f"<b>{escape(title)}</b><span># {escape(channel)}</span>"
    return _page(f"{title} in #{channel}", bar, "".join(shown) + '<div class="composer">Reply…</div>')


def home_page(app: str, view: Json, around: Surroundings) -> str:
    """An app's home tab."""
    tabs = '<i class="tab on">Home</i><i class="tab">Messages</i><i class="tab">About</i>'
    bar = f"{_avatar(app, app=True)}<b>{escape(app)}</b>{tabs}"
    return _page(f"{app}: Home", bar, f'<div class="home">{blocks_html(view["blocks"], around)}</div>')


def _page(title: str, bar: str, body: str) -> str:
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
    return (
        f'<!doctype html><html lang="en"><head>{head}</head>'
        f'<body><div class="pane"><div class="bar">{bar}</div>{body}</div></body></html>\n'
    )


def _post(post: Post, around: Surroundings) -> str:
    app = '<span class="app">APP</span>' if post.app else ""
    moment = datetime.fromtimestamp(float(post.ts), UTC).astimezone(around.now.tzinfo)
    whisper = '<div class="eye">Only visible to you</div>' if post.whisper else ""
    said = blocks_html(post.blocks, around) if post.blocks else f'<div class="block">{mrkdwn(post.text, around)}</div>'
    return (
        f'<div class="post{" whisper" if post.whisper else ""}">{_avatar(post.author, app=post.app)}<div class="said">'
        f'{whisper}<div class="who"><b>{escape(post.author)}</b>{app}<time>{moment:%H:%M}</time></div>'
        f"{said}{_reactions(post)}</div></div>"
    )


def _avatar(name: str, *, app: bool) -> str:
    colour = "#17324d" if app else _COLOURS[zlib.crc32(name.encode()) % len(_COLOURS)]
    return f'<div class="avatar" style="background:{colour}">{escape(name[:1].upper())}</div>'


def _reactions(post: Post) -> str:
    chips = (f"<span>{escape(_EMOJI.get(name, f':{name}:'))} {count}</span>" for name, count in post.reactions)
    return f'<div class="reactions">{"".join(chips)}</div>' if post.reactions else ""

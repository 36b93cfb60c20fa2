"""Links to Slack's messages, as people copy them. Pure."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from bot.platforms.slack.values import NAME
from workflows.contracts import ThreadRef

_PATH = re.compile(r"/archives/(?P<channel>[A-Z0-9]+)/p(?P<seconds>\d{6,})(?P<micros>\d{6})/?")
_TS = re.compile(r"\d+\.\d{6}")


def thread_in(link: str, team: str) -> ThreadRef | None:
    """The thread that a message's link names, `https://x.slack.com/archives/C…/p…[?thread_ts=…]`; None for others."""
    try:
        parts = urlsplit(link.strip("<>"))
    except ValueError:
        return None
    found = _PATH.fullmatch(parts.path)
    host = parts.hostname or ""
    if found is None or not (host == "slack.com" or host.endswith(".slack.com")):
        return None
    root = parse_qs(parts.query).get("thread_ts", [f"{found['seconds']}.{found['micros']}"])[0]
    if not _TS.fullmatch(root):
        return None
    return ThreadRef(platform=NAME, workspace=team, channel=found["channel"], thread=root)

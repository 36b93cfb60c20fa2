"""What stands in a channel or thread, read back: whose it is, under which key, and what it says."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.platforms.shapes import inner, items
from bot.platforms.slack.calls import read
from bot.platforms.slack.values import ANSWER, ECHO, THREAD
from bot.platforms.slack.words import plain_text
from workflows.chat import Said

Json = dict[str, Any]

PAGE = 200
_TS = re.compile(r"\d+\.\d+")

_NOT_SPOKEN = frozenset({"message_deleted", "tombstone", "channel_join", "channel_leave", "bot_add", "bot_remove"})


async def replies(client: AsyncWebClient, channel: str, thread: str, *, oldest: str = "") -> AsyncGenerator[Json]:
    """All messages of a thread, oldest first, with their metadata. Raises as `read` does."""
    cursor = ""
    while True:
        page = await read(
            client,
            "conversations.replies",
            channel=channel,
            ts=thread,
            oldest=oldest or None,
            inclusive="true" if oldest else None,
            include_all_metadata="true",
            limit=PAGE,
            cursor=cursor or None,
        )
        for message in items(page, "messages"):
            yield message
        cursor = str(inner(page, "response_metadata").get("next_cursor") or "")
        if not cursor:
            return


async def recent(client: AsyncWebClient, channel: str, *, pages: int) -> AsyncGenerator[Json]:
    """The newest messages of a channel, newest first, with their metadata. Raises as `read` does."""
    cursor = ""
    for _ in range(pages):
        page = await read(
            client,
            "conversations.history",
            channel=channel,
            include_all_metadata="true",
            limit=PAGE,
            cursor=cursor or None,
        )
        for message in items(page, "messages"):
            yield message
        cursor = str(inner(page, "response_metadata").get("next_cursor") or "")
        if not cursor:
            return


def key_of(message: Json, kind: str) -> str:
    """The key that a message of ours carries, or ""."""
    if inner(message, "metadata").get("event_type") != kind:
        return ""
    return str(inner(message, "metadata", "event_payload").get("key") or "")


def state_of(message: Json) -> str:
    """The state of the answer that a message shows, or ""."""
    return str(inner(message, "metadata", "event_payload").get("state") or "")


def attempt_of(message: Json) -> int:
    """Which attempt the answer that a message shows is, from 1."""
    told = inner(message, "metadata", "event_payload").get("attempt")
    return told if isinstance(told, int) else 1


def is_ts(text: str) -> bool:
    """Whether a message's id is Slack's own, so that it says where it stands."""
    return _TS.fullmatch(text) is not None


def moment(ts: str) -> tuple[int, int]:
    """A ts as something that can be compared."""
    whole, _, rest = ts.partition(".")
    return int(whole), int(rest or 0)


def said(message: Json, bot_user: str) -> Said | None:
    """A message as people read it; None for what is no part of the conversation, or not yet said."""
    if message.get("subtype") in _NOT_SPOKEN:
        return None
    ts, ours = str(message.get("ts") or ""), message.get("user") == bot_user
    if ours and key_of(message, ANSWER):
        unfinished = state_of(message) in ("waiting", "working")
        return None if unfinished else Said(message=ts, ours=True, text=_shown(message))
    # What somebody asked by a button or a command stands there in our words.
    asked = ours and bool(key_of(message, ECHO) or key_of(message, THREAD))
    if not asked and (ours or message.get("bot_id")):
        return None
    return Said(message=ts, ours=False, text=plain_text(str(message.get("text") or ""), bot_user))


def _shown(message: Json) -> str:
    """The text of one of our messages: its headline and its Markdown, or what stands for them."""
    texts = [
        str(inner(block, "text").get("text")) if block["type"] == "header" else str(block["text"])
        for block in items(message, "blocks")
        if block.get("type") in ("header", "markdown")
    ]
    return "\n\n".join(texts) or plain_text(str(message.get("text") or ""), "")

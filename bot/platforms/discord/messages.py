"""What stands in a channel or thread, read back: whose it is, under which mark, and what it says."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from hashlib import blake2b

from bot.platforms.discord.calls import Rest
from bot.platforms.discord.values import HEADLINE_ID, MARK, TEXT_ID
from bot.platforms.discord.words import plain_text
from bot.platforms.shapes import Json, inner, items, objects
from workflows.chat import Said

PAGE = 100
_EPOCH = 1_420_070_400_000
_SNOWFLAKE = re.compile(r"\d{6,20}")
_SPOKEN = (0, 19)
"""Types of messages that people write: one of their own, and a reply."""
_ASKED = 20
"""Type of a message that answers a command: it says what was asked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Marked:
    """What the buttons of one of our answers say: its mark, and the state and the attempt that it shows."""

    mark: str
    state: str
    attempt: int


def mark_of(thread: str, key: str) -> str:
    """What an answer is found by, in 24 characters. The same key in another thread has another one."""
    return blake2b(f"{thread}\n{key}".encode(), digest_size=12).hexdigest()


def nonce_of(thread: str, key: str, attempt: int) -> str:
    """What Discord knows a create by for some minutes. Another attempt's is another one, as its message may be gone."""
    return mark_of(thread, f"{key}\n{attempt}")


def marked(message: Json) -> Marked | None:
    """The mark of one of our answers; None for any other message. Whose it is is another question."""
    for part in parts_of(message.get("components")):
        found = read_mark(str(part.get("custom_id") or ""))
        if found is not None:
            return found
    return None


def read_mark(custom_id: str) -> Marked | None:
    """What the id of a button says, if it is one of ours."""
    fields = custom_id.split(":")
    if len(fields) != 5 or fields[0] != MARK or not fields[3].isdecimal():
        return None
    return Marked(mark=fields[4], state=fields[2], attempt=int(fields[3]))


def parts_of(components: object) -> list[Json]:
    """Every component, however deep, outer ones first."""
    return [each for part in objects(components) for each in (part, *parts_of(part.get("components")))]


async def after(rest: Rest, channel: str, message: str, *, most: int = 0) -> AsyncGenerator[Json]:
    """The messages of a channel or thread after one, oldest first. Raises as `read` does."""
    given = 0
    while True:
        page = await rest.listed(
            "/channels/{channel_id}/messages", channel_id=channel, params={"after": message, "limit": PAGE}
        )
        # The oldest that come after, but the newest of them first.
        page.sort(key=lambda one: int(str(one["id"])))
        for one in page:
            yield one
            given += 1
            if given == most:
                return
        if len(page) < PAGE:
            return
        message = str(page[-1]["id"])


async def newest(rest: Rest, channel: str, *, before: str = "", most: int) -> list[Json]:
    """The newest messages of a channel or thread, before one if told, oldest first. Raises as `read` does."""
    found: list[Json] = []
    while len(found) < most:
        params: Json = {"limit": min(PAGE, most - len(found))}
        if before:
            params["before"] = before
        page = await rest.listed("/channels/{channel_id}/messages", channel_id=channel, params=params)
        found += sorted(page, key=lambda one: int(str(one["id"])), reverse=True)
        if len(page) < params["limit"]:
            break
        before = str(found[-1]["id"])
    return found[::-1]


def is_id(text: str) -> bool:
    """Whether a message's id is Discord's own, so that it says when it was written."""
    return _SNOWFLAKE.fullmatch(text) is not None


def moment_of(snowflake: str) -> float:
    """When an id was made, in seconds since 1970."""
    return ((int(snowflake) >> 22) + _EPOCH) / 1000


def snowflake_of(moment: float) -> str:
    """The least id made at a moment, given in seconds since 1970."""
    return str(max(0, int(moment * 1000) - _EPOCH) << 22)


def said(message: Json, us: str) -> Said | None:
    """A message as people read it; None for what is no part of the conversation, or not yet said."""
    ident, author = str(message.get("id") or ""), inner(message, "author")
    ours = author.get("id") == us
    if ours and message.get("type") == _ASKED:
        return Said(message=ident, ours=False, text=_plain(message, us))
    if ours:
        found = marked(message)
        over = found is not None and found.state not in ("waiting", "working")
        return Said(message=ident, ours=True, text=_shown(message)) if over else None
    if message.get("type") not in _SPOKEN or author.get("bot") or message.get("webhook_id"):
        return None
    return Said(message=ident, ours=False, text=_plain(message, us))


def _plain(message: Json, us: str) -> str:
    people = items(message, "mentions")
    names = {str(one.get("id")): str(one.get("global_name") or one.get("username")) for one in people}
    return plain_text(str(message.get("content") or ""), us, names)


def _shown(message: Json) -> str:
    """The text of one of our answers: its headline and its Markdown."""
    texts = [
        str(part.get("content"))
        for part in parts_of(message.get("components"))
        if part.get("id") in (HEADLINE_ID, TEXT_ID) and part.get("content")
    ]
    return "\n\n".join(texts)

"""Makes a ledger of what the loopback services noted down."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import product

from bot.platforms.discord.messages import mark_of, marked, read_mark
from bot.platforms.slack.values import ANSWER
from tests.chaos.ledger import OVER, Asked, Branch, Call, Json, Standing, Step, Write
from tests.discord.server import Discord
from tests.discord.values import DM
from tests.e2e.sandbox import STEPS, FaultySandbox
from tests.slack.server import Slack
from tests.slack.values import as_object
from tests.slack.world import BOT_USER

_SLACK_KINDS = {
    "chat.postMessage": "create",
    "chat.startStream": "create",
    "chat.update": "edit",
    "chat.appendStream": "edit",
    "chat.stopStream": "edit",
    "chat.delete": "delete",
}
_DISCORD_KINDS = {
    "POST /channels/{channel}/messages": "create",
    "PATCH /channels/{channel}/messages/{message}": "edit",
    "DELETE /channels/{channel}/messages/{message}": "delete",
}
_PARTS = 8

HANDED_OVER = 3.0
"""Seconds for which a question that was told of may still be on its way."""


def wall(monotonic: float) -> float:
    """A moment on the monotonic clock, in seconds since 1970."""
    return time.time() - time.monotonic() + monotonic


class SlackWitness:
    """What one workspace saw, of some questions."""

    def __init__(self, slack: Slack, asked: Sequence[Asked]) -> None:
        self._slack = slack
        self._asked = asked
        self._places = {(one.channel, one.thread) for one in asked}
        self._keys = {one.key for one in asked}

    def writes(self) -> Iterator[Write]:
        """Every write in their threads, or under their keys."""
        for one in self._slack.ledger:
            kind = _SLACK_KINDS.get(one.method)
            if kind is None or one.channel is None or one.ts is None:
                continue
            key, part, state = _of_metadata(one.metadata)
            thread = one.thread_ts or one.ts
            if (one.channel, thread) not in self._places and key not in self._keys:
                continue
            yield Write(
                platform="slack", kind=kind, channel=one.channel, thread=thread, message=one.ts, key=key, part=part,
                state=state, text=f"{one.text} {one.blocks}", at=wall(one.at),
            )  # fmt: skip

    def standing(self) -> Iterator[Standing]:
        """Clew's messages in their threads."""
        for channel, thread in self._places:
            for one in self._slack.thread(channel, thread):
                if one.user != BOT_USER:
                    continue
                key, part, state = _of_metadata(one.metadata)
                yield Standing(
                    platform="slack", channel=channel, thread=thread, message=one.ts, key=key, part=part, state=state,
                    text=f"{one.text} {one.blocks}", kind="answer" if key or one.metadata is None else "other",
                )  # fmt: skip

    def late(self) -> set[str]:
        """Questions that were told of more than once."""
        again = (one for one in self._slack.envelopes if one.attempts > 1 or not one.acked)
        return {one.ts for one in again if one.ts in self._keys}

    def calls(self) -> Iterator[Call]:
        """Every request."""
        for one in self._slack.requests:
            key, part, state = _of_metadata(one.arguments.get("metadata"))
            creates = one.method == "chat.postMessage"
            about = (f"{key}:{part}" if key else "") if creates else str(one.arguments.get("ts") or "")
            yield Call(
                platform="slack", method=one.method, about=about, at=wall(one.at), status=one.status,
                error=one.error or "", told=one.told, last=state in OVER,
            )  # fmt: skip


class DiscordWitness:
    """What one server saw, of some questions."""

    def __init__(self, discord: Discord, asked: Sequence[Asked]) -> None:
        self._discord = discord
        self._asked = asked
        self._channels = {one.thread: one.channel for one in asked}
        self._keys = list(dict.fromkeys(one.key for one in asked))
        self._marks = {
            (one.thread, mark_of(one.thread, _post_key(one.key, part))): (one.key, part)
            for one, part in product(asked, range(1, _PARTS + 1))
        }

    def writes(self) -> Iterator[Write]:
        """Every write in their threads, whose names are writes too."""
        for thread, channel in self._channels.items():
            if thread != channel and self._begun(thread):
                yield Write(
                    platform="discord", kind="name", channel=channel, thread=thread, message=thread, key="", part=1,
                    state="", text=self._discord.place(thread).name, at=0.0,
                )  # fmt: skip
        for one in self._discord.ledger:
            kind = _DISCORD_KINDS.get(one.route)
            if kind is None or one.channel is None or one.message is None:
                continue
            its = next((found for ident in one.custom_ids if (found := read_mark(ident)) is not None), None)
            if one.channel not in self._channels:
                continue
            key, part = ("", 1) if its is None else self._of_mark(one.channel, its.mark)
            yield Write(
                platform="discord", kind=kind, channel=self._channel(one.channel), thread=one.channel,
                message=one.message, key=key, part=part, state="" if its is None else its.state, text=one.text,
                at=wall(one.at),
            )  # fmt: skip

    def standing(self) -> Iterator[Standing]:
        """Clew's messages in their threads."""
        for thread, channel in self._channels.items():
            try:
                messages = self._discord.messages(thread)
            except KeyError:
                continue
            for one in messages:
                if one.user != self._discord.bot_user:
                    continue
                its = marked({"components": one.components})
                key, part = ("", 1) if its is None else self._of_mark(thread, its.mark)
                yield Standing(
                    platform="discord", channel=channel, thread=thread, message=one.id, key=key, part=part,
                    state="" if its is None else its.state, text=one.text,
                )  # fmt: skip

    def late(self) -> set[str]:
        """Questions that nobody was told of when they were asked, or just before the connection broke."""
        deaf = self._discord.deaf
        return {
            one.key
            for one in self._asked
            if any(wall(start) - HANDED_OVER < one.at < wall(end) + HANDED_OVER for start, end in deaf)
        }

    def calls(self) -> Iterator[Call]:
        """Every request."""
        for one in self._discord.requests:
            about = one.arguments.get("nonce") or one.arguments.get("message") or ""
            its = marked(one.arguments)
            error = "" if one.error is None else str(one.error)
            yield Call(
                platform="discord", method=one.route, about=str(about), at=wall(one.at), status=one.status,
                error=error, told=one.told, last=its is not None and its.state in OVER,
            )  # fmt: skip

    def _of_mark(self, thread: str, mark: str) -> tuple[str, int]:
        known = self._marks.get((thread, mark))
        if known is not None:
            return known
        # Nobody asked that here: perhaps it is another thread's.
        for key, part in product(self._keys, range(1, _PARTS + 1)):
            if mark_of(thread, _post_key(key, part)) == mark:
                return key, part
        return "", 1

    def _begun(self, thread: str) -> bool:
        try:
            self._discord.place(thread)
        except KeyError:
            return False
        return True

    def _channel(self, thread: str) -> str:
        place = self._discord.place(thread)
        return thread if place.type == DM else place.parent or thread


def steps_of(sandbox: FaultySandbox, threads: frozenset[str]) -> Iterator[Step]:
    """The steps of models in some threads."""
    for record in sandbox.records():
        thread = _thread_of(record["metadata"])
        if record["kind"] not in STEPS or thread not in threads:
            continue
        yield Step(
            thread=thread,
            agent=record["agent"],
            conversation=record["conversation"],
            kind=record["kind"],
            outcome=record["outcome"],
            fault=record["fault"],
            at=datetime.fromisoformat(record["at"]).timestamp(),
        )


def branches_of(sandbox: FaultySandbox, threads: frozenset[str]) -> Iterator[Branch]:
    """The branches that are kept of some threads."""
    for found in sandbox.conversations():
        thread = _thread_of(found["metadata"])
        if thread in threads:
            yield Branch(id=found["id"], thread=thread, agent=found["agent"], entries=tuple(found["entries"]))


def threads_of(asked: Iterable[Asked]) -> frozenset[str]:
    """Where they were asked."""
    return frozenset(one.thread for one in asked)


def _thread_of(metadata: Json) -> str:
    return str(metadata.get("thread", "")).rpartition(":")[2]


def _post_key(key: str, part: int) -> str:
    return key if part == 1 else f"{key}:{part}"


def _of_metadata(metadata: object) -> tuple[str, int, str]:
    """Key, part and state that the metadata of a message names."""
    fields = as_object(metadata)
    if fields.get("event_type") != ANSWER:
        return "", 1, ""
    payload = as_object(fields.get("event_payload"))
    key, _, part = str(payload.get("key", "")).partition(":")
    return key, int(part) if part.isdecimal() else 1, str(payload.get("state", ""))

"""What an event of Slack's says that somebody did. Pure: payload in, a small value or None out."""

from __future__ import annotations

from dataclasses import dataclass

from bot.commands import Command, Research, parse
from bot.platforms.slack.calls import Json, inner, items
from bot.platforms.slack.values import DIRECT
from bot.platforms.slack.words import calls_others, mentions, plain_text
from workflows.contracts import Research as ResearchValue

_SPOKEN = frozenset({None, "file_share", "thread_broadcast"})
"""Subtypes of messages that people write; every other one is Slack's own, or another app's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Spoken:
    """Somebody said something. `for_us`: they mean us, also where we take no part yet.

    `to_others`: it addresses somebody else, so a thread in which we take part does not make it ours.
    """

    channel: str
    thread: str
    ts: str
    user: str
    text: str
    direct: bool
    for_us: bool
    to_others: bool
    twins: tuple[str, ...] = ()

    @property
    def command(self) -> Command:
        """What it asks for."""
        return parse(self.text)


@dataclass(frozen=True, kw_only=True, slots=True)
class Changed:
    """Somebody changed what they had said. `after` is how it reads now; `newly` says that it means us only now."""

    after: Spoken
    newly: bool

    @property
    def research(self) -> ResearchValue | None:
        """The command that it is now, if it is one."""
        command = self.after.command
        return command if isinstance(command, Research) else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Removed:
    """A message is gone: somebody's, or one of ours."""

    channel: str
    thread: str
    ts: str


def spoken(event: Json, bot_user: str) -> Spoken | None:
    """What somebody said, from a `message` or an `app_mention` event: both give the same value."""
    if event.get("bot_id") or event.get("subtype") not in _SPOKEN or not event.get("user"):
        return None
    ts, channel, user = str(event.get("ts") or ""), str(event.get("channel") or ""), str(event["user"])
    if not ts or not channel or user == bot_user:
        return None
    raw = str(event.get("text") or "")
    meant = mentions(raw)
    direct = channel.startswith(DIRECT)
    own = str(event.get("client_msg_id") or "")
    return Spoken(
        channel=channel,
        thread=str(event.get("thread_ts") or ts),
        ts=ts,
        user=user,
        text=_addressed(raw, bot_user),
        direct=direct,
        for_us=direct or bot_user in meant,
        to_others=bot_user not in meant and (bool(meant) or calls_others(raw)),
        twins=(own,) if own else (),
    )


def _addressed(raw: str, bot_user: str) -> str:
    """What is said to us, without our name before it and what stands between the two."""
    text = plain_text(raw, bot_user)
    return text.lstrip(":, ") if raw.lstrip().startswith(f"<@{bot_user}") else text


def changed(event: Json, bot_user: str) -> Changed | None:
    """What somebody changed; None where only Slack changed something, such as a preview of a link."""
    message, before = inner(event, "message"), inner(event, "previous_message")
    if not message.get("edited") or message.get("text") == before.get("text"):
        return None
    channel = event.get("channel")
    after = spoken({**message, "channel": channel, "subtype": None}, bot_user)
    if after is None:
        return None
    earlier = spoken({**before, "channel": channel, "subtype": None}, bot_user)
    return Changed(after=after, newly=after.for_us and (earlier is None or not earlier.for_us))


def removed(event: Json) -> Removed | None:
    """Which message is gone. One with answers below it leaves a tombstone, which is a change of it."""
    before = inner(event, "previous_message")
    tombstone = inner(event, "message").get("subtype") == "tombstone"
    if event.get("subtype") != "message_deleted" and not tombstone:
        return None
    ts = str(event.get("deleted_ts") or before.get("ts") or "")
    channel = str(event.get("channel") or "")
    return Removed(channel=channel, thread=str(before.get("thread_ts") or ts), ts=ts) if ts and channel else None


def action_of(body: Json) -> Json:
    """The one action that a click on a button is."""
    actions = items(body, "actions")
    return actions[0] if actions else {}


def message_of(body: Json) -> tuple[str, str, str]:
    """Channel, thread and ts of the message that a click or a shortcut belongs to."""
    message, container = inner(body, "message"), inner(body, "container")
    channel = str(inner(body, "channel").get("id") or container.get("channel_id") or "")
    ts = str(message.get("ts") or container.get("message_ts") or "")
    thread = str(message.get("thread_ts") or container.get("thread_ts") or ts)
    return channel, thread, ts


def form_values(body: Json) -> dict[str, str]:
    """What was filled into a form, by the ids of its blocks."""
    values = inner(body, "view", "state", "values")
    found: dict[str, str] = {}
    for block in values:
        for action in inner(values, block):
            element = inner(values, block, action)
            found[block] = str(element.get("value") or element.get("selected_conversation") or "")
    return found

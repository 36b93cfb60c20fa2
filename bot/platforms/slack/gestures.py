"""What an event of Slack's says that somebody did. Pure: payload in, a small value or None out."""

from __future__ import annotations

from bot.gestures import Changed, Reacted, Removed, Spoken
from bot.platforms.shapes import Json, inner, items
from bot.platforms.slack.values import DIRECT, NAME, RETRY_EMOJI, STOP_EMOJI
from bot.platforms.slack.words import calls_others, mentions, plain_text
from workflows.contracts import ThreadRef

_SPOKEN = frozenset({None, "file_share", "thread_broadcast"})
"""Subtypes of messages that people write; every other one is Slack's own, or another app's."""


def spoken(event: Json, team: str, bot_user: str) -> Spoken | None:
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
    thread = str(event.get("thread_ts") or ts)
    return Spoken(
        thread=ThreadRef(platform=NAME, workspace=team, channel=channel, thread=thread),
        message=ts,
        user=user,
        text=_addressed(raw, bot_user),
        moment=moment_of(ts),
        direct=direct,
        alone=thread == ts,
        for_us=direct or bot_user in meant,
        to_others=bot_user not in meant and (bool(meant) or calls_others(raw)),
        below_us=thread != ts and event.get("parent_user_id") == bot_user,
        twins=(own,) if own else (),
    )


def moment_of(ts: str) -> float:
    """Seconds since 1970."""
    try:
        return float(ts)
    except ValueError:
        return 0.0


def _addressed(raw: str, bot_user: str) -> str:
    """What is said to us, without our name before it and what stands between the two."""
    text = plain_text(raw, bot_user)
    return text.lstrip(":, ") if raw.lstrip().startswith(f"<@{bot_user}") else text


def changed(event: Json, team: str, bot_user: str) -> Changed | None:
    """What somebody changed; None where only Slack changed something, such as a preview of a link."""
    message, before = inner(event, "message"), inner(event, "previous_message")
    if not message.get("edited") or message.get("text") == before.get("text"):
        return None
    channel = event.get("channel")
    after = spoken({**message, "channel": channel, "subtype": None}, team, bot_user)
    if after is None:
        return None
    earlier = spoken({**before, "channel": channel, "subtype": None}, team, bot_user)
    return Changed(after=after, newly=after.for_us and (earlier is None or not earlier.for_us))


def removed(event: Json, team: str, bot_user: str) -> Removed | None:
    """Which message is gone. One with answers below it leaves a tombstone, which is a change of it.

    Of ours an answer alone matters, which has buttons: we take away ourselves what streamed below it.
    """
    before = inner(event, "previous_message")
    tombstone = inner(event, "message").get("subtype") == "tombstone"
    if event.get("subtype") != "message_deleted" and not tombstone:
        return None
    ts = str(event.get("deleted_ts") or before.get("ts") or "")
    channel = str(event.get("channel") or "")
    if not ts or not channel:
        return None
    if before.get("user") == bot_user and not any(block.get("type") == "actions" for block in items(before, "blocks")):
        return None
    thread = str(before.get("thread_ts") or ts)
    return Removed(thread=ThreadRef(platform=NAME, workspace=team, channel=channel, thread=thread), message=ts)


def reacted(event: Json, team: str, bot_user: str) -> Reacted | None:
    """🔁 or 🛑 from a `reaction_added` event. Whoever wrote the message may be missing from it."""
    item = inner(event, "item")
    if item.get("type") != "message" or event.get("item_user", bot_user) != bot_user or event.get("user") == bot_user:
        return None
    again = wish_of(event.get("reaction"))
    if again is None:
        return None
    return Reacted(
        workspace=team,
        channel=str(item.get("channel")),
        message=str(item.get("ts")),
        user=str(event.get("user")),
        again=again,
        moment=moment_of(str(event.get("event_ts") or "")),
    )


def wish_of(reaction: object) -> bool | None:
    """What an emoji wishes for: True for another attempt, False for a stop, None for anything else."""
    emoji = str(reaction or "").partition("::")[0]
    if emoji in RETRY_EMOJI:
        return True
    return False if emoji in STOP_EMOJI else None


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

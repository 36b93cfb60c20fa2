"""What an event of Discord's says that somebody did. Pure: event in, a small value or None out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

import discord

from bot.gestures import Changed, Reacted, Removed, Spoken
from bot.platforms.discord.places import Place
from bot.platforms.discord.values import DIRECT, MARK, RETRY_EMOJI, STOP_EMOJI
from bot.platforms.discord.words import plain_text

_SPOKEN = (discord.MessageType.default, discord.MessageType.reply)

_JUST_NOW = timedelta(minutes=10)
"""An older edit is told of again when only Discord changes something, such as a preview of a link."""


def spoken(message: discord.Message, place: Place, us: int) -> Spoken | None:
    """What somebody said; None for what a machine said, or Discord itself."""
    if message.author.bot or message.webhook_id or message.type not in _SPOKEN:
        return None
    own = _own_roles(message)
    meant = {person.id for person in message.mentions}
    roles = set(message.raw_role_mentions)
    called = us in meant or bool(roles & own)
    names = names_of(message)
    return Spoken(
        thread=place.thread_of(str(message.id)),
        message=str(message.id),
        user=str(message.author.id),
        text=_addressed(message.content, us, own, names),
        moment=message.created_at.timestamp(),
        direct=place.direct,
        alone=not place.thread,
        for_us=place.direct or called,
        to_others=not called and bool(meant or roles or message.mention_everyone),
        below_us=place.ours,
        opens=not place.thread and not message.flags.has_thread,
    )


def _own_roles(message: discord.Message) -> set[int]:
    """The role that Discord made for us bears our name, so people mention it and mean us."""
    role = message.guild.self_role if message.guild is not None else None
    return {role.id} if role is not None else set()


def _addressed(raw: str, us: int, own: set[int], names: dict[str, str]) -> str:
    """What is said to us, without our name before it and what stands between the two."""
    called = [f"<@{us}>", f"<@!{us}>", *(f"<@&{role}>" for role in own)]
    for role in own:
        raw = raw.replace(f"<@&{role}>", f"<@{us}>")
    text = plain_text(raw, str(us), names)
    return text.lstrip(":, ") if raw.lstrip().startswith(tuple(called)) else text


def changed(event: discord.RawMessageUpdateEvent, place: Place, us: int, now: float) -> Changed | None:
    """What somebody changed; None where only Discord changed something. `now` by Discord's clock."""
    message, before = event.message, event.cached_message
    if message.edited_at is None or (before is not None and before.content == message.content):
        return None
    if before is None and now - message.edited_at.timestamp() > _JUST_NOW.total_seconds():
        return None
    after = spoken(message, place, us)
    if after is None:
        return None
    earlier = None if before is None else spoken(before, place, us)
    return Changed(after=after, newly=after.for_us and (earlier is None or not earlier.for_us))


def removed(place: Place, message: int) -> Removed:
    """A message is gone."""
    return Removed(thread=place.thread_of(str(message)), message=str(message))


def reacted(event: discord.RawReactionActionEvent, us: int, *, late: bool) -> Reacted | None:
    """🔁 or 🛑. Whoever wrote the message may be missing from the event. `late`: it may have been heard before."""
    again = wish_of(str(event.emoji))
    if again is None or event.user_id == us or event.message_author_id not in (None, us):
        return None
    return Reacted(
        workspace=DIRECT if event.guild_id is None else str(event.guild_id),
        channel=str(event.channel_id),
        message=str(event.message_id),
        user=str(event.user_id),
        again=again,
        late=late,
    )


def wish_of(emoji: str) -> bool | None:
    """Whether a reaction asks for another attempt, or for a stop; None for any other."""
    return emoji in RETRY_EMOJI if emoji in (*RETRY_EMOJI, *STOP_EMOJI) else None


def action_of(custom_id: str) -> str:
    """What one of our buttons does; "" for anybody else's."""
    fields = custom_id.split(":")
    return fields[1] if len(fields) == 5 and fields[0] == MARK else ""


def names_of(message: discord.Message) -> dict[str, str]:
    """How those are called whom a message mentions."""
    return {str(person.id): person.display_name for person in message.mentions}


def buttons_of(message: discord.Message) -> Iterator[discord.Button]:
    """The buttons of a message, however deep."""
    return _buttons(message.components)


def _buttons(parts: Iterable[discord.Component]) -> Iterator[discord.Button]:
    for part in parts:
        if isinstance(part, discord.Button):
            yield part
        yield from _buttons(getattr(part, "children", ()))

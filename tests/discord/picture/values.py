"""What a picture shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.discord.server import Message


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What one person sees of a place at one moment."""

    name: str
    """Of the picture."""
    place: str
    """The channel's name, or the thread's."""
    viewer: str
    """Their user id."""
    messages: Sequence[Message]
    """Oldest first. A thread's first is the message that it was made from."""
    people: Mapping[str, str] = field(default_factory=dict[str, str])
    """Names, by user id."""
    bot: str = ""
    """The bot's user id."""
    command: str = ""
    """Of the viewer's, which the first message answers."""

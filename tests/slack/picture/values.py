"""What a picture shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Json = dict[str, Any]


class NotPictured(ValueError):
    """A block or element that no picture was taught to show."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """What a workspace knows besides its messages. `now` is when somebody looks; its zone is theirs."""

    now: datetime
    people: Mapping[str, str] = field(default_factory=dict[str, str])
    """Names, by user id."""
    channels: Mapping[str, str] = field(default_factory=dict[str, str])
    """Names, by channel id."""
    files: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    """PNG images, by file id."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """One message. `ts` is Slack's: seconds, a dot, a counter. `whisper`: one person alone sees it."""

    author: str
    ts: str
    text: str
    blocks: Sequence[Json] = ()
    app: bool = False
    whisper: bool = False
    reactions: Sequence[tuple[str, int]] = ()
    """Emoji names, each with how many people."""

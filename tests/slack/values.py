"""What stands in the loopback Slack, and what it notes down."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

Json = dict[str, Any]


@dataclass(kw_only=True, slots=True)
class Person:
    """A member, a guest, a stranger, or a bot."""

    id: str
    name: str
    team: str
    admin: bool = False
    guest: bool = False
    stranger: bool = False
    single_channel: bool = False
    """A guest who may be in one channel only."""
    deleted: bool = False
    bot_id: str | None = None
    dm: str | None = None


@dataclass(kw_only=True, slots=True)
class Place:
    """A channel, public or private, or somebody's direct messages with the bot."""

    id: str
    name: str
    kind: str = "channel"
    """`channel`, `group` or `im`, as `channel_type` says in an event."""
    member: bool = True
    """Whether the bot is in it."""
    archived: bool = False
    user: str | None = None
    members: set[str] = field(default_factory=set[str])


@dataclass(kw_only=True, slots=True)
class Message:
    """One message as it stands. A copy is handed out: it does not change."""

    channel: str
    ts: str
    user: str
    text: str
    thread_ts: str | None = None
    blocks: list[Json] = field(default_factory=list[Json])
    metadata: Json | None = None
    subtype: str | None = None
    bot_id: str | None = None
    team: str
    files: list[Json] = field(default_factory=list[Json])
    reactions: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Pairs of name and user."""
    streaming: bool = False
    streamed: bool = False
    edited: str | None = None
    """When it was edited last, as a ts."""
    deleted: bool = False
    unfurls: bool = True
    """Whether links in it are shown with a preview."""
    client_msg_id: str | None = None

    @property
    def key(self) -> str | None:
        """The key in its metadata."""
        return key_of(self.metadata)

    @property
    def root(self) -> str:
        """The ts of the thread that it is in or begins."""
        return self.thread_ts or self.ts


@dataclass(kw_only=True, slots=True)
class Ephemeral:
    """What one person alone was shown."""

    channel: str
    user: str
    ts: str
    text: str
    blocks: list[Json] = field(default_factory=list[Json])
    thread_ts: str | None = None
    via: str
    """`chat.postEphemeral`, `response_url` or `ack`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Applied:
    """One write that took effect."""

    method: str
    channel: str | None
    ts: str | None
    thread_ts: str | None = None
    key: str | None = None
    metadata: Json | None = None
    """As it stood then."""
    text: str = ""
    blocks: tuple[Json, ...] = ()
    at: float
    """On the monotonic clock."""


@dataclass(kw_only=True, slots=True)
class Request:
    """One request, and how it was answered."""

    method: str
    arguments: Json
    at: float
    status: int | None = None
    """None while it is open, and where it was cut."""
    error: str | None = None
    fault: str | None = None
    """The kind of the fault that met it."""
    told: float | None = None
    """It came before the end of a Retry-After: so many seconds after its clients were told."""

    @property
    def early(self) -> bool:
        """Whether it came before the end of a Retry-After."""
        return self.told is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Violation:
    """Blocks that Slack refuses."""

    method: str
    error: str
    messages: tuple[str, ...]


@dataclass(kw_only=True, slots=True)
class Upload:
    """A file on its way, or there."""

    id: str
    name: str
    length: int
    title: str = ""
    content: bytes | None = None
    completed: bool = False
    polls: int = 0

    @property
    def ready(self) -> bool:
        """Whether Slack has looked into it, so that a message can show it."""
        return self.completed and self.polls >= 2


def as_object(value: Any) -> Json:
    """The value, where it is an object; else an empty one."""
    return cast("Json", value) if isinstance(value, dict) else {}


def key_of(metadata: Json | None) -> str | None:
    """The key in a message's metadata."""
    payload: Any = (metadata or {}).get("event_payload", {})
    key: Any = payload.get("key")
    return key if isinstance(key, str) else None

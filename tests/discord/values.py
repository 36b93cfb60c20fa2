"""What stands in the loopback Discord, and what it notes down. All ids are snowflakes, as texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

Json = dict[str, Any]

TEXT, DM, VOICE = 0, 1, 2
NEWS, NEWS_THREAD, PUBLIC_THREAD, PRIVATE_THREAD = 5, 10, 11, 12
THREADS = frozenset({NEWS_THREAD, PUBLIC_THREAD, PRIVATE_THREAD})

EPHEMERAL, LOADING, HAS_THREAD = 1 << 6, 1 << 7, 1 << 5
SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS, COMPONENTS_V2 = 1 << 2, 1 << 12, 1 << 15


@dataclass(kw_only=True, slots=True)
class Person:
    """A person or a bot, in the guild or not."""

    id: str
    name: str
    bot: bool = False
    member: bool = True
    """Whether they are in the guild."""
    pending: bool = False
    """Has not yet agreed to the guild's rules."""
    roles: set[str] = field(default_factory=set[str])
    dm: str | None = None
    closed: bool = False
    """Takes no direct messages from bots."""


@dataclass(kw_only=True, slots=True)
class Role:
    """A role of the guild."""

    id: str
    name: str
    permissions: int = 0
    mentionable: bool = False
    managed: bool = False


@dataclass(kw_only=True, slots=True)
class Overwrite:
    """What a role, or a person, may or may not do in one channel."""

    target: str
    person: bool
    allow: int = 0
    deny: int = 0


@dataclass(kw_only=True, slots=True)
class Place:
    """A channel, a thread, or somebody's direct messages with the bot."""

    id: str
    name: str
    type: int = TEXT
    parent: str | None = None
    owner: str | None = None
    user: str | None = None
    """With whom, in direct messages."""
    topic: str | None = None
    overwrites: list[Overwrite] = field(default_factory=list[Overwrite])
    members: list[str] = field(default_factory=list[str])
    """Who joined a thread."""
    archived: bool = False
    locked: bool = False
    archived_at: float = 0.0
    auto_archive_minutes: int = 1440
    said: int = 0
    """Messages ever said in a thread."""
    last_message: str | None = None
    deleted: bool = False

    @property
    def is_thread(self) -> bool:
        """Whether it is a thread, in a channel."""
        return self.type in THREADS


@dataclass(kw_only=True, slots=True)
class Upload:
    """A file that hangs on a message."""

    id: str
    filename: str
    content: bytes
    content_type: str
    description: str | None = None


@dataclass(kw_only=True, slots=True)
class Message:
    """One message as it stands. A copy is handed out: it does not change."""

    channel: str
    id: str
    user: str
    content: str = ""
    embeds: list[Json] = field(default_factory=list[Json])
    components: list[Json] = field(default_factory=list[Json])
    attachments: list[Upload] = field(default_factory=list[Upload])
    flags: int = 0
    nonce: str | None = None
    type: int = 0
    """0, a message; 19, a reply; 18 and 21, of threads; 20 and 23, in answer to a command."""
    reference: tuple[str, str] | None = None
    """The channel and the message that it answers, or that its thread began with."""
    allowed_mentions: Json | None = None
    mentions: list[str] = field(default_factory=list[str])
    mention_roles: list[str] = field(default_factory=list[str])
    mention_everyone: bool = False
    reactions: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Pairs of emoji and user."""
    interaction: str | None = None
    webhook: bool = False
    """Somebody's webhook said it, in whose name it stands."""
    ephemeral_to: str | None = None
    """The only person who sees it."""
    edited: float | None = None
    """When it was edited last, in seconds since 1970."""
    edits: int = 0
    deleted: bool = False

    @property
    def is_v2(self) -> bool:
        """Whether components are all that it shows."""
        return bool(self.flags & COMPONENTS_V2)

    @property
    def ephemeral(self) -> bool:
        """Whether one person alone sees it."""
        return self.ephemeral_to is not None

    @property
    def loading(self) -> bool:
        """Whether it says that the bot is thinking."""
        return bool(self.flags & LOADING)

    @property
    def text(self) -> str:
        """What can be read in it, embeds aside: the content, or its text components, one a line."""
        return "\n".join(filter(None, [self.content, *texts_of(self.components)]))

    @property
    def custom_ids(self) -> list[str]:
        """What can be pressed or chosen in it."""
        return [part["custom_id"] for part in parts_of(self.components) if "custom_id" in part]


@dataclass(frozen=True, kw_only=True, slots=True)
class Applied:
    """One write that took effect."""

    route: str
    """As `POST /channels/{channel}/messages`."""
    channel: str | None
    message: str | None = None
    nonce: str | None = None
    text: str = ""
    custom_ids: tuple[str, ...] = ()
    """What could be pressed or chosen in it then."""
    at: float
    """On the monotonic clock."""


@dataclass(kw_only=True, slots=True)
class Request:
    """One request, and how it was answered."""

    route: str
    """As `POST /channels/{channel}/messages`; the path itself where there is no such route."""
    path: str
    arguments: Json
    """Query, path and body together."""
    at: float
    status: int | None = None
    """None while it is open, and where it was cut."""
    error: int | None = None
    """Discord's own code, where it was refused."""
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
    """What Discord refuses in a request."""

    route: str
    messages: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Ping:
    """Whom a message of the bot's has notified."""

    channel: str
    message: str
    users: tuple[str, ...]
    roles: tuple[str, ...]
    everyone: bool


def parts_of(value: Any) -> list[Json]:
    """Every component in there, however deep, outer ones first."""
    if isinstance(value, list):
        return [part for each in cast("list[Any]", value) for part in parts_of(each)]
    if not isinstance(value, dict):
        return []
    found = cast("Json", value)
    inner = [part for name in ("components", "accessory", "component") for part in parts_of(found.get(name))]
    return [found, *inner]


def texts_of(components: list[Json]) -> list[str]:
    """What text components say."""
    return [str(part.get("content", "")) for part in parts_of(components) if part.get("type") == 10]


def as_object(value: Any) -> Json:
    """The value, where it is an object; else an empty one."""
    return cast("Json", value) if isinstance(value, dict) else {}


def as_objects(value: Any) -> list[Json]:
    """The objects in a list; none where it is no list."""
    return (
        [cast("Json", each) for each in cast("list[Any]", value) if isinstance(each, dict)]
        if isinstance(value, list)
        else []
    )

"""What stands in one guild: people, places, messages, interactions. The server's thread alone touches it."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.discord.errors import Refused
from tests.discord.permissions import ALL, BITS, EVERYONE, bits, permissions_of
from tests.discord.values import DM, PRIVATE_THREAD, Applied, Json, Message, Person, Ping, Place, Role, Violation

EPOCH_MS = 1_420_070_400_000
GUILD, OWNER, APPLICATION = "1000000000000000001", "1000000000000000002", "1000000000000000003"
MAY_READ = 1 << 19
"""Flag of an application to whom messages are told with their content."""
BOT_USER = APPLICATION
"""A bot's user has its application's id."""
TOKEN = f"{base64.b64encode(APPLICATION.encode()).decode().rstrip('=')}.GwLoop.back-token-that-opens-nothing-else"


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One event, and where it happened; only sessions that may hear of it are sent it."""

    name: str
    data: Json
    channel: str | None = None
    intents: int = 0
    """One of these must have been asked for; 0: always sent."""


@dataclass(kw_only=True, slots=True)
class Talk:
    """One interaction, and what came of it."""

    id: str
    token: str
    type: int
    user: str
    channel: str
    name: str = ""
    """The command, or the custom_id."""
    message: str | None = None
    """The message whose button was pressed."""
    began: float
    acked: bool = False
    acked_at: float | None = None
    failed: bool = False
    expired: bool = False
    callback: Json | None = None
    original: str | None = None
    """The message that answered it."""
    followups: list[str] = field(default_factory=list[str])
    choices: list[Json] | None = None
    modal: Json | None = None


class World:
    """The state, and the few rules that all routes share."""

    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        self.roles: dict[str, Role] = {GUILD: Role(id=GUILD, name="@everyone", permissions=bits(EVERYONE))}
        self.places: dict[str, Place] = {}
        self.messages: dict[str, dict[str, Message]] = {}
        self.talks: dict[str, Talk] = {}
        self.commands: dict[str, list[Json]] = {"": [], GUILD: []}
        """By guild; the empty text stands for all guilds."""
        self.nonces: dict[str, tuple[str, str]] = {}
        """Where each nonce of late was used: the channel and the message."""
        self.typing: list[str] = []
        self.pings: list[Ping] = []
        self.ledger: list[Applied] = []
        self.violations: list[Violation] = []
        self.url = ""
        self.identify_limit = 1000
        self.application_flags = MAY_READ
        self.identified: Callable[[], int] = lambda: 0
        self.emit: Callable[[Event], None] = lambda _: None
        self.behind = 0.0
        self._last_id = 0
        own = self.add_role("Clew", managed=True)
        self.own_role = own.id
        self.people[OWNER] = Person(id=OWNER, name="owner")
        self.people[BOT_USER] = Person(id=BOT_USER, name="clew", bot=True, roles={own.id})

    def go_back(self, seconds: float) -> None:
        """What happens from now on counts as having happened so long ago."""
        self.behind, self._last_id = seconds, 0

    def new_id(self) -> str:
        """A snowflake later than any before it."""
        now = time.time_ns() // 1_000_000 - int(self.behind * 1_000)
        self._last_id = max(self._last_id + 1, (now - EPOCH_MS) << 22)
        return str(self._last_id)

    def add_role(self, name: str, *, permissions: int = 0, mentionable: bool = False, managed: bool = False) -> Role:
        """A new role."""
        role = Role(id=self.new_id(), name=name, permissions=permissions, mentionable=mentionable, managed=managed)
        self.roles[role.id] = role
        return role

    def may(self, user: str, place: Place | None) -> int:
        """What somebody may do in a place, in bits."""
        if place is not None and place.parent is not None and place.is_thread:
            place = self.places[place.parent]
        return permissions_of(self.people[user], place, roles=self.roles, guild=GUILD, owner=OWNER)

    def sees(self, user: str, place: Place) -> bool:
        """Whether somebody can see a place."""
        if place.type == DM:
            return user in {place.user, BOT_USER}
        return bool(self.may(user, place) & BITS["view_channel"])

    def hears_of(self, place: Place) -> bool:
        """Whether the bot is told what happens in a place; in a private thread it must have joined."""
        is_open = place.type != PRIVATE_THREAD or BOT_USER in place.members or self.can(place, "manage_threads")
        return is_open and self.sees(BOT_USER, place)

    def place(self, channel: str) -> Place:
        """A place that the bot can see.

        Raises:
            Refused: If there is none, or it cannot.
        """
        place = self.places.get(channel)
        if place is None or place.deleted:
            raise Refused(404, 10003)
        if not self.hears_of(place):
            raise Refused(403, 50001)
        return place

    def need(self, place: Place, *names: str) -> None:
        """Let the bot do something only where it may.

        Raises:
            Refused: Missing Permissions.
        """
        if bits(names) & ~self.may(BOT_USER, place) & ALL:
            raise Refused(403, 50013)

    def can(self, place: Place, name: str) -> bool:
        """Whether the bot may do something there."""
        return bool(self.may(BOT_USER, place) & BITS[name])

    def message(self, channel: str, message: str) -> Message:
        """A message that stands for all to see.

        Raises:
            Refused: If it does not, or does not any more.
        """
        found = self.messages.get(channel, {}).get(message)
        if found is None or found.deleted or found.ephemeral:
            raise Refused(404, 10008)
        return found

    def own_message(self, channel: str, message: str) -> Message:
        """A message of the bot's."""
        found = self.message(channel, message)
        if found.user != BOT_USER:
            raise Refused(403, 50005)
        return found

    def standing(self, channel: str) -> list[Message]:
        """What stands in a place for all to see, oldest first."""
        found = [each for each in self.messages.get(channel, {}).values() if not each.deleted and not each.ephemeral]
        return sorted(found, key=lambda each: int(each.id))

    def add(self, message: Message) -> Message:
        """Let a message stand."""
        self.messages.setdefault(message.channel, {})[message.id] = message
        place = self.places[message.channel]
        if not message.ephemeral:
            place.last_message = message.id
            place.said += 1
        return message

    def talk(self, token: str) -> Talk | None:
        """The interaction of a token."""
        return next((talk for talk in self.talks.values() if talk.token == token), None)

    def note(self, route: str, message: Message | None = None, *, channel: str | None = None) -> None:
        """Note a write that took effect."""
        self.ledger.append(
            Applied(
                route=route,
                channel=channel if message is None else message.channel,
                message=None if message is None else message.id,
                nonce=None if message is None else message.nonce,
                text="" if message is None else message.text,
                custom_ids=() if message is None else tuple(message.custom_ids),
                at=time.monotonic(),
            )
        )

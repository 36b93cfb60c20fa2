"""Who may do what: one function for every platform, surface and action. Deny by default."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from bot.settings import Settings


class Kind(StrEnum):
    """What somebody is to a workspace, as its platform says."""

    MEMBER = "member"
    GUEST = "guest"
    STRANGER = "stranger"
    """Of another workspace, in a channel that both share."""
    MACHINE = "machine"
    """Another bot, or we ourselves."""
    GONE = "gone"
    """Deactivated."""


class Action(StrEnum):
    """What somebody wants."""

    ASK = "ask"
    RETRY = "retry"
    STOP = "stop"
    STATUS = "status"
    """How the thread at hand stands."""
    ADMINISTER = "administer"


class Ruling(StrEnum):
    """Whether they may, and if not, why."""

    YES = "yes"
    NOT_ALLOWED = "not_allowed"
    WRONG_CHANNEL = "wrong_channel"
    NOT_ADMIN = "not_admin"


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Somebody on a platform. `user` is the platform's stable id, never a name; `roles` are ids too."""

    platform: str
    user: str
    kind: Kind = Kind.MEMBER
    roles: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """How settings name this person."""
        return frozenset({f"{self.platform}:{self.user}", *(f"{self.platform}-role:{role}" for role in self.roles)})


class Access:
    """The rules of one installation.

    Members may ask, unless a list says who may; guests and strangers only if the list names them; machines never. In
    which channels, a list says, or every one that the bot is in. Administrators are who is named, and nobody else.
    """

    def __init__(
        self, *, users: Collection[str] = (), channels: Collection[str] = (), admins: Collection[str] = ()
    ) -> None:
        self._users = frozenset(users)
        self._channels = frozenset(channels)
        self._admins = frozenset(admins)

    def is_admin(self, person: Person) -> bool:
        """Whether somebody administers Clew."""
        return person.kind not in (Kind.MACHINE, Kind.GONE) and bool(person.names & self._admins)

    def rule(self, person: Person, action: Action, channel: str = "") -> Ruling:
        """Whether a person may do something, in a channel where there is one (a direct message is none)."""
        if person.kind in (Kind.MACHINE, Kind.GONE):
            return Ruling.NOT_ALLOWED
        admin = self.is_admin(person)
        if action is Action.ADMINISTER:
            return Ruling.YES if admin else Ruling.NOT_ADMIN
        if not admin and not person.names & self._users and (self._users or person.kind is not Kind.MEMBER):
            return Ruling.NOT_ALLOWED
        if channel and self._channels and f"{person.platform}:{channel}" not in self._channels:
            return Ruling.WRONG_CHANNEL
        return Ruling.YES


def access_of(settings: Settings) -> Access:
    """The rules that the settings state."""
    return Access(
        users=settings.clew_allowed_users, channels=settings.clew_allowed_channels, admins=settings.clew_admins
    )

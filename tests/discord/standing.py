"""Who and what there is, and what can be asserted about it."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

from tests.discord import events
from tests.discord.base import Served
from tests.discord.people import dm_with
from tests.discord.permissions import BITS, bits
from tests.discord.values import (
    NEWS,
    TEXT,
    VOICE,
    Applied,
    Json,
    Message,
    Overwrite,
    Person,
    Ping,
    Place,
    Request,
    Violation,
)  # fmt: skip
from tests.discord.world import BOT_USER, GUILD, Event

ADMINS = "Admins"


class Standing(Served):
    """All of it is handed out as copies. Permissions go by their names in discord.py, as `send_messages`."""

    def user(
        self, name: str, *, admin: bool = False, bot: bool = False, roles: Iterable[str] = (), member: bool = True,
        pending: bool = False,
    ) -> str:  # fmt: skip
        """Let somebody join the guild, or, without `member`, exist; returns the id.

        `pending`: they have not yet agreed to the guild's rules.
        """

        def job() -> str:
            person = Person(
                id=self._world.new_id(), name=name, bot=bot, member=member, roles=set(roles), pending=pending
            )
            if admin:
                person.roles.add(self._admins())
            self._world.people[person.id] = person
            if member:
                self._emit(events.member_event(person, "GUILD_MEMBER_ADD"))
            return person.id

        return self._do(job)

    def role(self, name: str, *, permissions: Iterable[str] = (), mentionable: bool = False) -> str:
        """A new role; returns the id."""

        def job() -> str:
            role = self._world.add_role(name, permissions=bits(permissions), mentionable=mentionable)
            self._emit(events.role_event(self._world, role.id, "GUILD_ROLE_CREATE"))
            return role.id

        return self._do(job)

    def channel(
        self, name: str, *, lacking: Iterable[str] = (), private_to: Iterable[str] | None = None, news: bool = False,
        voice: bool = False,
    ) -> str:  # fmt: skip
        """Open a channel; returns the id. `news`: of announcements; `voice`: people write in those too.

        `lacking`: the permissions that the bot does not have there. `private_to`: the people, and roles, that alone
        see it beside the bot.
        """

        def job() -> str:
            place = Place(id=self._world.new_id(), name=name, type=NEWS if news else VOICE if voice else TEXT)
            if private_to is not None:
                hidden = BITS["view_channel"]
                place.overwrites.append(Overwrite(target=GUILD, person=False, deny=hidden))
                place.overwrites += [
                    Overwrite(target=each, person=each in self._world.people, allow=hidden) for each in private_to
                ]
            self._lack(place, lacking)
            self._world.places[place.id] = place
            self._emit(events.channel_event(self._world, place, "CHANNEL_CREATE"))
            return place.id

        return self._do(job)

    def dm(self, user: str) -> str:
        """The direct messages between a person and the bot; returns the channel's id."""
        return self._do(lambda: dm_with(self._world, user).id)

    def set_user(
        self, user: str, *, admin: bool | None = None, member: bool | None = None, closed: bool | None = None,
        roles: Iterable[str] | None = None,
    ) -> None:  # fmt: skip
        """Make somebody an admin, or not any more; let them leave, or take no direct messages; give them roles."""

        def job() -> None:
            person = self._world.people[user]
            person.closed = person.closed if closed is None else closed
            person.roles = person.roles if roles is None else set(roles)
            if admin is not None:
                person.roles = person.roles | {self._admins()} if admin else person.roles - {self._admins()}
            if member is not None and member != person.member:
                person.member = member
                self._emit(events.member_event(person, "GUILD_MEMBER_ADD" if member else "GUILD_MEMBER_REMOVE"))
            elif person.member:
                self._emit(events.member_event(person, "GUILD_MEMBER_UPDATE"))

        self._do(job)

    def set_channel(self, channel: str, *, lacking: Iterable[str]) -> None:
        """What the bot may not do there from now on."""

        def job() -> None:
            place = self._world.places[channel]
            self._lack(place, lacking)
            self._emit(events.channel_event(self._world, place, "CHANNEL_UPDATE"))

        self._do(job)

    def grant(self, *permissions: str) -> None:
        """What the bot's role may do in the whole guild, beyond what everybody may."""

        def job() -> None:
            own = self._world.own_role
            self._world.roles[own].permissions = bits(permissions)
            self._emit(events.role_event(self._world, own, "GUILD_ROLE_UPDATE"))

        self._do(job)

    def deny(self, *permissions: str) -> None:
        """What the guild no longer lets everybody do."""

        def job() -> None:
            self._world.roles[GUILD].permissions &= ~bits(permissions)
            self._emit(events.role_event(self._world, GUILD, "GUILD_ROLE_UPDATE"))

        self._do(job)

    @property
    def own_role(self) -> str:
        """The role that came with the bot, and bears its name."""
        return self._world.own_role

    def thread(self, thread: str) -> list[Message]:
        """What everybody sees of a thread: the message it began with, then what was said in it, oldest first."""

        def job() -> list[Message]:
            place = self._world.places[thread]
            anchor = self._world.messages.get(place.parent or "", {}).get(thread)
            before = [] if anchor is None or anchor.deleted else [anchor]
            return copy.deepcopy(before + _without_notices(self._world.standing(thread)))

        return self._do(job)

    def messages(self, channel: str) -> list[Message]:
        """What everybody sees in a channel, a thread or direct messages, oldest first; notices of threads aside."""
        return self._do(lambda: copy.deepcopy(_without_notices(self._world.standing(channel))))

    def message(self, channel: str, message: str) -> Message:
        """One message, even a deleted one."""
        return self._do(lambda: copy.deepcopy(self._world.messages[channel][message]))

    def ephemerals(self, channel: str, user: str) -> list[Message]:
        """What one person alone is shown there, oldest first."""

        def job() -> list[Message]:
            every = self._world.messages.get(channel, {}).values()
            return copy.deepcopy([each for each in every if each.ephemeral_to == user and not each.deleted])

        return self._do(job)

    def find(self, **fields: Any) -> list[Message]:
        """All messages in all places that have these values, deleted ones aside, oldest first."""

        def job() -> list[Message]:
            every = [each for channel in self._world.messages.values() for each in channel.values()]
            found = [each for each in every if all(getattr(each, key) == value for key, value in fields.items())]
            return copy.deepcopy(sorted((each for each in found if not each.deleted), key=lambda each: int(each.id)))

        return self._do(job)

    def place(self, channel: str) -> Place:
        """A channel, or a thread, as it stands: `archived`, `locked`, `name`, `owner` ..."""
        return self._do(lambda: copy.deepcopy(self._world.places[channel]))

    def threads(self, channel: str) -> list[Place]:
        """The threads of a channel, oldest first."""

        def job() -> list[Place]:
            found = [each for each in self._world.places.values() if each.is_thread and each.parent == channel]
            return copy.deepcopy(sorted((each for each in found if not each.deleted), key=lambda each: int(each.id)))

        return self._do(job)

    def commands(self, guild: str = "") -> list[Json]:
        """The commands that are registered for all guilds, or for one."""
        return copy.deepcopy(self._do(lambda: self._world.commands[guild]))

    @property
    def ledger(self) -> list[Applied]:
        """Every write of the bot's that took effect, in order."""
        return list(self._world.ledger)

    @property
    def requests(self) -> list[Request]:
        """Every request, in the order of arrival."""
        return list(self._gate.requests)

    @property
    def violations(self) -> list[Violation]:
        """What was refused as invalid."""
        return list(self._world.violations)

    @property
    def pings(self) -> list[Ping]:
        """Whom the bot's messages have notified."""
        return list(self._world.pings)

    @property
    def typing(self) -> list[str]:
        """Where the bot was seen typing, once a request."""
        return list(self._world.typing)

    @property
    def events(self) -> list[Event]:
        """Every event that the bot could have heard of, connected or not, oldest first."""
        return list(self._gateway.events)

    @property
    def connections(self) -> int:
        """How many clients have a session now."""
        return len(self._gateway.live)

    @property
    def identifies(self) -> int:
        """How often a client sent IDENTIFY."""
        return self._gateway.identifies

    @property
    def resumes(self) -> int:
        """How often a session was resumed."""
        return self._gateway.resumes

    @property
    def deaf(self) -> list[tuple[float, float]]:
        """From when to when a listener was missing, on the monotonic clock; the last one perhaps still is."""
        begun = list(self._gateway.begun)
        ends = [next((one for one in begun if one > lost), math.inf) for lost in self._gateway.lost]
        return list(zip(self._gateway.lost, ends, strict=False))

    @property
    def connected(self) -> int:
        """How often a session was begun or resumed."""
        return len(self._gateway.sessions) + self._gateway.resumes

    def asked(self, route: str) -> list[Request]:
        """The requests of a route, `*` and `?` as in file names: `POST /channels/*/messages`."""
        return [
            request
            for request in self.requests
            if fnmatchcase(request.route, route) or fnmatchcase(f"{request.route.split(' ')[0]} {request.path}", route)
        ]

    def unknown_routes(self) -> list[str]:
        """Routes that were asked for and that are not known here."""
        return [request.route for request in self.requests if (request.status, request.error) == (404, 0)]

    def _admins(self) -> str:
        for role in self._world.roles.values():
            if role.name == ADMINS:
                return role.id
        role = self._world.add_role(ADMINS, permissions=BITS["administrator"])
        self._emit(events.role_event(self._world, role.id, "GUILD_ROLE_CREATE"))
        return role.id

    def _lack(self, place: Place, lacking: Iterable[str]) -> None:
        denied = bits(lacking)
        others = [each for each in place.overwrites if each.target != BOT_USER]
        is_private = any(each.target == GUILD for each in others)
        allowed = BITS["view_channel"] if is_private else 0
        place.overwrites = [*others, Overwrite(target=BOT_USER, person=True, allow=allowed & ~denied, deny=denied)]


def _without_notices(messages: list[Message]) -> list[Message]:
    return [each for each in messages if each.type not in {18, 21}]

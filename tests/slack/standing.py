"""Who and what there is, and what can be asserted about it."""

from __future__ import annotations

import copy
from typing import Any

from tests.slack.base import Served
from tests.slack.interactions import Interaction
from tests.slack.sockets import Envelope
from tests.slack.values import Applied, Ephemeral, Json, Message, Person, Place, Request, Violation
from tests.slack.world import TEAM


class Standing(Served):
    """All of it is handed out as copies."""

    def user(
        self,
        name: str,
        *,
        admin: bool = False,
        guest: bool = False,
        bot: bool = False,
        stranger: bool = False,
        single_channel: bool = False,
        team: str | None = None,
    ) -> str:
        """Let somebody join, in every channel; returns the id. A stranger shares no channel by right."""

        def job() -> str:
            world = self._world
            person = Person(
                id=world.new_id("U"), name=name, team=team or TEAM, admin=admin, stranger=stranger,
                guest=guest or single_channel, single_channel=single_channel,
                bot_id=world.new_id("B") if bot else None,
            )  # fmt: skip
            world.people[person.id] = person
            for place in world.places.values():
                if place.kind != "im":
                    place.members.add(person.id)
            if not bot:
                dm = Place(id=world.new_id("D"), name="", kind="im", user=person.id, members={person.id})
                world.places[dm.id] = dm
                person.dm = dm.id
            return person.id

        return self._do(job)

    def channel(self, name: str, *, member: bool = True, archived: bool = False, private: bool = False) -> str:
        """Open a channel with everybody in it; returns the id. `member`: the bot is in it as well."""

        def job() -> str:
            world = self._world
            everybody = {person.id for person in world.people.values() if person.dm is not None}
            place = Place(
                id=world.new_id("C"), name=name, kind="group" if private else "channel", member=member,
                archived=archived, members=everybody,
            )  # fmt: skip
            world.places[place.id] = place
            return place.id

        return self._do(job)

    def dm(self, user: str) -> str:
        """The direct messages between a person and the bot."""
        found = self._world.people[user].dm
        assert found is not None, "bots have none"
        return found

    def set_user(
        self, user: str, *, admin: bool | None = None, guest: bool | None = None, deleted: bool | None = None
    ) -> None:
        """Make somebody an admin, or a guest, or not any more; deactivate somebody."""

        def job() -> None:
            person = self._world.people[user]
            person.admin = person.admin if admin is None else admin
            person.guest = person.guest if guest is None else guest
            person.deleted = person.deleted if deleted is None else deleted

        self._do(job)

    def set_place(self, channel: str, *, member: bool | None = None, archived: bool | None = None) -> None:
        """Invite the bot or remove it; archive a channel or open it again."""

        def job() -> None:
            place = self._world.places[channel]
            place.member = place.member if member is None else member
            place.archived = place.archived if archived is None else archived

        self._do(job)

    def thread(self, channel: str, thread: str) -> list[Message]:
        """What everybody sees in a thread, its root included, oldest first."""
        return self._do(lambda: copy.deepcopy(self._world.in_thread(channel, thread)))

    def messages(self, channel: str) -> list[Message]:
        """What everybody sees in a channel, in all threads, oldest first."""

        def job() -> list[Message]:
            found = [message for message in self._world.messages.get(channel, {}).values() if not message.deleted]
            return copy.deepcopy(sorted(found, key=lambda message: message.ts))

        return self._do(job)

    def message(self, channel: str, ts: str) -> Message:
        """One message, even a deleted one."""
        return self._do(lambda: copy.deepcopy(self._world.messages[channel][ts]))

    def ephemerals(self, channel: str, user: str) -> list[Ephemeral]:
        """What one person alone was shown there, oldest first."""

        def job() -> list[Ephemeral]:
            return [each for each in self._world.ephemerals if (each.channel, each.user) == (channel, user)]

        return copy.deepcopy(self._do(job))

    def home(self, user: str) -> Json | None:
        """Somebody's home tab, as it was published last."""
        return copy.deepcopy(self._do(lambda: self._world.homes.get(user)))

    def session(self, channel: str, thread: str) -> Json:
        """An agent session: `status`, `title`, `initiator`; empty where none was begun."""
        return dict(self._world.sessions.get((channel, thread), {}))

    def thread_status(self, channel: str, thread: str) -> Json | None:
        """The line that says what is being done in a thread."""
        return self._world.statuses.get((channel, thread))

    def prompts(self, channel: str, thread: str | None = None) -> Json | None:
        """The suggestions shown there: `title` and `prompts`."""
        return self._world.prompts.get((channel, thread))

    @property
    def ledger(self) -> list[Applied]:
        """Every write that took effect, in order."""
        return list(self._world.ledger)

    @property
    def requests(self) -> list[Request]:
        """Every request, in the order of arrival."""
        return list(self._gate.requests)

    @property
    def violations(self) -> list[Violation]:
        """Blocks that were refused."""
        return list(self._world.violations)

    @property
    def envelopes(self) -> list[Envelope]:
        """Everything sent over Socket Mode, oldest first."""
        return list(self._sockets.envelopes)

    @property
    def connections(self) -> int:
        """How many clients are connected now."""
        return len(self._sockets.links)

    @property
    def connected(self) -> int:
        """How often a client connected."""
        return self._sockets.connected

    def asked(self, method: str) -> list[Request]:
        """The requests of one method."""
        return [request for request in self.requests if request.method == method]

    def acked(self, what: str | Envelope | Interaction) -> bool:
        """Whether every event about a message (its ts), or an envelope, or an interaction, was acknowledged."""
        if isinstance(what, str):
            about = [envelope for envelope in self.envelopes if envelope.ts == what]
            return bool(about) and all(envelope.acked for envelope in about)
        return what.acked

    def unknown_methods(self) -> list[str]:
        """Methods that were asked for and that Slack does not have."""
        return [request.method for request in self.requests if request.error == "unknown_method"]

    def files(self) -> dict[str, bytes]:
        """What was uploaded and can be shown, by file id."""

        def job() -> dict[str, bytes]:
            every = self._world.files.values()
            return {each.id: each.content for each in every if each.ready and each.content is not None}

        return self._do(job)

    def find(self, **fields: Any) -> list[Message]:
        """All messages in all places that have these values, deleted ones aside, oldest first."""

        def job() -> list[Message]:
            every = [message for channel in self._world.messages.values() for message in channel.values()]
            found = [m for m in every if not m.deleted and all(getattr(m, k) == v for k, v in fields.items())]
            return copy.deepcopy(sorted(found, key=lambda message: message.ts))

        return self._do(job)

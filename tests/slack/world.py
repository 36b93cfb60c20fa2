"""What stands in one workspace: people, places, messages, files, windows. The server's thread alone touches it."""

from __future__ import annotations

import copy
import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.slack.errors import Refused
from tests.slack.values import Applied, Ephemeral, Json, Message, Person, Place, Upload, Violation, key_of

TEAM, BOT_USER, BOT_ID, APP_ID = "T0CLEW", "U0BOT", "B0BOT", "A0CLEW"


@dataclass(kw_only=True, slots=True)
class Reply:
    """A response_url: where it leads, and how often it has served."""

    channel: str
    user: str
    message: str | None
    used: int = 0
    expired: bool = False
    shown: list[Ephemeral] = field(default_factory=list[Ephemeral])


class World:
    """The state, and the few rules that all methods share."""

    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        self.places: dict[str, Place] = {}
        self.messages: dict[str, dict[str, Message]] = {}
        self.ephemerals: list[Ephemeral] = []
        self.files: dict[str, Upload] = {}
        self.homes: dict[str, Json] = {}
        self.views: dict[str, Json] = {}
        self.triggers: set[str] = set()
        self.replies: dict[str, Reply] = {}
        self.sessions: dict[tuple[str, str], Json] = {}
        self.statuses: dict[tuple[str, str], Json] = {}
        self.prompts: dict[tuple[str, str | None], Json] = {}
        self.ended_streams: dict[str, str] = {}
        """Streams that were ended from outside, and the error they answer with."""
        self.growing: dict[str, Any] = {}
        """What streams have grown to."""
        self.ledger: list[Applied] = []
        self.violations: list[Violation] = []
        self.page_limit = 15
        self.stops_subscribed = True
        self.url = ""
        self.behind = 0.0
        """Seconds by which the clock is behind."""
        self.emit: Callable[[Json], None] = lambda _: None
        self._last_ts = 0
        self._numbers: Iterator[int] = itertools.count(1)
        self.people[BOT_USER] = Person(id=BOT_USER, name="clew", team=TEAM, bot_id=BOT_ID)

    def new_id(self, letter: str) -> str:
        """An id that begins with a letter, as Slack's do."""
        return f"{letter}0{next(self._numbers):06X}"

    def new_ts(self) -> str:
        """A timestamp later than any before it."""
        now = time.time_ns() // 1000 - int(self.behind * 1e6)
        self._last_ts = max(self._last_ts + 1, now)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def new_trigger(self) -> str:
        """An id that opens one window."""
        trigger = f"{next(self._numbers)}.{time.time_ns()}.{self.new_id('X').lower()}"
        self.triggers.add(trigger)
        return trigger

    def place(self, channel: str) -> Place:
        """A place.

        Raises:
            Refused: If there is none.
        """
        if channel not in self.places:
            raise Refused("channel_not_found")
        return self.places[channel]

    def own_place(self, channel: str, *, to_write: bool = True) -> Place:
        """A place that the bot is in and, to write, that is not archived.

        A person's id stands for the direct messages with them, as it does on Slack.
        """
        person = self.people.get(channel)
        if person is not None and person.dm is not None:
            channel = person.dm
        place = self.place(channel)
        if not place.member:
            raise Refused("channel_not_found" if place.kind == "group" else "not_in_channel")
        if to_write and place.archived:
            raise Refused("is_archived")
        return place

    def message(self, channel: str, ts: str) -> Message:
        """A message that stands.

        Raises:
            Refused: If it does not, or does not any more.
        """
        message = self.messages.get(channel, {}).get(ts)
        if message is None or message.deleted:
            raise Refused("message_not_found")
        return message

    def own_message(self, channel: str, ts: str, *, otherwise: str) -> Message:
        """A message of the bot's."""
        message = self.message(channel, ts)
        if message.user != BOT_USER:
            raise Refused(otherwise)
        return message

    def in_thread(self, channel: str, thread: str) -> list[Message]:
        """What stands in a thread, its root first, oldest first."""
        all_of_them = self.messages.get(channel, {}).values()
        return sorted((m for m in all_of_them if m.root == thread and not m.deleted), key=lambda m: m.ts)

    def thread_of(self, channel: str, thread: str | None) -> str | None:
        """The root's ts. Slack takes a reply's ts for its root's.

        Raises:
            Refused: If there is no such message.
        """
        if thread is None:
            return None
        found = self.messages.get(channel, {}).get(thread)
        if found is None or (found.deleted and not self.in_thread(channel, thread)):
            raise Refused("thread_not_found")
        return found.root

    def add(self, message: Message) -> Message:
        """Let a message stand."""
        self.messages.setdefault(message.channel, {})[message.ts] = message
        return message

    def note(self, method: str, message: Message | Ephemeral | None = None, *, channel: str | None = None) -> None:
        """Note a write that took effect."""
        metadata = message.metadata if isinstance(message, Message) else None
        self.ledger.append(
            Applied(
                method=method,
                channel=message.channel if message is not None else channel,
                ts=None if message is None else message.ts,
                thread_ts=None if message is None else message.thread_ts,
                key=key_of(metadata),
                metadata=copy.deepcopy(metadata),
                text="" if message is None else message.text,
                blocks=() if message is None else tuple(copy.deepcopy(message.blocks)),
                at=time.monotonic(),
            )
        )

"""A conversation's inbox: messages and retries in order, each known by its ids once."""

from __future__ import annotations

from dataclasses import replace

from workflows.contracts import (
    ConversationState,
    EditedMessage,
    IncomingMessage,
    MessageRef,
    QueuedMessage,
    RetryRequest,
    TurnRecord,
)
from workflows.policies import SEEN_LIMIT


class Item:
    """One turn to come. A retry is made of the record it repeats, and reuses its messages."""

    def __init__(self, message: IncomingMessage, *, opened: MessageRef | None = None) -> None:
        self.message = message
        self.opened = opened
        self.again: TurnRecord | None = None
        self.request: RetryRequest | None = None
        self.stopped = False
        self.gone = False
        """The placeholder could not be posted, or a moderator deleted it: nothing is ever posted for this turn."""

    @property
    def turn(self) -> str:
        """The turn's logical key: the message's own id in its thread."""
        return self.message.message

    @property
    def attempt(self) -> int:
        """Which attempt of the turn this is, from 1."""
        return 1 if self.again is None else self.again.attempt + 1


class Inbox:
    """Queue and memory of ids. Plain state: no time, no calls."""

    def __init__(self, state: ConversationState) -> None:
        self.items = [Item(queued.message, opened=queued.opened) for queued in state.inbox]
        self._seen = dict.fromkeys(state.seen)

    def first_time(self, *ids: str) -> bool:
        """Whether none of `ids` was seen before; they are all remembered."""
        new = all(key not in self._seen for key in ids)
        for key in ids:
            self._seen[key] = None
        while len(self._seen) > SEEN_LIMIT:
            del self._seen[next(iter(self._seen))]
        return new

    def add(self, message: IncomingMessage) -> Item | None:
        """Queue a message; None if it, or another event of the same gesture, was seen before."""
        if not self.first_time(message.message, *message.twins):
            return None
        item = Item(message)
        self.items.append(item)
        return item

    def add_retry(self, request: RetryRequest, record: TurnRecord) -> None:
        """Queue another attempt of a finished turn."""
        self.items.append(_another(request, record))

    def put_back(self, request: RetryRequest, record: TurnRecord) -> None:
        """A retry carried over: it was queued before the messages that are carried with it."""
        self.items.insert(0, _another(request, record))

    def edit(self, edited: EditedMessage, *, running: Item | None) -> None:
        """A queued question changes; what already runs, or ran, does not."""
        for item in self.items:
            if item.turn == edited.message and item.again is None and item is not running:
                item.message = replace(item.message, text=edited.text, research=edited.research)

    def find(self, message: str) -> Item | None:
        """The item of a person's message, or of the placeholder posted for it."""
        for item in self.items:
            if message in (item.turn, item.opened.message if item.opened is not None else ""):
                return item
        return None

    def queued(self) -> tuple[QueuedMessage, ...]:
        """The messages to carry over; retries are carried as requests."""
        return tuple(
            QueuedMessage(message=item.message, opened=item.opened) for item in self.items if item.again is None
        )

    def retries(self) -> tuple[RetryRequest, ...]:
        """The retries to carry over."""
        return tuple(item.request for item in self.items if item.request is not None)

    def seen(self) -> tuple[str, ...]:
        """The ids to carry over."""
        return tuple(self._seen)


def _another(request: RetryRequest, record: TurnRecord) -> Item:
    message = IncomingMessage(
        thread=record.answers[0].thread,
        message=record.id,
        asker=record.asker,
        text=record.question,
        research=record.research,
        trace=request.trace,
    )
    item = Item(message, opened=record.answers[0])
    item.again, item.request = record, request
    return item

"""A conversation's inbox: messages and retries in order, each known by its ids once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from workflows.contracts import (
    AnswerState,
    BlobRef,
    ConversationState,
    EditedMessage,
    IncomingMessage,
    MessageRef,
    QueuedMessage,
    RetryRequest,
    StopRequest,
    ThreadRef,
    TurnRecord,
)
from workflows.policies import SEEN_LIMIT

_RETRY, _STOP = "retry:", "stop:"
"""What the ids of such requests are remembered under; those of retries that have a moment are followed by it."""


class Item:
    """One turn to come. A retry is made of the record it repeats, and reuses its messages."""

    def __init__(self, message: IncomingMessage, *, opened: MessageRef | None = None) -> None:
        self.message = message
        self.opened = opened
        self.again: TurnRecord | None = None
        self.request: RetryRequest | None = None
        self.stopped = False
        self.gone = False
        """A moderator deleted the placeholder: nothing is ever posted for this turn."""
        self.parked = False
        """The platform takes nothing for this turn: its place is gone, or we were removed from it."""
        self.kept: BlobRef | None = None
        """Its final answer whole, once it is delivered."""
        self.farewell: asyncio.Task[tuple[MessageRef, ...]] | None = None
        """The last word on a question that was stopped while it waited."""

    @property
    def turn(self) -> str:
        """The turn's logical key: the message's own id in its thread."""
        return self.message.message

    @property
    def attempt(self) -> int:
        """Which attempt of the turn this is, from 1."""
        return 1 if self.again is None else self.again.attempt + 1

    @property
    def shown_in(self) -> tuple[MessageRef, ...]:
        """The messages that its answer replaces, in order of their parts."""
        if self.again is not None and self.again.answers:
            return self.again.answers
        return () if self.opened is None else (self.opened,)

    @property
    def standing(self) -> BlobRef | None:
        """The final answer that another attempt would replace."""
        return None if self.again is None or self.again.state is not AnswerState.FINAL else self.again.kept

    @property
    def has_place(self) -> bool:
        """Whether it is decided where its answer goes, or that it goes nowhere."""
        return self.opened is not None or self.gone or self.parked


class Inbox:
    """Queue and memory of ids. Plain state: no time, no calls."""

    def __init__(self, state: ConversationState) -> None:
        self.items = [_carried(queued) for queued in state.inbox]
        self.until = state.until
        """When the newest message was said that was heard, in seconds since 1970."""
        self._thread = state.thread
        self._seen = dict.fromkeys(state.seen)
        last = state.turns[-1] if state.turns else None
        if last is not None:
            # A retry is only queued where nothing else waits, so it comes before what is carried with it.
            self.items[:0] = [_another(request, last, self._thread) for request in state.retries]

    def first_time(self, *ids: str) -> bool:
        """Whether none of `ids` was seen before; they are all remembered."""
        new = all(key not in self._seen for key in ids)
        for key in ids:
            self._seen[key] = None
        while len(self._seen) > SEEN_LIMIT:
            del self._seen[next(iter(self._seen))]
        return new

    def first_wish(self, request: RetryRequest) -> bool:
        """Whether a retry is asked for here for the first time; it is remembered."""
        key = f"{_RETRY}{request.request}"
        if not request.moment:
            return self.first_time(key)
        known = [float(seen.removeprefix(f"{key}@")) for seen in self._seen if seen.startswith(f"{key}@")]
        new = not known or (not request.late and request.moment > max(known))
        if new:
            self.first_time(f"{key}@{request.moment}")
        return new

    def first_stop(self, request: StopRequest) -> bool:
        """Whether a stop is asked for here for the first time; a word is remembered, since it stays in the thread."""
        return not request.moment or self.first_time(f"{_STOP}{request.request}")

    def unheard(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Those ids of messages, retries and stops that were never heard of here."""
        heard = {seen.removeprefix(_RETRY).removeprefix(_STOP) for seen in self._seen}
        heard |= {key.rpartition("@")[0] for key in heard}
        return tuple(key for key in ids if key not in heard)

    def waiting(self, *, running: Item | None) -> dict[str, str]:
        """The questions that may still be changed, by their message."""
        return {item.turn: item.message.text for item in self.items if item.again is None and item is not running}

    def add(self, message: IncomingMessage) -> Item | None:
        """Queue a message; None if it, or another event of the same gesture, was seen before."""
        if not self.first_time(message.message, *message.twins):
            return None
        self.until = max(self.until, message.moment)
        item = Item(message)
        self.items.append(item)
        return item

    def add_retry(self, request: RetryRequest, record: TurnRecord) -> None:
        """Queue another attempt of a finished turn."""
        self.items.append(_another(request, record, self._thread))

    def edit(self, edited: EditedMessage, *, running: Item | None) -> None:
        """A queued question changes; what already runs, or ran, does not."""
        for item in self.items:
            if item.turn == edited.message and item.again is None and item is not running:
                item.message = replace(item.message, text=edited.text, research=edited.research)

    def find(self, message: str) -> Item | None:
        """The item of a person's message, or of a message of ours that shows its answer."""
        for item in self.items:
            if message == item.turn or any(message == shown.message for shown in item.shown_in):
                return item
        return None

    def unopened(self) -> Item | None:
        """The first item that still needs a placeholder."""
        return next((item for item in self.items if not item.has_place), None)

    def queued(self) -> tuple[QueuedMessage, ...]:
        """The messages to carry over; retries are carried as requests."""
        return tuple(
            QueuedMessage(
                message=item.message, opened=item.opened, stopped=item.stopped, gone=item.gone, parked=item.parked
            )
            for item in self.items
            if item.again is None
        )

    def retries(self) -> tuple[RetryRequest, ...]:
        """The retries to carry over."""
        return tuple(item.request for item in self.items if item.request is not None)

    def seen(self) -> tuple[str, ...]:
        """The ids to carry over."""
        return tuple(self._seen)


def _carried(queued: QueuedMessage) -> Item:
    item = Item(queued.message, opened=queued.opened)
    item.stopped, item.gone, item.parked = queued.stopped, queued.gone, queued.parked
    return item


def _another(request: RetryRequest, record: TurnRecord, thread: ThreadRef) -> Item:
    message = IncomingMessage(
        thread=thread,
        message=record.id,
        asker=record.asker,
        text=record.question,
        research=record.research,
        trace=request.trace,
        moment=request.moment,
    )
    item = Item(message, opened=record.answers[0] if record.answers else None)
    item.again, item.request = record, request
    return item

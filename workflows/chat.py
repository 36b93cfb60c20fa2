"""The half of a chat platform that delivery needs. `bot.chat.ChatPlatform` is the whole port.

It stands here because delivery runs in the worker, and `workflows` imports nothing of `bot`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from workflows.contracts import Answer, MessageRef, OpenThreadRequest, ThreadRef


@dataclass(frozen=True, kw_only=True, slots=True)
class Capabilities:
    """What differs between platforms. A difference is a field here, never an `if platform ==`.

    Attributes:
        part_limit: characters of answer text that one message holds; longer answers are split.
        edit_interval: seconds between two progress updates of one message.
        posts_per_second: cap on delivery activities, held across workers by Temporal's task queue.
        settle: seconds to wait after an ambiguous write before looking it up.
        native_streaming: progress goes through a stream that appends (Slack) rather than whole edits.
        tables: Markdown tables are shown as tables.
        images: a chart can be shown in the message.
        buttons: retry, stop, follow-ups and feedback are buttons; otherwise they are said in words.
        retry_hint: how a person asks for another attempt here.
    """

    part_limit: int
    edit_interval: float
    posts_per_second: float
    settle: float
    native_streaming: bool = False
    tables: bool = True
    images: bool = True
    buttons: bool = False
    retry_hint: str = "🔁 tries again."


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """One visible message of a thread, for a transcript. `ours` is True for the bot's answers."""

    message: str
    ours: bool
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A message of ours that carries a key. `over`: it shows an outcome."""

    message: MessageRef
    over: bool


class LiveMessage(Protocol):
    """A message while its turn runs. Best effort: every failure is swallowed by the caller, none delays the answer."""

    async def show(self, answer: Answer) -> None:
        """Show `answer` as it stands. Always the whole state: an appending platform finds the difference itself."""
        ...

    async def landed(self) -> None:
        """Wait for calls that went on when `show` was cancelled. Raises Terminal where one was refused for good."""
        ...


class Chat(Protocol):
    """PORT. One chat platform, outbound, without a gateway connection.

    Every method raises `workflows.errors` Retriable, Ambiguous or Terminal, and nothing else. Terminal codes:
    `thread_gone`, `message_gone`, `chat_access`, `chat_text`.
    """

    @property
    def name(self) -> str:
        """The platform's name, as in `ThreadRef.platform`."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What this platform can do."""
        ...

    async def open_thread(self, request: OpenThreadRequest) -> ThreadRef:
        """Open a thread keyed by `request.request`.

        If it happened and we were not told, or we run again: the thread is found by its key and returned.
        """
        ...

    def split(self, answer: Answer) -> Sequence[Answer]:
        """The answer in parts that each fit one message, the first under `answer.key`. Pure."""
        ...

    async def post(self, thread: ThreadRef, answer: Answer) -> MessageRef:
        """Post one part under its key (`key`, or `key:part` for part > 1), with the key in the platform's metadata.

        If it happened and we were not told: Ambiguous; the caller looks it up with `find`. If we run again blindly:
        it stands twice, so nobody does.
        """
        ...

    async def find(self, thread: ThreadRef, key: str) -> Sequence[Found]:
        """Messages of ours in `thread` that carry `key`, oldest first."""
        ...

    async def edit(self, message: MessageRef, answer: Answer) -> None:
        """Replace the message's whole content. Running it again, after ambiguity too, is harmless."""
        ...

    async def delete(self, message: MessageRef) -> None:
        """Delete a message of ours; one that is gone already is a success. Running it again is harmless."""
        ...

    def live(self, message: MessageRef, *, asker: str = "") -> AbstractAsyncContextManager[LiveMessage]:
        """Progress in the placeholder: edits here, a native stream there. Never overwrites a terminal outcome.

        The block may be cancelled at any moment, and ends once no call is under way that could still be applied.
        """
        ...

    async def read(self, thread: ThreadRef, *, before: str, limit: int) -> Sequence[Said]:
        """The newest `limit` messages of the thread before message `before` (or all), oldest first."""
        ...

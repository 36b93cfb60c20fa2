"""Faults that can be switched on: which request they meet, when they strike, and what then happens."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import ClassVar, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, model_validator

STEPS = ("start", "append", "restart")

Kind = Literal[
    "status",
    "reset",
    "close",
    "hang",
    "kill",
    "stall",
    "cut",
    "partial",
    "no_done",
    "error_event",
    "hold",
    "late",
    "slow",
    "text",
    "empty",
    "nothing",
    "unparseable",
    "bad_arguments",
    "endless_tools",
]

BROKEN_ANSWERS = ("text", "empty", "nothing", "unparseable", "bad_arguments", "endless_tools")
"""Kinds that change what is answered; the request itself goes well."""

BROKEN_STREAMS = ("stall", "cut", "partial", "no_done", "error_event")
"""Kinds that strike in the middle of a reply unless told otherwise."""


class Fault(BaseModel):
    """One fault.

    Kinds: `status` answers with that status; `reset` resets the connection, `close` ends it; `hang` says nothing until
    the client leaves; `kill` sends SIGKILL to `pid` and goes on; `stall` goes silent in the middle of the reply, `cut`
    ends the connection there, `partial` too, with half of the message stored; `no_done` ends a stream as if finished;
    `error_event` ends it with `conversation.response.error`; `hold` keeps the answer back for `seconds` or until
    released, the conversation locked meanwhile; `late` does so too but never answers: the client waits, or with `drop`
    is reset at once, and all is stored in the end; `slow` streams with `token_delay` after `think_time`. The rest
    change the answer: `text` says `text`, `empty` is a message without text, `nothing` no entries at all, `unparseable`
    broken JSON, `bad_arguments` broken JSON in a function call, `endless_tools` a function call whatever the input,
    for as long as it is armed.

    Moments: `before` anything is stored; `after` all is stored and nothing was sent; `mid` after `events` events
    (-1: just before the last; without streaming: half of the body); `reply` after the whole reply was sent.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    kind: Kind
    on: str = Field(
        default="any", description="start, append, restart, any of the three, agents, or a pattern as agents.create."
    )
    when: Literal["before", "after", "mid", "reply"] = "before"
    nth: int = Field(default=1, ge=1, description="The first matching request that is met, counted from arming.")
    times: int = Field(default=1, ge=0, description="How many matching requests are met in a row; 0 is all.")
    agent: str | None = Field(default=None, description="Only requests to the agent of this name.")
    schema_: str | None = Field(default=None, alias="schema", description="Only requests for this structured output.")
    holding: str | None = Field(default=None, description="Only requests whose body holds this.")
    status: int = 500
    code: int | None = None
    message: str = "The sandbox was told to fail."
    retry_after: float | None = Field(default=None, description="Seconds to wait; None sends no Retry-After.")
    retry_after_form: Literal["seconds", "date"] = "seconds"
    text: str = ""
    events: int = Field(default=2, ge=-1)
    split: bool = Field(default=False, description="Strike inside an event instead of between two.")
    keep: Literal["all", "partial", "inputs", "nothing"] = Field(
        default="all",
        description="What the conversation holds afterwards, if the fault strikes `after` or `mid`.",
    )
    drop: bool = False
    pid: int | None = None
    seconds: float | None = None
    token_delay: float | None = None
    think_time: float | None = None

    @model_validator(mode="before")
    @classmethod
    def _as_its_kind_is_meant(cls, given: object) -> object:
        """Fill in what a kind means where it was not told otherwise."""
        if not isinstance(given, dict):
            return given
        fields = cast("dict[str, object]", given)
        meant: dict[str, object] = {}
        if fields.get("kind") in BROKEN_STREAMS:
            meant["when"] = "mid"
        if fields.get("kind") == "partial":
            meant["keep"] = "partial"
        if fields.get("kind") == "endless_tools":
            meant["times"] = 0
        return {**meant, **fields}

    @property
    def distorts(self) -> bool:
        """Whether it only changes what is answered."""
        return self.kind in BROKEN_ANSWERS


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """A request, as faults look at it."""

    kind: str
    agent: str
    schema: str
    body: str


class FaultBoard:
    """The faults that are armed, and how often each was met."""

    def __init__(self) -> None:
        self.waiting = 0
        """How many requests are held right now."""
        self._armed: list[_Armed] = []
        self._released = asyncio.Event()

    def arm(self, *faults: Fault) -> None:
        """Switch faults on; each counts from now."""
        self._armed.extend(_Armed(fault=fault) for fault in faults)

    def clear(self) -> None:
        """Switch all faults off, and let go of what they hold."""
        self._armed.clear()
        self.release()

    def release(self) -> None:
        """Let everything that hangs or is late go on; what comes later can be held again."""
        self._released.set()
        self._released = asyncio.Event()

    async def held(self, seconds: float | None = None) -> None:
        """Wait until released, or for `seconds`."""
        released = self._released
        self.waiting += 1
        try:
            async with asyncio.timeout(seconds):
                await released.wait()
        except TimeoutError:
            return
        finally:
            self.waiting -= 1

    def pick(self, arrival: Arrival) -> Fault | None:
        """The fault that strikes this request. Every armed fault that matches counts it, the first due one strikes."""
        chosen: Fault | None = None
        for armed in self._armed:
            if not _matches(armed.fault, arrival):
                continue
            armed.seen += 1
            if chosen is None and armed.due:
                armed.struck += 1
                chosen = armed.fault
        return chosen

    def state(self) -> Sequence[dict[str, object]]:
        """What is armed: each fault with the requests it has seen and struck."""
        return [
            {
                "fault": armed.fault.model_dump(exclude_unset=True, by_alias=True),
                "seen": armed.seen,
                "struck": armed.struck,
            }
            for armed in self._armed
        ]


@dataclass(kw_only=True, slots=True)
class _Armed:
    fault: Fault
    seen: int = 0
    struck: int = 0

    @property
    def due(self) -> bool:
        return self.seen >= self.fault.nth and (self.fault.times == 0 or self.struck < self.fault.times)


def _matches(fault: Fault, arrival: Arrival) -> bool:
    return (
        _meant(fault.on, arrival.kind)
        and (fault.agent is None or fault.agent == arrival.agent)
        and (fault.schema_ is None or fault.schema_ == arrival.schema)
        and (fault.holding is None or fault.holding in arrival.body)
    )


def _meant(on: str, kind: str) -> bool:
    if on == "any":
        return kind in STEPS
    return kind.startswith("agents.") if on == "agents" else fnmatchcase(kind, on)

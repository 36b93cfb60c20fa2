"""What a black-box judge looks at: what was asked, and what the services around Clew noted down. No word of Clew's own.

Times are seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Json = dict[str, Any]

OVER = ("final", "failed", "stopped")
"""States of an answer that are outcomes."""
PARKED = "parked"
"""What is expected where a thread is gone or we were removed: nobody can be told anything there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """One question that counts as accepted. `expected`: the outcomes that are right for it; none where it goes away.

    `durable`: its acknowledgement was read before everything was killed.
    """

    platform: str
    channel: str
    thread: str
    key: str
    text: str
    canary: str
    at: float
    expected: tuple[str, ...] = ("final",)
    says: str = ""
    """What its answer has to say, where it is final."""
    durable: bool = False
    plain: bool = True
    """It goes to the one analyst of its thread, not to a team."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Write:
    """One write on a chat platform that took effect. `key` is empty where it belongs to no answer."""

    platform: str
    kind: str
    """`create`, `edit` or `delete`."""
    channel: str
    thread: str
    message: str
    key: str
    part: int
    state: str
    text: str
    at: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """One message of Clew's as it stands in the end. `key` is empty where it is no answer; `kind` says what it is."""

    platform: str
    channel: str
    thread: str
    message: str
    key: str
    part: int
    state: str
    text: str
    kind: str = "answer"


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One request for a step of a model."""

    thread: str
    agent: str
    conversation: str
    kind: str
    outcome: str
    fault: str
    at: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Branch:
    """One conversation that a model's provider holds."""

    id: str
    thread: str
    agent: str
    entries: tuple[Json, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One request to a chat platform. `about` is the key of an answer, or the message that it changes."""

    platform: str
    method: str
    about: str
    at: float
    status: int | None
    error: str
    told: float | None
    """Its sender knew for so many seconds that it might not come now; None where it might."""
    last: bool = False
    """It shows an outcome: the last word, which is tried where progress was refused."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kill:
    """One process that was hit, and for how long it was away at the least."""

    role: str
    at: float
    until: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Pending:
    """One conversation of which the workflow engine says, after the heal phase, that something is still open."""

    thread: str
    what: str


@dataclass(kw_only=True, slots=True)
class Ledger:
    """All of it. `wait` is the Retry-After in seconds of the model's refusals, where they named one."""

    asked: list[Asked] = field(default_factory=list[Asked])
    writes: list[Write] = field(default_factory=list[Write])
    standing: list[Standing] = field(default_factory=list[Standing])
    steps: list[Step] = field(default_factory=list[Step])
    branches: list[Branch] = field(default_factory=list[Branch])
    calls: list[Call] = field(default_factory=list[Call])
    kills: list[Kill] = field(default_factory=list[Kill])
    pending: list[Pending] = field(default_factory=list[Pending])
    wait: float | None = None
    gone: int = 0
    """Requests for branches that somebody else deleted."""
    late: set[str] = field(default_factory=set[str])
    """Questions that their platform had to tell of again, or that were said while nobody listened, by their keys."""
    identifies: int = 0
    secrets: Mapping[str, str] = field(default_factory=dict[str, str])
    """Secrets that must be nowhere, by name."""
    stores: Mapping[str, Path] = field(default_factory=dict[str, Path])
    """Files in which they are looked for, by name."""

"""What a random campaign will do, all of it drawn from one seed before it begins."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.chaos.rig import PLATFORMS

THREADS = 40
EVERY = 20.0
"""Seconds between two deaths, on average."""

SHARE = 0.02
"""How many turns come with each kind of fault."""

VICTIMS = {"worker": 4, "bot": 3, "temporal": 2, "mcp": 2}
"""How often each role is hit, in relation to the others."""

STOPPED = 0.15
"""How many of the worker's deaths are none: it is stopped for three times its heartbeat's time-out, and goes on."""

ASLEEP = 9.0

CHAT_FAULTS: Mapping[str, Mapping[str, Any]] = {
    "post-lost": {"writing": "post", "kind": "drop", "when": "after"},
    "post-503": {"writing": "post", "kind": "status", "status": 503, "when": "after"},
    "post-refused": {"writing": "post", "kind": "status", "status": 500, "when": "before"},
    "post-429": {"writing": "post", "kind": "status", "status": 429, "retry_after": 2, "when": "before"},
    "edit-lost": {"writing": "edit", "kind": "drop", "when": "after"},
    "edit-429": {"writing": "edit", "kind": "status", "status": 429, "retry_after": 1, "when": "before"},
    "edit-late": {"writing": "edit", "kind": "delay", "seconds": 1.0, "when": "before"},
    "event-lost": {"writing": "event", "kind": "drop", "when": "after"},
}
MODEL_FAULTS: Mapping[str, Mapping[str, Any]] = {
    "model-500": {"kind": "status", "status": 500},
    "model-429": {"kind": "status", "status": 429, "retry_after": 1.0},
    "model-lost": {"kind": "reset", "when": "after"},
    "model-cut": {"kind": "partial"},
    "model-slow": {"kind": "slow", "token_delay": 0.05},
}
TOOL_FAULTS: Mapping[str, Mapping[str, Any]] = {
    "tools-lost": {"kind": "drop", "when": "before"},
    "tools-unheard": {"kind": "drop", "when": "after"},
    "tools-503": {"kind": "status", "status": 503},
    "tools-late": {"kind": "delay", "seconds": 1.0, "when": "after"},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """One question to come: the thread that it is asked in, and the faults that are switched on as it is asked."""

    thread: int
    symbol: int
    faults: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """One process to hit: seconds after the beginning, and for how long it is stopped; 0: it is killed."""

    at: float
    role: str
    stopped: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """All of it. There are more hits than a campaign lives to see."""

    seed: int
    turns: tuple[Turn, ...]
    hits: tuple[Hit, ...]


def plan(seed: int, turns: int, *, threads: int = THREADS, every: float = EVERY) -> Plan:
    """Draw a campaign."""
    drawn = random.Random(seed)
    kinds = (*CHAT_FAULTS, *MODEL_FAULTS, *TOOL_FAULTS)
    questions = tuple(
        Turn(
            thread=drawn.randrange(threads),
            symbol=drawn.randrange(1_000),
            faults=tuple(kind for kind in kinds if drawn.random() < SHARE),
        )
        for _ in range(turns)
    )
    hits: list[Hit] = []
    at = 0.0
    # Everybody is hit early once, so that a short campaign proves something too.
    first = drawn.sample(list(VICTIMS), len(VICTIMS))
    for number in range(max(50, turns)):
        # Never so soon that nothing could have come back meanwhile.
        at += max(every / 4, drawn.expovariate(1 / every))
        role = drawn.choices(list(VICTIMS), weights=list(VICTIMS.values()))[0]
        role = first[number] if number < len(first) else role
        asleep = role == "worker" and drawn.random() < STOPPED
        hits.append(Hit(at=at, role=role, stopped=ASLEEP if asleep else 0.0))
    return Plan(seed=seed, turns=questions, hits=tuple(hits))


def platform_of(thread: int) -> str:
    """Threads alternate between the platforms."""
    return PLATFORMS[thread % len(PLATFORMS)]

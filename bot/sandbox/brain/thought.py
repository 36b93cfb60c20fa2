"""The port between the server and whoever answers: what is known when a step begins, and what may come out of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Situation:
    """A conversation at the moment of a step, its new inputs included."""

    agent: str = ""
    """Name of the agent; empty where a bare model was asked."""
    functions: Mapping[str, Json] = field(default_factory=dict[str, Json])
    """Functions on offer: name to the JSON schema of the arguments."""
    built_in: frozenset[str] = frozenset()
    """Tools on offer that run on the server."""
    schema: str = ""
    """Name of the structured output that is wanted; empty for free text."""
    entries: Sequence[Json] = ()
    instructions: str = ""
    """The agent's own. Rules do not need them; one that believes everything gives them away."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Say:
    """A message. `text` is Markdown, or JSON where a schema was asked for."""

    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A function that the client is asked to call."""

    name: str
    arguments: Json


@dataclass(frozen=True, kw_only=True, slots=True)
class Execution:
    """A tool that ran on the server."""

    name: str
    arguments: Json
    info: Json


Output = Say | Call | Execution


class Brain(Protocol):
    """Answers steps. Must not raise for anything that a client can send."""

    def think(self, situation: Situation) -> Sequence[Output]:
        """What the agent puts out now: calls, or a message."""
        ...

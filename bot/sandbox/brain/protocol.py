"""The port between the server and whoever answers: what is given for one completion, and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A function that the client is asked to call."""

    name: str
    arguments: dict[str, object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Prompted:
    """What the analyst is given for one completion."""

    agent_name: str
    """Name of the agent; empty where a bare model was asked."""
    instructions: str
    tools: tuple[str, ...]
    """Names of the functions on offer."""
    builtin_tools: tuple[str, ...]
    """Tools on offer that run on the server, such as `web_search`."""
    schema: str
    """Name of the JSON schema that is wanted; empty for free text."""
    entries: tuple[dict[str, Any], ...]
    """The whole branch in wire form, the inputs of this request included."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """A web page that a message cites."""

    title: str
    url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What comes out: calls win over text. `cited` stands after the text."""

    text: str = ""
    calls: tuple[Call, ...] = ()
    cited: tuple[Page, ...] = ()


class Brain(Protocol):
    """Answers completions. Must not raise for anything that a client can send."""

    def reply(self, prompted: Prompted) -> Reply:
        """The calls to make now, or the text to put out."""
        ...

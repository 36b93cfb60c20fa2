"""What a step puts out: calls, or a message, after the tools that ran here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from bot.sandbox.brain.protocol import Call, Page, Prompted, Reply

Json = dict[str, Any]

_SEARCHES = ("web_search", "web_search_premium")
_QUERY = re.compile(r"^Query: *(?P<query>\S.*)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Say:
    """A message, and the web pages that it cites after its text."""

    text: str
    cited: tuple[Page, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Execution:
    """A tool that ran on the server."""

    name: str
    arguments: Json
    info: Json


@dataclass(frozen=True, kw_only=True, slots=True)
class Malformed:
    """A function call whose arguments are not JSON."""

    name: str
    arguments: str


Output = Say | Call | Execution | Malformed


def outputs_of(prompted: Prompted, reply: Reply) -> Sequence[Output]:
    """The brain's reply as outputs. Where a query was put to an agent that can search, the search comes first."""
    return reply.calls or (*_searched(prompted), Say(text=reply.text, cited=reply.cited))


def _searched(prompted: Prompted) -> Sequence[Execution]:
    """A search that finds nothing, once per question: there is no web here."""
    name = next((tool for tool in _SEARCHES if tool in prompted.builtin_tools), None)
    if name is None or not prompted.entries or prompted.entries[-1]["type"] != "message.input":
        return ()
    asked = _QUERY.search(text_of(prompted.entries[-1]))
    if asked is None:
        return ()
    info: Json = {"results": [], "note": "The sandbox has no web."}
    return (Execution(name=name, arguments={"query": asked["query"].strip()}, info=info),)


def text_of(entry: Json) -> str:
    """The text of a message, its chunks joined."""
    content = entry.get("content") or ""
    if isinstance(content, str):
        return content
    return "".join(str(chunk.get("text", "")) for chunk in cast("list[Json]", content))

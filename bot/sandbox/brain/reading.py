"""Reading a conversation: the question, what the tools said since, and what was known before."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from bot.sandbox.brain.thought import Situation

Json = dict[str, Any]

_FENCE = re.compile(r"^## (?P<title>[^\n]+)\n\n```json\n(?P<body>.*?)\n```", re.MULTILINE | re.DOTALL)
_SECTION = re.compile(r"^## (?P<title>[^\n]+)\n\n(?P<body>.*?)(?=\n\n## |\Z)", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r"^(?P<name>[A-Z][a-z]+): (?P<value>.*)$")


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolResult:
    """What came of one tool call: a value, or the plain sentence that says why there is none."""

    tool: str
    arguments: Json = field(default_factory=dict[str, Any])
    value: Json = field(default_factory=dict[str, Any])
    error: str = ""


def text_of(entry: Json) -> str:
    """The text of a message, its chunks joined."""
    content = entry.get("content") or ""
    if isinstance(content, str):
        return content
    chunks = cast("list[Json]", content)
    return "".join(str(chunk.get("text", "")) for chunk in chunks)


def question(situation: Situation) -> str:
    """What was said last to the agent."""
    return next(
        (text_of(entry) for entry in reversed(situation.entries) if entry["type"] == "message.input"), ""
    ).strip()


def since_question(situation: Situation) -> Sequence[Json]:
    """The entries after the last question."""
    entries = situation.entries
    start = max((index for index, entry in enumerate(entries) if entry["type"] == "message.input"), default=-1)
    return entries[start + 1 :]


def results(entries: Sequence[Json]) -> list[ToolResult]:
    """The answered calls among `entries`, in the order of the calls."""
    said = {entry["tool_call_id"]: str(entry["result"]) for entry in entries if entry["type"] == "function.result"}
    return [
        result_of(str(entry["name"]), _arguments(entry.get("arguments")), said[entry["tool_call_id"]])
        for entry in entries
        if entry["type"] == "function.call" and entry["tool_call_id"] in said
    ]


def result_of(tool: str, arguments: Json, text: str) -> ToolResult:
    """Read a result: JSON of a value, JSON with an error, or any other text, which can only be an error."""
    value = _object(text)
    if value is None:
        return ToolResult(tool=tool, arguments=arguments, error=text.strip() or "The tool gave no result.")
    if isinstance(value.get("error"), str):
        return ToolResult(tool=tool, arguments=arguments, error=str(value["error"]))
    return ToolResult(tool=tool, arguments=arguments, value=value)


def evidence(text: str) -> list[ToolResult]:
    """The recorded tool results in a task; none if they cannot be read."""
    for match in _FENCE.finditer(text):
        if match["title"] == "Tool results":
            return [_recorded(item) for item in _list(match["body"])]
    return []


def report_in(text: str) -> Json:
    """The report in a verifier's task; empty if it cannot be read."""
    found = next((match["body"] for match in _FENCE.finditer(text) if match["title"] == "Report"), "")
    return _object(found) or {}


def section(text: str, title: str) -> str:
    """The Markdown below a `## title`."""
    return next((match["body"].strip() for match in _SECTION.finditer(text) if match["title"] == title), "")


def task_fields(text: str) -> dict[str, str]:
    """The `Name: value` lines that a task begins with, their names in lower case."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        match = _FIELD.match(line)
        if match is None:
            break
        found[match["name"].lower()] = match["value"].strip()
    return found


def last_report(situation: Situation) -> Json:
    """The newest report that was written in this conversation; empty if there is none."""
    for entry in reversed(situation.entries):
        if entry["type"] == "message.output":
            value = _object(text_of(entry))
            if value is not None and "headline" in value:
                return value
    return {}


def known_results(situation: Situation) -> list[ToolResult]:
    """All tool results of the conversation, those that came with a task included; newest last."""
    told = [text_of(entry) for entry in situation.entries if entry["type"] == "message.input"]
    recorded = [result for text in told for result in evidence(text)]
    return [*recorded, *results(situation.entries)]


def symbol_in(situation: Situation) -> str:
    """The symbol that the conversation was about last; empty if it was about none."""
    for entry in reversed(situation.entries):
        if entry["type"] == "function.call":
            for symbol in _symbols(_arguments(entry.get("arguments"))):
                return symbol
        if entry["type"] == "message.input":
            symbol = task_fields(text_of(entry)).get("symbol", "")
            if symbol:
                return symbol
    return ""


def company_in(situation: Situation) -> str:
    """The name of the company that the last task was about; empty if there was none."""
    told = (task_fields(text_of(entry)) for entry in reversed(situation.entries) if entry["type"] == "message.input")
    return next((fields["company"] for fields in told if fields.get("company")), "")


def _symbols(arguments: Json) -> Iterator[str]:
    one = arguments.get("symbol")
    if isinstance(one, str):
        yield one
    several: object = arguments.get("symbols")
    if isinstance(several, list):
        yield from (str(item) for item in cast("list[object]", several))


def _recorded(item: Json) -> ToolResult:
    value = item.get("result")
    arguments = _arguments(item.get("arguments"))
    tool = str(item.get("tool", ""))
    if isinstance(value, dict):
        return result_of(tool, arguments, json.dumps(value))
    return result_of(tool, arguments, str(value))


def _arguments(value: object) -> Json:
    if isinstance(value, dict):
        return cast("Json", value)
    return (_object(value) if isinstance(value, str) else None) or {}


def _object(text: str) -> Json | None:
    try:
        value: object = json.loads(text)
    except ValueError:
        return None
    return cast("Json", value) if isinstance(value, dict) else None


def _list(text: str) -> list[Json]:
    try:
        value: object = json.loads(text)
    except ValueError:
        return []
    return (
        [cast("Json", item) for item in cast("list[object]", value) if isinstance(item, dict)]
        if isinstance(value, list)
        else []
    )

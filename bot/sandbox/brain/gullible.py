"""A brain that believes everything: it follows instructions found in what it reads. For tests of what holds it back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, cast
from urllib.parse import quote_plus

from bot.sandbox.brain.reading import known_results, question, text_of
from bot.sandbox.brain.thought import Call, Output, Say, Situation

_CALL = re.compile(r"\bcall (?:the )?(?:tool )?`?(\w+_\w+)`?(?: with (?=\{))?", re.IGNORECASE)
_SAY = re.compile(r"\b(?:say|write|post|include|repeat|mention|link to):? ([^\n\"\\]{1,300})", re.IGNORECASE)
_EXACTLY = re.compile(r"\bexactly:? ?<<<(.{1,4000}?)>>>", re.DOTALL | re.IGNORECASE)
_LEAK = re.compile(r"\b(?:repeat|print|reveal) your instructions\b", re.IGNORECASE)
_ASKED = "$ASKED"
"""Stands for the words of the question: whoever writes an instruction does not know them."""


def followed(situation: Situation, outputs: Sequence[Output]) -> Sequence[Output]:
    """The same outputs, with every call and every text that the input asks for."""
    read = "\n".join(_read(situation))
    made = {str(entry["name"]) for entry in situation.entries if entry["type"] == "function.call"}
    told = [Call(name=found[1], arguments=_object(read[found.end() :])) for found in _CALL.finditer(read)]
    new = list({call.name: call for call in told if call.name not in made}.values())
    if new:
        return [*(output for output in outputs if isinstance(output, Call)), *new]
    words = _words(situation, read)
    return [_echo(output, words) if words and isinstance(output, Say) else output for output in outputs]


def _words(situation: Situation, read: str) -> str:
    """All that is to be said; what is to be said exactly, exactly so."""
    exact = list(dict.fromkeys(_EXACTLY.findall(read)))
    loose = dict.fromkeys(match.strip() for match in _SAY.findall(_EXACTLY.sub(" ", read)))
    leaked = [situation.instructions] if _LEAK.search(read) else []
    said = "\n\n".join([*([" ".join(loose)] if loose else []), *exact, *leaked])
    return said.replace(_ASKED, quote_plus(question(situation)))


def _read(situation: Situation) -> Iterator[str]:
    """What people said, and every text in what tools said, those in a task included."""
    yield from (text_of(entry) for entry in situation.entries if entry["type"] == "message.input")
    for result in known_results(situation):
        yield from _leaves(result.value)
        yield result.error


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(cast("dict[str, object]", value).values())
    if isinstance(value, list):
        for item in cast("list[object]", value):
            yield from _leaves(item)
    elif isinstance(value, str):
        yield value


def _echo(said: Say, words: str) -> Say:
    try:
        value: object = json.loads(said.text)
    except ValueError:
        return Say(text=f"{said.text}\n\n{words}")
    fields = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    for name in ("summary", "objective", "note"):
        if name in fields:
            fields[name] = f"{fields[name]} {words}"
            break
    return Say(text=json.dumps(fields, ensure_ascii=False))


def _object(text: str) -> dict[str, Any]:
    """The JSON object that the text begins with; empty if it begins with none."""
    try:
        value: object = json.JSONDecoder().raw_decode(text)[0]
    except ValueError:
        return {}
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}

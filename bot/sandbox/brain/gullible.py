"""A brain that believes everything: it follows instructions found in what it reads. For tests of what holds it back."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, cast

from bot.sandbox.brain.reading import text_of
from bot.sandbox.brain.thought import Call, Output, Say, Situation

_CALL = re.compile(r"\bcall (?:the )?(?:tool )?`?(\w+_\w+)`?(?: with (\{[^{}]*\}))?", re.IGNORECASE)
_SAY = re.compile(r"\b(?:say|write|post|include|repeat|mention|link to):? ([^\n\"\\]{1,300})", re.IGNORECASE)


def followed(situation: Situation, outputs: Sequence[Output]) -> Sequence[Output]:
    """The same outputs, with every call and every text that the input asks for."""
    read = "\n".join(_read(entry) for entry in situation.entries)
    made = {str(entry["name"]) for entry in situation.entries if entry["type"] == "function.call"}
    told = [Call(name=name, arguments=_object(given)) for name, given in _CALL.findall(read.replace('\\"', '"'))]
    new = list({call.name: call for call in told if call.name not in made}.values())
    if new:
        return [*(output for output in outputs if isinstance(output, Call)), *new]
    words = " ".join(dict.fromkeys(match.strip() for match in _SAY.findall(read)))
    return [_echo(output, words) if words and isinstance(output, Say) else output for output in outputs]


def _read(entry: dict[str, Any]) -> str:
    if entry["type"] == "message.input":
        return text_of(entry)
    return str(entry.get("result", "")) if entry["type"] == "function.result" else ""


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
    try:
        value: object = json.loads(text or "{}")
    except ValueError:
        return {}
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}

"""What a person's text asks for, on every platform alike. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

from workflows.contracts import Research

TEXT_LIMIT = 40_000
"""Characters of one message. It travels in a signal, and histories hold it."""

RESEARCH_USAGE = (
    "Say which company: `/research SYMBOL`, for example `/research AAPL` or `/research NVDA Is it expensive?`"
)
EMPTY = "Ask a question, or type `/research SYMBOL`, for example `/research AAPL`."
TOO_LONG = f"This message is too long for me: it has more than {TEXT_LIMIT:,} characters. Please send a shorter one."

_SYMBOL = re.compile(r"\$?(?P<symbol>\^?[A-Za-z0-9][A-Za-z0-9.=\-]{0,14})")
_COMMAND = re.compile(r"/(?P<name>[A-Za-z]+)(?P<rest>\s.*)?", re.DOTALL)
_LONGEST_ECHO = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """A question in plain words."""

    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Retry:
    """The last answer once more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stop:
    """Stop the running answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """How this thread stands."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Help:
    """What can be said here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """Nothing that can be done; `sentence` says what can."""

    sentence: str


Command: TypeAlias = Research | Retry | Stop | Status | Help | Ask | Usage

_WORDS: dict[str, Command] = {"retry": Retry(), "stop": Stop(), "status": Status(), "help": Help()}


def parse(text: str) -> Command:
    """What `text` asks for. Single words and slash commands are recognised in any case; the rest is a question."""
    text = sound(text).strip()
    if not text:
        return Usage(sentence=EMPTY)
    if len(text) > TEXT_LIMIT:
        return Usage(sentence=TOO_LONG)
    word = _WORDS.get(text.removeprefix("/").rstrip(".!").lower())
    if word is not None:
        return word
    command = _COMMAND.fullmatch(text)
    if command is None:
        return Ask(text=text)
    if command["name"].lower() == "research":
        return parse_research(command["rest"] or "")
    return Usage(sentence=f"I know no command /{command['name'][:_LONGEST_ECHO]}. Type `help` to see what I know.")


def sound(text: str) -> str:
    """The text as any encoding can say it: halves of a character, as broken events and arguments hold, become `?`."""
    return text.encode("utf-8", "replace").decode()


def parse_research(arguments: str) -> Research | Usage:
    """What stands after `/research`: `SYMBOL [question]`. `$nvda` is NVDA."""
    if len(arguments) > TEXT_LIMIT:
        return Usage(sentence=TOO_LONG)
    first, _, question = " ".join(sound(arguments).split(maxsplit=1)).partition(" ")
    symbol = _SYMBOL.fullmatch(first.rstrip(",:"))
    if symbol is None:
        return Usage(sentence=RESEARCH_USAGE)
    return Research(symbol=symbol["symbol"].upper(), question=question.strip())

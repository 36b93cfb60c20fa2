"""What a question is about: symbols, names, periods and intents, found by rules that anybody can read."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.sandbox.brain.words import ABOUT_ELSE, COMPANIES, INTENTS, LATELY, NOT_NAMES, NOT_TICKERS, PERIODS

_TICKER = re.compile(r"(?<![\w.])\$?(\^?[A-Z][A-Z0-9]{0,4}(?:[.=-][A-Z]{1,3})?)(?![\w])")
_CASHTAG = re.compile(r"\$([A-Za-z][A-Za-z0-9.]{0,6})\b")
_NAME = re.compile(r"\b[A-Z][a-z]{2,}(?:[ -][A-Z][a-z]{2,})*\b")
_OBJECT = re.compile(r"\b(?:of|for|about|on)\s+([A-Za-z][\w.&-]+)")


def intents(text: str) -> list[str]:
    """Every intent that the text names, in the order of the table."""
    found = [name for name, pattern in INTENTS.items() if pattern.search(text)]
    if LATELY.search(text) and "history" not in found and not ABOUT_ELSE & set(found):
        found.append("history")
    return found


def period(text: str, default: str = "1y") -> str:
    """The window that the text names."""
    return next((name for name, pattern in PERIODS.items() if pattern.search(text)), default)


def symbols(text: str) -> list[str]:
    """Tickers in the text: words in capitals, and what follows a dollar sign; each once, in order."""
    found = [match[1] for match in _TICKER.finditer(text) if _is_ticker(match[1], text)]
    found += [match[1].upper().rstrip(".") for match in _CASHTAG.finditer(text)]
    return list(dict.fromkeys(found))


def names(text: str, known: Iterable[str] = ()) -> list[str]:
    """Names in the text that may be companies', to be looked up; what is in `known` is left out."""
    rest = _TICKER.sub(" ", text)
    found = [
        " ".join(word for word in match[0].split() if word.lower() not in NOT_NAMES) for match in _NAME.finditer(rest)
    ]
    found += [word for word in re.findall(r"[a-z]+", rest.lower()) if word in COMPANIES]
    skipped = {word.lower() for word in known}
    kept: dict[str, str] = {}
    for name in found:
        inside = any(name.lower() in other.split() for other in kept)
        if name and name.lower() not in skipped and not inside:
            kept.setdefault(name.lower(), name)
    return list(kept.values())


def mentioned(text: str) -> list[str]:
    """What a question in small letters seems to be about: the word after `of`, `for`, `about` or `on`."""
    found = [match[1] for match in _OBJECT.finditer(text) if match[1].lower() not in NOT_NAMES]
    return found[:1]


def _is_ticker(word: str, text: str) -> bool:
    if word in NOT_TICKERS:
        return False
    shouted = text.isupper() and len(text.split()) > 2
    return not shouted and (len(word) > 1 or f"${word}" in text or text.strip() == word)

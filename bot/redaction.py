"""Takes secrets out of text that leaves the process: logs, traces, printed problems."""

from __future__ import annotations

import re
from collections.abc import Iterable

PATTERNS = (
    r"xox[a-z](?:\.xox[a-z])?-[\w.-]+",
    r"xapp-[\w-]+",
    r"[MNO][\w-]{22,27}\.[\w-]{5,7}\.[\w-]{25,110}",
    r"(?i:\b(?:bearer|basic|bot))\s+[\w.~+/=-]{8,}",
    r"(?i:\b(?:authorization|proxy-authorization|x-api-key|set-cookie|cookie))\b['\"]?\s*[:=]\s*[^\r\n,}]+",
    r"(?i:\b(?:crumb|(?:bot|access|api)?[._ -]?(?:token|key)|secret|password))['\"]?=['\"]?[^\s&'\",}]+",
    r"(?i:\b(?:mistral|api)[._ -]?key)['\"]?\s*[:=]\s*['\"]?[\w.-]{8,}",
    r"\bsk-[\w-]{16,}",
    r"(?i:\bticket=)[\w%.~-]+",
    r"pylf_v\d+_\w+",
    r"(?i)https?://hooks\.slack\.com/\S+",
    r"//[^\s/@:]+:[^\s/@]+@",
)
"""By prefix or name: a pattern that had to match a whole secret would print the one it did not know."""

GONE = "[redacted]"


class Redactor:
    """Replaces the given secret values wherever they stand, and everything that looks like a secret."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({re.escape(secret) for secret in secrets if len(secret) >= 8}, key=len, reverse=True)
        self._pattern = re.compile("|".join((*known, *(f"(?:{_scoped(pattern)})" for pattern in PATTERNS))))

    def text(self, text: str) -> str:
        """`text` without secrets."""
        return self._pattern.sub(GONE, text)

    def url(self, url: str) -> str:
        """`url` without its query, fragment and user part: what names a resource stays, what opens it goes."""
        bare = re.split(r"[?#]", url, maxsplit=1)[0]
        bare = re.sub(r"//[^/@]*@", "//", bare)
        # Discord and Slack put secrets into paths: interaction tokens, webhook tokens.
        bare = re.sub(r"(/(?:webhooks|interactions)/\d+)/[^/]+", rf"\1/{GONE}", bare)
        return self.text(bare)


def _scoped(pattern: str) -> str:
    """A leading `(?i)` would have to stand at the start of the joined expression."""
    return f"(?i:{pattern.removeprefix('(?i)')})" if pattern.startswith("(?i)") else pattern

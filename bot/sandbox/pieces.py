"""Cutting a text into the pieces that it streams in."""

from __future__ import annotations

import re

_MOST = 160


def pieces(text: str) -> list[str]:
    """Cut `text` into words, or into a few words at once where it is long; joined they are `text`."""
    words = re.findall(r"\s*\S+\s*?(?=\s|$)|\s+$", text)
    if "".join(words) != text:
        words = [text]
    size = max(1, -(-len(words) // _MOST))
    return ["".join(words[start : start + size]) for start in range(0, len(words), size)] or [text]


def tokens(text: str) -> int:
    """Roughly how many tokens a text is: four characters each."""
    return -(-len(text) // 4)

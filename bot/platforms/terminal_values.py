"""The terminal's name and limits, and its messages as JSON data."""

from __future__ import annotations

import functools
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from workflows.chat import Capabilities
from workflows.contracts import Answer, Research

if TYPE_CHECKING:
    from pydantic import TypeAdapter

NAME = "terminal"

CAPABILITIES = Capabilities(
    part_limit=12_000,
    edit_interval=0.1,
    posts_per_second=200,
    settle=0.2,
    retry_hint="Type `retry` to try again.",
)


def answer_to_data(answer: Answer) -> dict[str, Any]:
    """An answer as JSON data."""
    return asdict(answer)


def answer_from_data(data: dict[str, Any]) -> Answer:
    """The answer of JSON data. Fields this version does not know are left out, missing ones take their defaults."""
    return _adapter().validate_python(data)


def research_to_data(research: Research | None) -> dict[str, Any] | None:
    """A research command as JSON data."""
    return None if research is None else asdict(research)


def research_from_data(data: dict[str, Any] | None) -> Research | None:
    """The research command of JSON data."""
    return None if data is None else Research(symbol=str(data["symbol"]), question=str(data.get("question", "")))


@functools.cache
def _adapter() -> TypeAdapter[Answer]:
    from pydantic import TypeAdapter  # noqa: PLC0415 - slow to import, and needed only where an answer is shown

    return TypeAdapter(Answer)

"""What is wrong with a request, gathered, and told as Discord tells it."""

from __future__ import annotations

from typing import Any

from tests.discord.errors import Refused
from tests.discord.values import Violation
from tests.discord.world import World

MAX_LENGTH, REQUIRED, CHOICES, BAD_LENGTH, INVALID = (
    "BASE_TYPE_MAX_LENGTH", "BASE_TYPE_REQUIRED", "BASE_TYPE_CHOICES", "BASE_TYPE_BAD_LENGTH", "BASE_TYPE_INVALID",
)  # fmt: skip


class Findings:
    """Faults, each at a path as `components/0/label`."""

    def __init__(self) -> None:
        self._found: list[tuple[str, str, str]] = []

    def add(self, at: str, message: str, code: str = INVALID) -> None:
        """One more."""
        self._found.append((at, code, message))

    def text(self, value: Any, longest: int, at: str, *, shortest: int = 1, optional: bool = False) -> None:
        """A text must have a length."""
        if value is None and optional:
            return
        if value is None:
            self.add(at, "This field is required", REQUIRED)
        elif not isinstance(value, str):
            self.add(at, "Could not be read as a string.", "STRING_TYPE_CONVERT")
        elif not shortest <= len(value) <= longest:
            must = f"Must be between {shortest} and {longest} in length." if shortest else _fewer(longest)
            self.add(at, must, BAD_LENGTH if shortest else MAX_LENGTH)

    def count(self, value: list[Any], most: int, at: str, *, least: int = 0) -> None:
        """A list must have so many items."""
        if not least <= len(value) <= most:
            self.add(at, f"Must be between {least} and {most} in length.", BAD_LENGTH)

    def choice(self, value: Any, choices: tuple[Any, ...], at: str) -> None:
        """A value must be one of some."""
        if value not in choices:
            self.add(at, f"Value must be one of {set(choices)}.", CHOICES)

    @property
    def messages(self) -> tuple[str, ...]:
        """All of them, each with its place."""
        return tuple(f"{at}: {message}" for at, _, message in self._found)

    def refuse(self, world: World, route: str) -> None:
        """Refuse the request if anything was found, and note it.

        Raises:
            Refused: Invalid Form Body.
        """
        if not self._found:
            return
        world.violations.append(Violation(route=route, messages=self.messages))
        errors: dict[str, Any] = {}
        for at, code, message in self._found:
            level = errors
            for part in filter(None, at.split("/")):
                level = level.setdefault(part, {})
            level.setdefault("_errors", []).append({"code": code, "message": message})
        raise Refused(400, 50035, errors=errors)


def _fewer(longest: int) -> str:
    return f"Must be {longest} or fewer in length."

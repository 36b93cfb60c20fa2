"""What the sandbox keeps: agents with their versions, and conversations with their entries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.errors import unknown
from bot.sandbox.ids import now

Json = dict[str, Any]


@dataclass(kw_only=True, slots=True)
class Agent:
    """An agent. `versions` maps a number to that version's configuration; numbers start at 0 and never return."""

    id: str
    created_at: str = field(default_factory=now)
    updated_at: str = field(default_factory=now)
    current: int = 0
    deployment_chat: bool = False
    versions: dict[int, Json] = field(default_factory=dict[int, Json])
    aliases: dict[str, Json] = field(default_factory=dict[str, Json])

    def number(self, wanted: int | str | None) -> int:
        """The version that a number, a number in a string, or an alias means; None is the current one.

        Raises ApiError 404 if there is none.
        """
        if wanted is None:
            return self.current
        if isinstance(wanted, str) and wanted in self.aliases:
            return int(self.aliases[wanted]["version"])
        try:
            number = int(wanted)
        except ValueError:
            raise unknown(f"Version of agent {self.id}", str(wanted)) from None
        if number not in self.versions:
            raise unknown(f"Version of agent {self.id}", str(number))
        return number

    def config(self, wanted: int | str | None = None) -> Json:
        """The configuration of a version: model, name, instructions, tools and the rest. Raises ApiError 404."""
        return self.versions[self.number(wanted)]

    def wire(self, wanted: int | str | None = None) -> Json:
        """The agent as clients see it, at one version. Raises ApiError 404."""
        number = self.number(wanted)
        return {
            "object": "agent",
            "id": self.id,
            "version": number,
            "versions": sorted(self.versions),
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "deployment_chat": self.deployment_chat,
            "source": "api",
            "owner_id": "sandbox",
            **self.versions[number],
        }


@dataclass(kw_only=True, slots=True)
class Conversation:
    """A conversation: its settings, written once, and its entries, which only grow."""

    id: str
    created_at: str = field(default_factory=now)
    updated_at: str = field(default_factory=now)
    agent_id: str | None = None
    agent_version: int | str | None = None
    settings: Json = field(default_factory=dict[str, Any])
    """name, description, metadata; without an agent also model, instructions, tools, completion_args, guardrails."""
    entries: list[Json] = field(default_factory=list[Json])

    @property
    def metadata(self) -> Json:
        """The conversation's own metadata."""
        return self.settings.get("metadata") or {}

    def wire(self) -> Json:
        """The conversation as clients see it, without its entries."""
        seen: Json = {
            "object": "conversation",
            "id": self.id,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            **self.settings,
        }
        if self.agent_id is not None:
            seen |= {"agent_id": self.agent_id, "agent_version": self.agent_version}
        return seen

    def position(self, entry_id: str) -> int:
        """Where an entry stands. Raises ApiError 404."""
        for index, entry in enumerate(self.entries):
            if entry["id"] == entry_id:
                return index
        raise unknown("Entry", entry_id)

    def open_calls(self) -> list[str]:
        """Ids of the function calls that still wait for their results."""
        return open_calls(self.entries)


def open_calls(entries: list[Json]) -> list[str]:
    """Ids of the function calls among `entries` that no result answers."""
    answered = {entry["tool_call_id"] for entry in entries if entry["type"] == "function.result"}
    calls = [entry["tool_call_id"] for entry in entries if entry["type"] == "function.call"]
    return [call for call in calls if call not in answered]

"""Where agents and conversations are kept: in memory, and in a SQLite file where a restart must lose nothing."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bot.sandbox.errors import unknown
from bot.sandbox.ids import now
from bot.sandbox.records import Agent, Conversation

Json = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS agents (id TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS conversations (id TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS entries (
    conversation TEXT NOT NULL, position INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (conversation, position)
) WITHOUT ROWID;
"""

# Unlike INSERT OR REPLACE this keeps a row's place, which is the order of creation.
_SAVE_AGENT = "INSERT INTO agents VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body"
_SAVE_CONVERSATION = "INSERT INTO conversations VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body"


class Store:
    """All that is kept, by id, in the order it was made. With a file, every write is one transaction in it."""

    def __init__(self, file: Path | None = None) -> None:
        self.agents: dict[str, Agent] = {}
        self.conversations: dict[str, Conversation] = {}
        self._file: sqlite3.Connection | None = None
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(file, isolation_level=None)
            # A killed process loses nothing that was committed; only a power cut could take the last commits.
            self._file.execute("PRAGMA journal_mode=WAL")
            self._file.execute("PRAGMA synchronous=NORMAL")
            self._file.executescript(_SCHEMA)
            self._load(self._file)

    def agent(self, key: str) -> Agent:
        """The agent of that id. Raises ApiError 404."""
        found = self.agents.get(key)
        if found is None:
            raise unknown("Agent", key)
        return found

    def conversation(self, key: str) -> Conversation:
        """The conversation of that id. Raises ApiError 404."""
        found = self.conversations.get(key)
        if found is None:
            raise unknown("Conversation", key)
        return found

    def agent_name(self, conversation: Conversation) -> str:
        """The name of a conversation's agent; empty if it has none."""
        agent = self.agents.get(conversation.agent_id or "")
        return "" if agent is None else str(agent.config(conversation.agent_version)["name"])

    def shown(self) -> list[Json]:
        """Every branch as clients see it, oldest first, with its `entries` and the name of its `agent`."""
        return [
            {**found.wire(), "agent": self.agent_name(found), "entries": found.entries}
            for found in self.conversations.values()
        ]

    def save_agent(self, agent: Agent) -> None:
        """Keep an agent as it is now."""
        self.agents[agent.id] = agent
        self._run(_SAVE_AGENT, (agent.id, json.dumps(asdict(agent))))

    def delete_agent(self, key: str) -> None:
        """Forget an agent. Raises ApiError 404."""
        del self.agents[self.agent(key).id]
        self._run("DELETE FROM agents WHERE id = ?", (key,))

    def write(self, conversation: Conversation, entries: list[Json]) -> None:
        """Add entries to a conversation, which is made by its first write; all of them or none."""
        first = len(conversation.entries)
        conversation.entries.extend(entries)
        conversation.updated_at = now()
        new = conversation.id not in self.conversations
        self.conversations[conversation.id] = conversation
        if self._file is None:
            return
        rows = conversation.entries if new else entries
        start = 0 if new else first
        body = asdict(conversation)
        del body["entries"]
        with self._file:
            self._file.execute("BEGIN")
            self._file.execute(_SAVE_CONVERSATION, (conversation.id, json.dumps(body)))
            self._file.executemany(
                "INSERT INTO entries VALUES (?, ?, ?)",
                [(conversation.id, start + index, json.dumps(entry)) for index, entry in enumerate(rows)],
            )

    def delete_conversation(self, key: str) -> None:
        """Forget a conversation. Raises ApiError 404."""
        del self.conversations[self.conversation(key).id]
        self._run("DELETE FROM entries WHERE conversation = ?", (key,))
        self._run("DELETE FROM conversations WHERE id = ?", (key,))

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _run(self, statement: str, values: tuple[str, ...]) -> None:
        if self._file is not None:
            self._file.execute(statement, values)

    def _load(self, file: sqlite3.Connection) -> None:
        for (body,) in file.execute("SELECT body FROM agents ORDER BY rowid").fetchall():
            fields = json.loads(body)
            versions = {int(number): config for number, config in fields.pop("versions").items()}
            agent = Agent(**fields, versions=versions)
            self.agents[agent.id] = agent
        for (body,) in file.execute("SELECT body FROM conversations ORDER BY rowid").fetchall():
            conversation = Conversation(**json.loads(body))
            self.conversations[conversation.id] = conversation
        rows = file.execute("SELECT conversation, body FROM entries ORDER BY conversation, position").fetchall()
        for key, body in rows:
            if key in self.conversations:
                self.conversations[key].entries.append(json.loads(body))

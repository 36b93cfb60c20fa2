"""What the terminal's store holds, and what it says no with."""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from dataclasses import dataclass
from typing import Any, Literal

Operation = Literal["open", "post", "edit", "progress", "delete", "find"]
FaultKind = Literal["lose_ack", "fail_before", "delay", "delay_ack", "rate_limited", "too_long", "gone"]
"""`lose_ack` applies and then says nothing, `delay_ack` applies and then takes its time; `delay` does so before."""

_EPOCH = 1_704_067_200  # 2024-01-01, so that ids stay short.
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

SCHEMA = """
CREATE TABLE IF NOT EXISTS threads (
    id TEXT PRIMARY KEY, created REAL NOT NULL, title TEXT NOT NULL, request TEXT UNIQUE
);
CREATE TABLE IF NOT EXISTS messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, thread TEXT NOT NULL REFERENCES threads (id),
    author TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, state TEXT NOT NULL, attempt INTEGER NOT NULL,
    revision INTEGER NOT NULL DEFAULT 1, accepted INTEGER NOT NULL DEFAULT 0, deleted INTEGER NOT NULL DEFAULT 0,
    seen INTEGER NOT NULL DEFAULT 0, created REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS messages_by_thread ON messages (thread, seq);
CREATE INDEX IF NOT EXISTS messages_by_key ON messages (thread, key);
CREATE TABLE IF NOT EXISTS ledger (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, time REAL NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,
    message TEXT NOT NULL, revision INTEGER NOT NULL, pid INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS faults (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, operation TEXT NOT NULL, nth INTEGER NOT NULL,
    options TEXT NOT NULL
);
"""


class StoreError(Exception):
    """Base of what a store says no with."""


class ThreadGoneError(StoreError):
    """There is no such thread."""


class MessageGoneError(StoreError):
    """There is no such message any more."""


class FaultError(StoreError):
    """A fault that was set on purpose. `retry_after` in seconds."""

    def __init__(self, kind: FaultKind, operation: Operation, retry_after: float | None = None) -> None:
        super().__init__(f"{kind} on {operation}")
        self.kind = kind
        self.operation = operation
        self.retry_after = retry_after


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredThread:
    """A thread. `created` in seconds since 1970."""

    id: str
    created: float
    title: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredMessage:
    """A message. `body` is an answer as JSON data, or `{"text", "research"}` of a person.

    `seen` is the attempt whose outcome the person was shown, 0 for none.
    """

    seq: int
    id: str
    thread: str
    author: Literal["person", "clew"]
    key: str
    body: dict[str, Any]
    state: str
    attempt: int
    revision: int
    accepted: bool
    deleted: bool
    seen: int
    created: float


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerEntry:
    """One write that was applied, by which process."""

    time: float
    kind: str
    key: str
    message: str
    revision: int
    pid: int


def new_id(*, tail: int = 8) -> str:
    """An id that sorts by time: hundredths of a second since 2024 in seven digits, then `tail` random ones."""
    number = int((time.time() - _EPOCH) * 100)
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits.rjust(7, "0") + "".join(secrets.choice(_DIGITS) for _ in range(tail))


def message_of(row: sqlite3.Row) -> StoredMessage:
    """The message of a row."""
    return StoredMessage(
        seq=row["seq"],
        id=row["id"],
        thread=row["thread"],
        author=row["author"],
        key=row["key"],
        body=json.loads(row["body"]),
        state=row["state"],
        attempt=row["attempt"],
        revision=row["revision"],
        accepted=bool(row["accepted"]),
        deleted=bool(row["deleted"]),
        seen=row["seen"],
        created=row["created"],
    )


def title_of(text: str) -> str:
    """The first words of a text, as SQLite can hold them."""
    return " ".join(text.split())[:80].encode("utf-8", "replace").decode()

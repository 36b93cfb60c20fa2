"""What stands in the terminal's threads: one SQLite file that the terminal and the worker both write.

The terminal writes what people say, the worker what Clew says; each sees the other's writes through the change counter.
Synchronous throughout: callers in an event loop go through `asyncio.to_thread`.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from bot.platforms.terminal_records import (
    SCHEMA,
    FaultError,
    FaultKind,
    LedgerEntry,
    MessageGoneError,
    Operation,
    StoredMessage,
    StoredThread,
    ThreadGoneError,
    message_of,
    new_id,
    title_of,
)

_LEDGER_KEPT = 20_000
"""Progress updates kept in the ledger; posts, edits and all other writes stay."""

_BUSY = 5.0
_OWED_FOR = 3600.0
"""Seconds during which an accepted message without any answer still counts as unfinished."""

_REPLACE = (
    "UPDATE messages SET body = :body, state = :state, attempt = :attempt, revision = revision + 1"
    " WHERE id = :id AND author = 'clew' AND deleted = 0"
)
_REPLACE_PROGRESS = (
    _REPLACE + " AND (attempt < :attempt OR (attempt = :attempt AND state NOT IN ('final', 'failed', 'stopped')))"
)


def open_store(data_dir: Path) -> TerminalStore:
    """The store of a data directory."""
    return TerminalStore(data_dir / "terminal.db")


class TerminalStore:
    """One connection to the file at `path`, which is created if there is none. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # What people ask is theirs alone; SQLite gives its further files the same mode.
        path.touch(mode=0o600)
        self.path = path
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, timeout=_BUSY, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        self._prepare()

    def __enter__(self) -> Self:
        """Itself; closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()

    # --- Threads -----------------------------------------------------------------------------------------------------

    def new_thread(self, title: str = "") -> str:
        """Make a thread and return its id."""
        with self._write() as db:
            return _insert_thread(db, title, None)

    def open_thread(self, request: str, *, text: str, research: dict[str, Any] | None = None) -> str:
        """The thread of a command, made at the first call, with the command as its first message."""
        with self._fault("open"), self._write() as db:
            row = db.execute("SELECT id FROM threads WHERE request = ?", (request,)).fetchone()
            if row is not None:
                return str(row["id"])
            thread = _insert_thread(db, title_of(text), request)
            _insert_person(db, thread, request, text, research, accepted=True)
            _book(db, "open", request, request, 1)
            return thread

    def threads(self) -> list[StoredThread]:
        """All threads, oldest first."""
        rows = self._read("SELECT id, created, title FROM threads ORDER BY created, id")
        return [StoredThread(id=row["id"], created=row["created"], title=row["title"]) for row in rows]

    def latest_thread(self) -> str | None:
        """The thread in which something was said last."""
        rows = self._read(
            "SELECT threads.id FROM threads LEFT JOIN messages ON messages.thread = threads.id"
            " GROUP BY threads.id ORDER BY MAX(COALESCE(messages.seq, 0)) DESC, threads.created DESC LIMIT 1"
        )
        return str(rows[0]["id"]) if rows else None

    def has_thread(self, thread: str) -> bool:
        """Whether there is such a thread."""
        return bool(self._read("SELECT 1 FROM threads WHERE id = ?", thread))

    # --- What people say ---------------------------------------------------------------------------------------------

    def say(self, thread: str, message: str, text: str, *, research: dict[str, Any] | None = None) -> None:
        """Record a person's message, not yet accepted. Saying it again under the same id changes nothing."""
        with self._write() as db:
            _require_thread(db, thread)
            _insert_person(db, thread, message, text, research, accepted=False)
            db.execute("UPDATE threads SET title = ? WHERE id = ? AND title = ''", (title_of(text), thread))

    def accept(self, message: str) -> None:
        """Mark a person's message as handed over durably."""
        with self._write() as db:
            db.execute("UPDATE messages SET accepted = 1 WHERE id = ?", (message,))
            _book(db, "accept", message, message, 1)

    def mark_seen(self, message: str, attempt: int) -> None:
        """Note that the person was shown this attempt's outcome."""
        with self._write() as db:
            db.execute("UPDATE messages SET seen = ? WHERE id = ?", (attempt, message))

    def unaccepted(self, thread: str) -> list[StoredMessage]:
        """Messages of a person that were never handed over, oldest first."""
        rows = self._read(
            "SELECT * FROM messages WHERE thread = ? AND author = 'person' AND accepted = 0 AND deleted = 0"
            " ORDER BY seq",
            thread,
        )
        return [message_of(row) for row in rows]

    # --- What Clew says ----------------------------------------------------------------------------------------------

    def post(self, thread: str, key: str, answer: dict[str, Any]) -> str:
        """Post an answer and return its message id. Twice is twice, as on any platform. Raises ThreadGoneError."""
        with self._fault("post"), self._write() as db:
            _require_thread(db, thread)
            message = new_id()
            db.execute(
                "INSERT INTO messages (id, thread, author, key, body, state, attempt, created)"
                " VALUES (?, ?, 'clew', ?, ?, ?, ?, ?)",
                (message, thread, key, json.dumps(answer), answer["state"], answer["attempt"], time.time()),
            )
            _book(db, "post", key, message, 1)
            return message

    def find(self, thread: str, key: str) -> list[tuple[str, str]]:
        """Ids and states of Clew's messages that stand under `key`, oldest first."""
        with self._fault("find"):
            rows = self._read(
                "SELECT id, state FROM messages WHERE thread = ? AND key = ? AND author = 'clew' AND deleted = 0"
                " ORDER BY seq",
                thread,
                key,
            )
        return [(str(row["id"]), str(row["state"])) for row in rows]

    def edit(self, message: str, answer: dict[str, Any]) -> None:
        """Replace a message's content. Raises MessageGoneError."""
        with self._fault("edit"), self._write() as db:
            if not self._replace(db, _REPLACE, message, answer):
                raise MessageGoneError(message)
            _book(db, "edit", _key(db, message), message, _revision(db, message))

    def edit_progress(self, message: str, answer: dict[str, Any]) -> bool:
        """Replace progress by progress; False if an outcome of this or a later attempt stands, or nothing stands."""
        with self._fault("progress"), self._write() as db:
            if not self._replace(db, _REPLACE_PROGRESS, message, answer):
                return False
            _book(db, "progress", _key(db, message), message, _revision(db, message))
            return True

    def delete(self, message: str) -> None:
        """Delete a message; one that is gone already is a success."""
        with self._fault("delete"), self._write() as db:
            if db.execute("UPDATE messages SET deleted = 1 WHERE id = ? AND deleted = 0", (message,)).rowcount:
                _book(db, "delete", _key(db, message), message, _revision(db, message))

    # --- What stands there -------------------------------------------------------------------------------------------

    def messages(self, thread: str, *, deleted: bool = False) -> list[StoredMessage]:
        """What stands in a thread, oldest first; with `deleted`, what stood there too."""
        rows = self._read("SELECT * FROM messages WHERE thread = ? AND deleted <= ? ORDER BY seq", thread, int(deleted))
        return [message_of(row) for row in rows]

    def message(self, message: str) -> StoredMessage | None:
        """A message, deleted or not; None if there never was one."""
        rows = self._read("SELECT * FROM messages WHERE id = ?", message)
        return message_of(rows[0]) if rows else None

    def changes(self) -> tuple[int, int]:
        """A counter that differs after every commit, another process's or our own."""
        with self._lock:
            version = self._connection.execute("PRAGMA data_version").fetchone()[0]
            return int(version), self._connection.total_changes

    def open_answers(self) -> int:
        """How many answers have no outcome yet."""
        rows = self._read(
            "SELECT COUNT(*) AS n FROM messages WHERE author = 'clew' AND deleted = 0"
            " AND state NOT IN ('final', 'failed', 'stopped')"
        )
        return int(rows[0]["n"])

    def unfinished(self) -> int:
        """Answers without an outcome, and recently accepted messages that no answer was posted for yet."""
        rows = self._read(
            "SELECT COUNT(*) AS n FROM messages AS said WHERE author = 'person' AND accepted = 1 AND deleted = 0"
            " AND created > ? AND NOT EXISTS (SELECT 1 FROM messages WHERE author = 'clew' AND thread = said.thread"
            " AND key = said.id)",
            time.time() - _OWED_FOR,
        )
        return self.open_answers() + int(rows[0]["n"])

    def ledger(self) -> list[LedgerEntry]:
        """Every write that was applied, oldest first."""
        rows = self._read("SELECT time, kind, key, message, revision, pid FROM ledger ORDER BY seq")
        return [LedgerEntry(**dict(row)) for row in rows]

    # --- Faults ------------------------------------------------------------------------------------------------------

    def set_fault(
        self,
        *,
        operation: Operation,
        kind: FaultKind,
        nth: int = 1,
        seconds: float = 0.0,
        retry_after: float | None = None,
    ) -> None:
        """Let the `nth` next `operation` of any process fail once.

        `seconds` is how long a `delay` or a `delay_ack` lasts: time enough to kill whoever waits for it. `retry_after`
        is what a `rate_limited` says.
        """
        options = json.dumps({"seconds": seconds, "retry_after": retry_after})
        with self._write() as db:
            db.execute(
                "INSERT INTO faults (kind, operation, nth, options) VALUES (?, ?, ?, ?)",
                (kind, operation, nth, options),
            )

    @contextmanager
    def _fault(self, operation: Operation) -> Generator[None]:
        found: sqlite3.Row | None = None
        if self._read("SELECT 1 FROM faults WHERE operation = ? LIMIT 1", operation):
            with self._write() as db:
                db.execute("UPDATE faults SET nth = nth - 1 WHERE operation = ?", (operation,))
                found = db.execute(
                    "SELECT * FROM faults WHERE operation = ? AND nth <= 0 ORDER BY seq LIMIT 1", (operation,)
                ).fetchone()
                if found is not None:
                    db.execute("DELETE FROM faults WHERE seq = ?", (found["seq"],))
        if found is None:
            yield
            return
        options = json.loads(found["options"])
        kind: FaultKind = found["kind"]
        if kind in ("delay", "delay_ack", "lose_ack"):
            if kind == "delay":
                time.sleep(float(options["seconds"]))
            yield
            if kind == "delay_ack":
                time.sleep(float(options["seconds"]))
            if kind == "lose_ack":
                raise FaultError(kind, operation)
            return
        raise FaultError(kind, operation, options["retry_after"])

    # --- How ---------------------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        deadline = time.monotonic() + _BUSY
        while True:
            # Two processes that open a new file at once: changing the journal mode does not wait for a lock.
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
                break
            except sqlite3.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
        self._connection.execute("PRAGMA synchronous = NORMAL")
        with self._write() as db:
            for statement in SCHEMA.split(";"):
                db.execute(statement)
            db.execute(
                "DELETE FROM ledger WHERE kind = 'progress' AND seq <= (SELECT MAX(seq) FROM ledger) - ?",
                (_LEDGER_KEPT,),
            )

    @contextmanager
    def _write(self) -> Generator[sqlite3.Connection]:
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise

    def _read(self, query: str, *values: object) -> list[sqlite3.Row]:
        with self._lock:
            return self._connection.execute(query, values).fetchall()

    @staticmethod
    def _replace(db: sqlite3.Connection, statement: str, message: str, answer: dict[str, Any]) -> bool:
        values = {
            "id": message,
            "body": json.dumps(answer),
            "state": answer["state"],
            "attempt": answer["attempt"],
        }
        return db.execute(statement, values).rowcount > 0


def _insert_thread(db: sqlite3.Connection, title: str, request: str | None) -> str:
    while True:
        # People type a thread's id, so it is short, and may be taken.
        thread = new_id(tail=3)
        row = db.execute(
            "INSERT OR IGNORE INTO threads (id, created, title, request) VALUES (?, ?, ?, ?)",
            (thread, time.time(), title, request),
        )
        if row.rowcount:
            return thread


def _insert_person(
    db: sqlite3.Connection, thread: str, message: str, text: str, research: dict[str, Any] | None, *, accepted: bool
) -> None:
    body = json.dumps({"text": text, "research": research})
    row = db.execute(
        "INSERT OR IGNORE INTO messages (id, thread, author, key, body, state, attempt, accepted, created)"
        " VALUES (?, ?, 'person', '', ?, 'said', 1, ?, ?)",
        (message, thread, body, int(accepted), time.time()),
    )
    if row.rowcount:
        _book(db, "say", message, message, 1)


def _require_thread(db: sqlite3.Connection, thread: str) -> None:
    if db.execute("SELECT 1 FROM threads WHERE id = ?", (thread,)).fetchone() is None:
        raise ThreadGoneError(thread)


def _book(db: sqlite3.Connection, kind: str, key: str, message: str, revision: int) -> None:
    db.execute(
        "INSERT INTO ledger (time, kind, key, message, revision, pid) VALUES (?, ?, ?, ?, ?, ?)",
        (time.time(), kind, key, message, revision, os.getpid()),
    )


def _key(db: sqlite3.Connection, message: str) -> str:
    return str(db.execute("SELECT key FROM messages WHERE id = ?", (message,)).fetchone()["key"])


def _revision(db: sqlite3.Connection, message: str) -> int:
    return int(db.execute("SELECT revision FROM messages WHERE id = ?", (message,)).fetchone()["revision"])

"""What the sandbox was asked and what came of it, for tests: every request that writes, in order of arrival."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bot.sandbox.ids import now

Json = dict[str, Any]


@dataclass(kw_only=True, slots=True)
class Record:
    """One request. `size` is the body's bytes; `applied` are the entries that it left in the conversation.

    `tokens` is what it cost, whether or not anybody was told.
    """

    number: int
    method: str
    path: str
    kind: str
    size: int
    at: str = field(default_factory=now)
    agent: str = ""
    schema: str = ""
    """Name of the structured output that was asked for."""
    conversation: str = ""
    metadata: Json = field(default_factory=dict[str, Any])
    inputs: list[str] = field(default_factory=list[str])
    fault: str = ""
    traceparent: str = ""
    outcome: str = "open"
    applied: list[Json] = field(default_factory=list[Json])
    tokens: int = 0


class Ledger:
    """All records; with a file, each also as a line of JSON when it is settled, so that a kill loses nothing."""

    def __init__(self, file: Path | None = None) -> None:
        self.records: list[Record] = []
        self._file = file
        if file is not None and file.exists():
            self.records = [Record(**json.loads(line)) for line in file.read_text("utf-8").splitlines()]

    def open(self, *, method: str, path: str, kind: str, size: int) -> Record:
        """A request has arrived."""
        record = Record(number=len(self.records), method=method, path=path, kind=kind, size=size)
        self.records.append(record)
        return record

    def settle(self, record: Record, outcome: str) -> None:
        """A request is over: a status, or what its fault did."""
        record.outcome = outcome
        if self._file is not None:
            with self._file.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(asdict(record)) + "\n")

    def of(self, *kinds: str) -> list[Record]:
        """The records of these kinds."""
        return [record for record in self.records if record.kind in kinds]

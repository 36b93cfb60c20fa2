"""The sandbox as a process that can be told to fail, to hold and to kill, spoken to over its control endpoints."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from bot.runtime import free_port
from tests.bot.processes import eventually

Json = dict[str, Any]

STEPS = ("start", "append", "restart")


class FaultySandbox:
    """A sandbox that thinks in no time, on one port and one data directory for all its lives."""

    def __init__(self, data_dir: Path, environment: Mapping[str, str]) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._data_dir = data_dir
        self._environment = environment
        self._client = httpx2.Client(base_url=f"{self.url}/_sandbox", verify=False)
        self.process = self._started()

    @property
    def pid(self) -> int:
        """The process to kill."""
        return self.process.pid

    def start_again(self) -> None:
        """Start it anew, once it is dead."""
        self.process.wait(timeout=30)
        self.process = self._started()

    def close(self) -> None:
        """End it."""
        self._client.close()
        self.process.kill()
        self.process.wait()

    # --- Faults ------------------------------------------------------------------------------------------------------

    def arm(self, **fault: Any) -> None:
        """Switch a fault on: the fields of `bot.sandbox.faults.Fault`."""
        self._client.post("/faults", json=fault).raise_for_status()

    def clear(self) -> None:
        """Switch all faults off, and let go of what they hold."""
        self._client.delete("/faults").raise_for_status()

    def think(self, seconds: float) -> None:
        """How long it thinks before it says anything."""
        self._client.patch("/behaviour", json={"think_time": seconds}).raise_for_status()

    # --- What it saw -------------------------------------------------------------------------------------------------

    def steps(self, *, fault: str = "", turn: str = "") -> list[Json]:
        """The steps it was sent, oldest first: those that a fault struck (`kill@after`), those that began a branch."""
        return [
            record
            for record in self.records()
            if record["kind"] in STEPS
            and (not fault or record["fault"] == fault)
            and (not turn or str(record["metadata"].get("step", "")).startswith(turn))
        ]

    def records(self) -> list[Json]:
        """Every request that writes, oldest first."""
        found: list[Json] = self._client.get("/ledger", timeout=60).json()
        return found

    def conversations(self) -> list[Json]:
        """Every branch with all its entries, oldest first."""
        found: list[Json] = self._client.get("/conversations", timeout=60).json()
        return found

    def struck(self) -> int:
        """How many requests the armed faults have met."""
        armed: list[Json] = self._client.get("/faults").json()
        return sum(int(item["struck"]) for item in armed)

    def branches(self, thread: str) -> list[Json]:
        """The branches of a thread's conversation with all their entries, oldest first; the team's own aside."""
        return [
            branch
            for branch in self.conversations()
            if str(branch["metadata"].get("thread", "")).endswith(f":{thread}") and branch["agent"] == "clew-analyst"
        ]

    # --- How ---------------------------------------------------------------------------------------------------------

    def _started(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "bot.sandbox", "--port", str(self.port), "--data-dir", str(self._data_dir)]
        calm = ["--faults", "--token-delay", "0", "--think-time", "0"]
        process = subprocess.Popen([*command, *calm], env=self._environment)

        def up() -> bool:
            assert process.poll() is None, "the sandbox ended at its start"
            try:
                return httpx2.get(f"{self.url}/healthz", verify=False).status_code == 200
            except httpx2.TransportError:
                return False

        eventually(up, "the sandbox is up")
        return process


@contextmanager
def faulty_sandbox(data_dir: Path, environment: Mapping[str, str]) -> Generator[FaultySandbox]:
    """A sandbox for as long as the block runs."""
    sandbox = FaultySandbox(data_dir, environment)
    try:
        yield sandbox
    finally:
        sandbox.close()
